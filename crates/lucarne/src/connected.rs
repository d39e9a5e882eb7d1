//! Containers of other OS processes in this system.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};

use lucarne_kernel::Program;
use lucarne_link::{AdoptError, ListenError, Listener};

use crate::System;

impl System {
    /// Lets containers in other OS processes of the same user connect by a path, until the listener is dropped. The
    /// folder must be the owner's alone, and is made if it is not there.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&self, path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        self.connections()?.listen(path)
    }

    /// Takes in whoever has the other end of a connected socket, under a name that needs no proof since the host gave
    /// that end away itself. Blocks until the other side has introduced itself.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt(&self, name: &str, socket: UnixStream) -> Result<Program, AdoptError> {
        self.connections()?.adopt(name, socket, None)
    }

    /// Starts a program that connects with [`Connect::connect_by_environment`](crate::Connect), as a container of that
    /// name. Blocks until it has done so.
    ///
    /// # Errors
    /// See [`AdoptError`]: the program is killed then.
    pub fn spawn(&self, name: &str, command: Command) -> Result<(Child, Program), AdoptError> {
        self.connections()?.spawn(name, command)
    }
}
