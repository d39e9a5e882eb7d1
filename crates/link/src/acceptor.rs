//! The thread of a listener: accepts connections and admits those that send a valid hello.
//!
//! One thread drives all handshakes, and never waits for a peer. A connection has [`PATIENCE`] to send its hello. If
//! too many connections are silent, the oldest of them is closed: a correct peer sends its hello at once, so its
//! connection does not become the oldest. `admitted` limits the connections that have sent their hello. Connections of
//! other users are closed as soon as they are accepted. If the file of the socket is removed, the thread makes it
//! again.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::thread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;

use crate::admitted::{Admitted, Full, Welcomed};
use crate::handshake::{self, PATIENCE, ReceivedHello};
use crate::listen::{AssignGroup, Connections, ListenError, bind, folder_of};

/// The maximum number of connections whose hello is not complete.
const SILENT_MAX: usize = 256;

/// The number of connections that are accepted before other events are handled.
const ACCEPTED_MAX: usize = 64;

/// The pause after a failed accept, if there is no silent connection that could be closed to free a descriptor.
const PAUSE: Duration = Duration::from_millis(10);

/// The time between checks of the path if changes in the folder are not reported.
const LOOK: Duration = Duration::from_secs(1);

/// A path on which a system listens, and its connections, both silent and admitted ones.
pub(crate) struct Acceptor {
    connections: Connections,
    assign: Arc<AssignGroup>,
    path: PathBuf,
    socket: UnixListener,
    /// The inode of the socket's file.
    inode: u64,
    /// Reports changes in the folder. None if the path is checked at intervals instead.
    changes: Option<OwnedFd>,
    /// An eventfd, readable when the acceptor must end.
    stopped: OwnedFd,
    clock: Clock,
    /// The silent connections, the oldest first.
    silent: VecDeque<Silent>,
    admitted: Admitted<Welcomed>,
}

/// A connection whose hello is not complete.
struct Silent {
    stream: UnixStream,
    hello: ReceivedHello,
    until_us: i64,
}

impl Acceptor {
    /// Creates the acceptor of a path, to which `socket` must be bound.
    pub(crate) fn new(
        connections: Connections,
        assign: Arc<AssignGroup>,
        path: PathBuf,
        socket: UnixListener,
        stopped: OwnedFd,
    ) -> io::Result<Acceptor> {
        socket.set_nonblocking(true)?;
        let inode = fs::symlink_metadata(&path)?.ino();
        let changes = watch(&path);
        let (clock, silent, admitted) = (Clock::real(), VecDeque::new(), Admitted::new());
        Ok(Acceptor { connections, assign, path, socket, inode, changes, stopped, clock, silent, admitted })
    }

    /// Runs until the listening ends.
    pub(crate) fn run(mut self) {
        loop {
            let timeout = Timespec::try_from(self.time_left()).ok();
            let files = [&self.stopped].into_iter().map(|file| PollFd::new(file, PollFlags::IN));
            let files = files.chain([PollFd::new(&self.socket, PollFlags::IN)]);
            let files =
                files.chain(self.silent.iter().map(|silent| PollFd::new(&silent.stream, PollFlags::IN)));
            let files = files.chain(self.changes.iter().map(|changes| PollFd::new(changes, PollFlags::IN)));
            let mut files: Vec<_> = files.collect();
            // After an interruption nothing is ready, and the next round looks again.
            let _ = poll(&mut files, timeout.as_ref());
            let is_ready: Vec<bool> = files.iter().map(|file| !file.revents().is_empty()).collect();
            if is_ready[0] {
                return;
            }
            let (ready_silent, ready_changes) = is_ready[2..].split_at(self.silent.len());
            self.receive(ready_silent);
            if is_ready[1] {
                self.accept();
            }
            if self.changes.is_none() || ready_changes.first() == Some(&true) {
                self.look_at_path();
            }
        }
    }

