//! Connects commands to the device that they are for, and turns failures into messages.

use std::path::{Path, PathBuf};

use lucarne_device::StateFolder;
use lucarne_device::control::{Reached, Refused, Status};
use lucarne_services::Broken;

use crate::Stop;
use crate::arguments::device::At;

/// The environment variable for the state folder. The parser of the command line does not read it: the usage in its
/// messages would show the option as if it had been given.
const STATE_VARIABLE: &str = "LUCARNE_STATE";

/// Returns the state folder that the option or the environment names.
///
/// # Errors
/// If the folder cannot be used.
pub(crate) fn folder(option: Option<&Path>) -> Result<StateFolder, Stop> {
    let variable = std::env::var_os(STATE_VARIABLE).map(PathBuf::from);
    let named = option.or(variable.as_deref());
    if named.is_some_and(|name| name.as_os_str().is_empty()) && option.is_none() {
        return Err(Stop::usage(format!(
            "the environment variable {STATE_VARIABLE} is empty: set it to the state folder of a device, or unset it for \
             the folder of the user"
        )));
    }
    StateFolder::named_or_of_user(named).map_err(|error| Stop::usage(error.to_string()))
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
