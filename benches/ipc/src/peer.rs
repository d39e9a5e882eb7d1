//! Starts this program again in another OS process, and runs the role of that process: the peer of a measurement.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

/// The roles of the other process, by name. A role uses its socket until the socket is closed.
const ROLES: [(&str, fn(UnixStream)); 8] = [
    ("futex", crate::references::answer_by_futex),
    ("socket", crate::references::answer_over_socket),
    ("eventfd", crate::references::answer_by_eventfd),
    ("zbus", crate::references::answer_over_zbus),
    ("ipc-channel", crate::references::answer_over_ipc_channel),
    ("system", crate::calls::listen),
    ("silent", crate::calls::be_silent),
    ("wire", crate::wire::answer),
];

/// Another process, which ends when this is dropped.
pub struct Peer {
    pub socket: UnixStream,
    child: Child,
}

impl Peer {
    /// Starts this program again, in that role.
    pub fn start(role: &str) -> Peer {
        let (socket, other) = UnixStream::pair().expect("a socket");
        let child = command(role).stdin(OwnedFd::from(other)).spawn().expect("a process");
        Peer { socket, child }
    }
}

/// Returns the command that starts this program again, in that role.
pub fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--peer", role]);
    command
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the role for which this process was started. Returns false if it was started without a role.
pub fn play() -> bool {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, option, role] = &arguments[..] else { return false };
    if option != "--peer" {
        return false;
    }
    let (_, answer) = ROLES.iter().find(|(name, _)| name == role).expect("a known role");
    let socket = io::stdin().as_fd().try_clone_to_owned().expect("standard input");
    answer(socket.into());
    true
}
