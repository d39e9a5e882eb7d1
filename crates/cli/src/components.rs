//! Components of a program: in its OS process, or each in one of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use lucarne_link::{Connect, Connections, Listener};
use lucarne_services::Container;
use lucarne_system::System;
use tempfile::TempDir;

use crate::{Stop, print_error};

/// The components of a running program.
pub(crate) enum Components {
    Here(lucarne_c::Components),
    /// Their OS processes, and where these connect.
    Elsewhere {
        processes: Vec<(PathBuf, Child)>,
        _listener: Listener,
        _folder: TempDir,
    },
}

impl Components {
    /// Loads components into this OS process. To be done before there are threads.
    pub(crate) fn load(libraries: &[PathBuf]) -> Result<(), Stop> {
        for library in libraries {
            lucarne_c::Components::load(library).map_err(|error| Stop::usage(error.to_string()))?;
        }
        Ok(())
    }

    /// Starts the handlers of what was loaded here.
    pub(crate) fn start_here(system: &System) -> Result<Components, Stop> {
        let components = lucarne_c::Components::start(system.kernel());
        Ok(Components::Here(components.map_err(|error| Stop::failure(error.to_string()))?))
    }

    /// Starts an OS process for each component. Its handlers are there when this returns.
    pub(crate) fn start_elsewhere(
        connections: &Connections,
        libraries: &[PathBuf],
    ) -> Result<Components, Stop> {
        let failure =
            |error: &dyn std::fmt::Display| Stop::failure(format!("cannot start a component: {error}"));
        let folder = tempfile::tempdir().map_err(|error| failure(&error))?;
        let socket = folder.path().join("components").join("socket");
        let listener = connections.listen(&socket).map_err(|error| failure(&error))?;
        let binary = std::env::current_exe().map_err(|error| failure(&error))?;
        let mut processes = Vec::new();
        for library in libraries {
            let mut command = Command::new(&binary);
            command.arg("component-host").arg(library).arg(&socket);
            // It connects once more when all its handlers have, so that this waits for them; if one cannot, it has
            // said why, and ended.
            let (child, _) = connections
                .spawn("component", command)
                .map_err(|_| Stop::failure(format!("the component {} was not started", library.display())))?;
            processes.push((library.clone(), child));
        }
        Ok(Components::Elsewhere { processes, _listener: listener, _folder: folder })
    }

    /// Waits for the last that components do, after the end of the system.
    pub(crate) fn finish(self) {
        match self {
            Components::Here(components) => components.finish(),
            Components::Elsewhere { processes, .. } => {
                for (library, mut child) in processes {
                    match child.wait() {
                        Ok(status) if status.success() => {}
                        Ok(status) => {
                            print_error(&format!(
                                "lucarne: the component {} has ended: {status}\n",
                                library.display()
                            ));
                        }
                        Err(error) => print_error(&format!("lucarne: {}: {error}\n", library.display())),
                    }
                }
            }
        }
    }
}

/// The life of the OS process of a component: until the system ends, or has gone.
pub(crate) fn host(library: &Path, socket: &Path) -> Result<ExitCode, Stop> {
    let failure = |error: &dyn std::fmt::Display| Stop::failure(error.to_string());
    lucarne_c::Components::load(library).map_err(|error| failure(&error))?;
    let components = lucarne_c::Components::connect(socket).map_err(|error| failure(&error))?;
    let container = Container::connect_by_environment().wait().map_err(|error| failure(&error))?;
    container.ended().wait().map_err(|error| failure(&error))?;
    components.finish();
    Ok(ExitCode::SUCCESS)
}