    /// Returns the time until a silent connection must be closed, or the path must be checked.
    fn time_left(&self) -> Duration {
        let now_us = self.clock.now_us();
        let left = |silent: &Silent| Duration::from_micros((silent.until_us - now_us).max(0).unsigned_abs());
        let first = self.silent.front().map_or(Duration::from_secs(3_600), left);
        if self.changes.is_none() { first.min(LOOK) } else { first }
    }

    /// Reads from the connections that have sent something, and closes those that have been silent for too long.
    fn receive(&mut self, is_ready: &[bool]) {
        let now_us = self.clock.now_us();
        let mut is_ready = is_ready.iter();
        for silent in std::mem::take(&mut self.silent) {
            let is_ready = is_ready.next().is_some_and(|is_ready| *is_ready);
            if is_ready {
                self.advance(silent);
            } else if silent.until_us > now_us {
                self.silent.push_back(silent);
            }
        }
    }

    /// Reads the data that a connection has sent. Admits the connection if its hello is complete, and closes it if the
    /// peer breaks the protocol.
    fn advance(&mut self, mut silent: Silent) {
        match silent.hello.advance(&silent.stream) {
            Ok(Some(claim)) => self.welcome(silent.stream, &claim),
            Ok(None) => self.silent.push_back(silent),
            // A connection whose peer breaks the protocol is closed without an answer.
            Err(_) => {}
        }
    }

    /// Admits a connection that has sent its hello, if there is room. Otherwise tells the peer the reason.
    fn welcome(&mut self, stream: UnixStream, claim: &str) {
        if let Err(Full { connected_max }) = self.admitted.make_room() {
            let reason = format!("{connected_max} containers are connected, which is the maximum");
            return handshake::send_refusal(&stream, &reason);
        }
        // A connection that cannot be admitted is closed.
        if let Ok(welcomed) = self.connections.welcome(stream, claim, &*self.assign) {
            self.admitted.add(welcomed);
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTED_MAX {
            match self.socket.accept() {
                Ok((stream, _)) => self.let_wait(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The peer has hung up already, or no descriptor is left: closing the oldest silent connection frees
                // one.
                Err(_) if self.silent.pop_front().is_some() => {}
                Err(_) => return thread::sleep(PAUSE),
            }
        }
    }

    fn let_wait(&mut self, stream: UnixStream) {
        let own = rustix::process::getuid().as_raw();
        let is_own = handshake::peer_of(&stream).is_ok_and(|(uid, _)| uid == own);
        if !is_own {
            return;
        }
        let until_us = self.clock.now_us() + i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
        self.advance(Silent { stream, hello: ReceivedHello::default(), until_us });
        while self.silent.len() > SILENT_MAX {
            self.silent.pop_front();
        }
    }

    /// Makes the socket's file again if it was removed.
    fn look_at_path(&mut self) {
        // The watch is made again, since the path may lead to another folder now. It is made before the check: so it
        // reports all changes after the check.
        self.changes = watch(&self.path);
        if self.is_there() {
            return;
        }
        // Another file or process may have the path now, or the folder may be gone again: then the path is checked at
        // intervals.
        self.changes = self.bind_again().ok().and_then(|()| watch(&self.path)).filter(|_| self.is_there());
    }

    fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
    }

    /// Binds a new socket. Peers that wait at the old one are cut off, and can connect again.
    fn bind_again(&mut self) -> Result<(), ListenError> {
        let socket = bind(&self.path)?;
        socket.set_nonblocking(true)?;
        (self.inode, self.socket) = (fs::symlink_metadata(&self.path)?.ino(), socket);
        Ok(())
    }
}

/// Returns a descriptor that is readable after a change in the folder of a path, or none if there can be no watch.
fn watch(path: &Path) -> Option<OwnedFd> {
    use inotify::WatchFlags;
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).ok()?;
    let flags = WatchFlags::DELETE
        | WatchFlags::MOVE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    inotify::add_watch(&changes, folder_of(path), flags).ok()?;
    Some(changes)
}
