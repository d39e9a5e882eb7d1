//! Components in C: all in the OS process of the system, or each in an OS process of its own.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use lucarne_c::StartError;
pub use lucarne_c::{Components as Handlers, LoadError};
use lucarne_link::Connect;
use lucarne_services::Container;
use tempfile::TempDir;
use thiserror::Error;

use crate::System;

/// Loads components into this OS process. Call this before a system starts in it: [`Components::start_here`] then
/// starts the handlers of the components.
///
/// # Errors
/// If a library cannot be loaded.
pub fn load(libraries: &[PathBuf]) -> Result<(), LoadError> {
    Handlers::report_crashes();
    libraries.iter().try_for_each(|library| Handlers::load(library))
}

/// Runs a component in this OS process until the system behind the socket ends. Its handlers connect to that system.
///
/// # Errors
/// If the component cannot be loaded, or the system cannot be reached.
pub fn serve(library: &Path, socket: &Path) -> Result<(), ComponentFault> {
    let failed =
        |reason: &dyn Display| ComponentFault { library: library.to_owned(), reason: reason.to_string() };
    Handlers::report_crashes();
    Handlers::load(library).map_err(|error| failed(&error))?;
    let handlers = Handlers::connect(socket).map_err(|error| failed(&error))?;
    // This connection tells the system that all handlers have connected, and tells this process that the system has
    // ended.
    let container = Container::connect_by_environment().wait().map_err(|error| failed(&error))?;
    container.ended().wait().map_err(|error| failed(&error))?;
    handlers.finish();
    Ok(())
}

/// A component that cannot be used.
#[derive(Debug, Error)]
#[error("the component {} cannot be used: {reason}", library.display())]
pub struct ComponentFault {
    library: PathBuf,
    reason: String,
}

/// The components of a system. End the system first, then wait for them with [`Components::finish`].
#[must_use = "wait for components with `finish`"]
pub struct Components(Place);

enum Place {
    Here(Handlers),
    /// The OS processes of components, and the folder of the socket that they connect to.
    Elsewhere {
        processes: Vec<(PathBuf, Child)>,
        _folder: TempDir,
    },
}

impl Components {
    /// Starts the handlers of all components that were loaded into this OS process.
    ///
    /// # Errors
    /// If a handler cannot be started.
    pub fn start_here(system: &System) -> Result<Components, StartError> {
        Handlers::start(system.kernel()).map(|handlers| Components(Place::Here(handlers)))
    }

    /// Starts an OS process for each component. `command` gets the paths of a component and of a socket, and returns
    /// the command line of a program that calls [`serve`] with them. When this returns, all handlers can be opened.
    ///
    /// # Errors
    /// If a component does not start, or the socket cannot be created.
    pub fn start_elsewhere(
        system: &System,
        libraries: &[PathBuf],
        command: impl Fn(&Path, &Path) -> Command,
    ) -> Result<Components, ComponentFault> {
        let mut processes = Vec::new();
        let place = Components::listen(system).map_err(|error| ComponentFault {
            library: libraries.first().cloned().unwrap_or_default(),
            reason: error.to_string(),
        })?;
        for library in libraries {
            // A component whose handlers cannot start has printed the reason and ended.
            let spawned = system.spawn("component", command(library, &place.socket));
            let (child, _) = spawned.map_err(|_| ComponentFault {
                library: library.clone(),
                reason: "it has not started".to_owned(),
            })?;
            processes.push((library.clone(), child));
        }
        Ok(Components(Place::Elsewhere { processes, _folder: place.folder }))
    }

    fn listen(system: &System) -> io::Result<Sockets> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("components").join("socket");
        system.listen(&socket).map_err(io::Error::other)?;
        Ok(Sockets { socket, folder })
    }

    /// Waits until all components have ended. Returns those that failed, with their exit status.
    pub fn finish(self) -> Vec<(PathBuf, io::Result<ExitStatus>)> {
        match self.0 {
            Place::Here(handlers) => {
                handlers.finish();
                Vec::new()
            }
            Place::Elsewhere { processes, .. } => {
                let ended = processes.into_iter().map(|(library, mut child)| (library, child.wait()));
                ended.filter(|(_, status)| !status.as_ref().is_ok_and(ExitStatus::success)).collect()
            }
        }
    }
}

/// The socket by which components in OS processes of their own connect, its listener, and its folder.
struct Sockets {
    socket: PathBuf,
    folder: TempDir,
}
