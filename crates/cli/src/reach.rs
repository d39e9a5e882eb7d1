//! The device that a command is for, and what goes wrong with it.

use std::path::Path;

use lucarne_device::StateFolder;
use lucarne_device::control::{Reached, Refused, Status};
use lucarne_services::Broken;

use crate::Stop;
use crate::arguments::device::At;

/// The state folder that is meant.
pub(crate) fn folder(state: Option<&Path>) -> Result<StateFolder, Stop> {
    let folder = match state {
        Some(path) => StateFolder::at(path),
        None => StateFolder::of_user(),
    };
    folder.map_err(|error| Stop::usage(error.to_string()))
}

/// The device that is meant, and its name.
pub(crate) fn reach(at: &At) -> Result<(Reached, String), Stop> {
    let folder = folder(at.state.as_deref())?;
    let reached = Reached::connect(&folder).map_err(|error| Stop::failure(error.to_string()))?;
    let Status { name, .. } =
        reached.device.status().wait().map_err(|error| Stop::failure(error.to_string()))?;
    match &at.device {
        Some(other) if *other != name => {
            Err(Stop::usage(format!("there is no device '{other}' here: this one is called '{name}'")))
        }
        _ => Ok((reached, name)),
    }
}

/// What a device was sending has broken off.
pub(crate) fn broken(error: Broken) -> Stop {
    match error {
        Broken::Gone => Stop::failure("the device has ended"),
        other => Stop::failure(format!("the device breaks off: {other}")),
    }
}

/// A command that the device did not do.
pub(crate) fn refused(refused: Refused) -> Stop {
    Stop::failure(refused.to_string())
}
