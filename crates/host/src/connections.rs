//! Connects containers in other OS processes to a system.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};

use lucarne_kernel::RunningProgram;
use lucarne_kernel::sync::Mutex;
use lucarne_link::{AdoptError, Connections, ListenError};

use crate::{Listener, System};

/// The connections of a system. They are created, with their driver, on first use.
#[derive(Default)]
pub(crate) struct LazyConnections {
    connections: Mutex<Option<Connections>>,
    /// The listeners that are to be closed with the system.
    listeners: Mutex<Vec<Listener>>,
}

impl Drop for LazyConnections {
    fn drop(&mut self) {
        self.listeners.lock().iter().for_each(Listener::close);
    }
}

impl System {
    /// Lets containers in other OS processes of the same user connect by a path, until the listener is closed or the
    /// system is dropped. Dropping the listener does not close it. Only the user may have access to the folder of the
    /// path; the folder is created if it does not exist.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&self, path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        let listener = Listener::new(self.connections()?.listen(path)?);
        let mut listeners = self.connections.listeners.lock();
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(listener.clone());
        Ok(listener)
    }

    /// Accepts the peer at the other end of a connected socket, as a container with the given name. The name is shown
    /// without a question mark, since the host itself gave the socket to the peer. Blocks until the handshake is
    /// complete.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt(&self, name: &str, socket: UnixStream) -> Result<RunningProgram, AdoptError> {
        self.connections()?.adopt(name, socket, None)
    }

    /// Starts a program that connects by its environment, as a container with the given name. Blocks until it has
    /// connected.
    ///
    /// # Errors
    /// See [`AdoptError`]. After an error the program is killed.
    pub fn spawn(&self, name: &str, command: Command) -> Result<(Child, RunningProgram), AdoptError> {
        self.connections()?.spawn(name, command)
    }

    /// Returns the connections of this system.
    ///
    /// # Errors
    /// If the driver cannot start.
    pub fn connections(&self) -> io::Result<Connections> {
        let mut connections = self.connections.connections.lock();
        if let Some(connections) = &*connections {
            return Ok(connections.clone());
        }
        Ok(connections.insert(Connections::new(self.kernel())?).clone())
    }
}
