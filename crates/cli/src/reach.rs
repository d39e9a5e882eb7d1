//! Connects commands to the device that they are for, and turns failures into messages.

use std::path::Path;

use lucarne_device::StateFolder;
use lucarne_device::control::{Reached, Refused, Status};
use lucarne_services::Broken;

use crate::Stop;
use crate::arguments::device::At;

/// Returns the selected state folder.
pub(crate) fn folder(state: Option<&Path>) -> Result<StateFolder, Stop> {
    StateFolder::named_or_of_user(state).map_err(|error| Stop::usage(error.to_string()))
}

/// Returns the selected device and its name.
pub(crate) fn reach(at: &At) -> Result<(Reached, String), Stop> {
    let folder = folder(at.state.as_deref())?;
    let reached = Reached::connect(&folder).map_err(|error| Stop::failure(error.to_string()))?;
    let Status { name, .. } = reached.device.status().wait().map_err(refused)?;
    match &at.device {
        Some(other) if *other != name => Err(Stop::usage(format!(
            "there is no device '{other}' here: the device on this machine is called '{name}'"
        ))),
        _ => Ok((reached, name)),
    }
}

/// Turns the loss of the connection to a device into a message.
pub(crate) fn broken(error: Broken) -> Stop {
    match error {
        Broken::Gone => Stop::failure("the device has ended"),
        other => Stop::failure(format!("the connection to the device failed: {other}")),
    }
}

/// Turns a refusal by the device into a message.
pub(crate) fn refused(refused: Refused) -> Stop {
    match refused {
        Refused::Gone => Stop::failure(
            "the device has ended before it answered: start it again, and see whether the command took effect",
        ),
        other => Stop::failure(other.to_string()),
    }
}
