//! The handshake on the socket, before there is a wire.
//!
//! The container sends *hello* with its name; the listener answers *welcome* with the ids that it assigns and, if
//! frames are to go through shared memory, the descriptors for that. Each message is one frame, preceded by its length.
//! A time limit keeps a silent peer from blocking the other side.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::{Failure, Gid, Pid, RequestId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;
use rustix::process::{self, PidfdFlags, pidfd_open};

use crate::frame::{self, Body, Outgoing, VERSION};
use crate::wire::rings::{DESCRIPTORS, RingWire};
use crate::wire::socket::{self, Received};
use crate::wire::{Limits, LocalWire, WireError, plain::SocketWire};

/// The time limit for the handshake message of the other side.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The maximum size of a handshake frame.
const BYTES_MAX: usize = 1024;

/// The maximum number of bytes in a name.
pub(crate) const NAME_MAX: usize = 200;

/// The ids that the listener sends: those that it assigns to the container, and the pid of its service manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) pid: Pid,
    pub(crate) gid: Gid,
    pub(crate) manager: Pid,
}

/// Returns the user id and the process id of the OS process at the other end of a socket.
pub(crate) fn peer_of(socket: &UnixStream) -> io::Result<(u32, i32)> {
    let credentials = sockopt::socket_peercred(socket)?;
    Ok((credentials.uid.as_raw(), credentials.pid.as_raw_nonzero().get()))
}

/// Returns a descriptor for the process at the other end of a socket, readable when that process has ended. None if
/// the process is not visible from here.
pub(crate) fn peer_process(socket: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let credentials = sockopt::socket_peercred(socket)?;
    let is_self = credentials.pid == rustix::process::getpid();
    // The credentials of a socket pair that this OS process made do not show which process has the other end now.
    Ok(if is_self { None } else { pidfd_open(credentials.pid, PidfdFlags::empty()).ok() })
}

/// Returns a descriptor for a child process, readable when it has ended. None if there can be none.
pub(crate) fn process_of(child: &Child) -> Option<OwnedFd> {
    let pid = process::Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

// -- The listener's part ------------------------------------------------------------------------

/// Waits for the hello of a container, and returns its name.
pub(crate) fn receive_hello(socket: &UnixStream) -> Result<String, WireError> {
    let (until, mut hello) = (Deadline::after(PATIENCE), ReceivedHello::default());
    loop {
        if let Some(name) = hello.advance(socket)? {
            return Ok(name);
        }
        until.wait_for(socket)?;
    }
}

/// The part of the hello of a container that has arrived.
#[derive(Default)]
pub(crate) struct ReceivedHello(Message);

impl ReceivedHello {
    /// Reads the bytes that have arrived, without waiting. Returns the name of the container when the hello is
    /// complete.
    pub(crate) fn advance(&mut self, socket: &UnixStream) -> Result<Option<String>, WireError> {
        if !self.0.advance(socket, &mut Vec::new(), 0)? {
            return Ok(None);
        }
        match frame::read(&self.0.bytes, 0)?.body {
            Body::Hello { version: VERSION, name } if name.len() <= NAME_MAX => Ok(Some(name.to_owned())),
            Body::Hello { version: VERSION, .. } => Err(WireError::Violation("name too long")),
            Body::Hello { .. } => Err(WireError::Violation("different protocol version")),
            _ => Err(WireError::Violation("expected hello as the first frame")),
        }
    }
}

/// Makes the listener's end of the wire. Returns it, and the descriptors that the container needs for its own end.
pub(crate) fn make_wire(
    socket: UnixStream,
    process: Option<OwnedFd>,
    shares_memory: bool,
) -> Result<(Arc<dyn LocalWire>, Vec<OwnedFd>), WireError> {
    let over_socket =
        |socket: UnixStream, process| -> Result<(Arc<dyn LocalWire>, Vec<OwnedFd>), WireError> {
            Ok((Arc::new(SocketWire::new(socket.into(), process, Limits::default())?), Vec::new()))
        };
    if !shares_memory {
        return over_socket(socket, process);
    }
    let copy = OwnedFd::from(socket.try_clone()?);
    let for_pid = process.as_ref().map(OwnedFd::try_clone).transpose()?;
    match RingWire::make(copy, for_pid, Limits::default()) {
        Ok((wire, descriptors)) => Ok((Arc::new(wire), descriptors.into())),
        // Without shared memory, the socket carries the frames.
        Err(_) => over_socket(socket, process),
    }
}

/// Sends the welcome of the listener.
pub(crate) fn send_welcome(
    socket: &UnixStream,
    Names { pid, gid, manager }: Names,
    descriptors: &[OwnedFd],
) -> Result<(), WireError> {
    let bytes = message(Outgoing::welcome(pid, gid, manager));
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    // So few bytes fit into a socket that has not been written to yet.
    match socket::send(socket, &bytes, &descriptors)? {
        sent if sent == bytes.len() => Ok(()),
        _ => Err(WireError::Broken),
    }
}

/// Tells a container that the listener has no room for it.
pub(crate) fn send_refusal(socket: &UnixStream, reason: &str) {
    let failure = Err(Failure::new(reason));
    let bytes = message(Outgoing::answer(Pid::SYSTEM, RequestId::from_i64(0), failure));
    // The peer may have closed the connection.
    let _ = socket::send(socket, &bytes, &[]);
}

// -- The container's part -----------------------------------------------------------------------

/// Sends the hello of a container, and receives its ids and the container's end of the wire.
pub(crate) fn introduce(
    socket: UnixStream,
    name: &str,
    patience: Duration,
) -> Result<(Names, Arc<dyn LocalWire>), WireError> {
    let process = peer_process(&socket)?;
    (&socket).write_all(&message(Outgoing::hello(name)))?;
    let mut descriptors = Vec::new();
    let bytes = receive(&socket, patience, &mut descriptors, DESCRIPTORS)?;
    let Names { pid, gid, manager } = match frame::read(&bytes, 0)?.body {
        Body::Welcome { pid, gid, manager } => Names { pid, gid, manager },
        Body::Failure { text, .. } => return Err(WireError::Full(text.to_owned())),
        _ => return Err(WireError::Violation("expected welcome as the first frame")),
    };
    socket.set_nonblocking(true)?;
    let limits = Limits::default();
    let wire: Arc<dyn LocalWire> = if descriptors.is_empty() {
        Arc::new(SocketWire::new(socket.into(), process, limits)?)
    } else {
        let descriptors = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors);
        let descriptors =
            descriptors.map_err(|_| WireError::Violation("welcome without all of its descriptors"))?;
        Arc::new(RingWire::join(socket.into(), process, descriptors, limits)?)
    };
    Ok((Names { pid, gid, manager }, wire))
}

// -- Bytes --------------------------------------------------------------------------------------

/// Returns the length of a frame, followed by the frame.
fn message(mut outgoing: Outgoing) -> Vec<u8> {
    let (parts, _) = outgoing.parts();
    let bytes = parts.concat();
    let mut message = (bytes.len() as u32).to_le_bytes().to_vec();
    message.extend(bytes);
    message
}

/// Waits for the next message, and reads not a byte more.
fn receive(
    socket: &UnixStream,
    patience: Duration,
    descriptors: &mut Vec<OwnedFd>,
    descriptors_max: usize,
) -> Result<Vec<u8>, WireError> {
    let (until, mut message) = (Deadline::after(patience), Message::default());
    while !message.advance(socket, descriptors, descriptors_max)? {
        until.wait_for(socket)?;
    }
    Ok(message.bytes)
}

/// The part of a message that has arrived: first its length, then its bytes.
#[derive(Default)]
struct Message {
    length: [u8; 4],
    bytes: Vec<u8>,
    /// The number of bytes that have arrived, including those of the length.
    filled: usize,
}

impl Message {
    /// Reads the bytes that have arrived, without waiting. Returns whether the message is complete. Descriptors come
    /// with its first byte.
    fn advance(
        &mut self,
        socket: &UnixStream,
        descriptors: &mut Vec<OwnedFd>,
        descriptors_max: usize,
    ) -> Result<bool, WireError> {
        const LENGTH: usize = size_of::<u32>();
        loop {
            let (into, max) = match self.filled.checked_sub(LENGTH) {
                None => (&mut self.length[self.filled..], descriptors_max),
                Some(filled) if filled == self.bytes.len() => return Ok(true),
                Some(filled) => (&mut self.bytes[filled..], 0),
            };
            match socket::receive(socket, into, descriptors, max)? {
                Received::Bytes(count) => self.filled += count,
                Received::Nothing => return Ok(false),
                Received::End => return Err(WireError::Broken),
            }
            if self.filled == LENGTH {
                let length = u32::from_le_bytes(self.length) as usize;
                if length > BYTES_MAX {
                    return Err(WireError::Violation("handshake frame too large"));
                }
                self.bytes = vec![0; length];
            }
        }
    }
}

/// The end of the other side's time limit.
struct Deadline {
    clock: Clock,
    patience: Duration,
}

impl Deadline {
    fn after(patience: Duration) -> Deadline {
        Deadline { clock: Clock::real(), patience }
    }

    /// Returns the time that is left, zero after the end.
    fn left(&self) -> Duration {
        self.patience.saturating_sub(Duration::from_micros(self.clock.now_us().unsigned_abs()))
    }

    /// Waits until there is something to read, or fails after the end.
    fn wait_for(&self, socket: &UnixStream) -> Result<(), WireError> {
        let left = self.left();
        if left.is_zero() {
            return Err(WireError::System(io::ErrorKind::TimedOut.into()));
        }
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(socket, PollFlags::IN)], timeout.as_ref()) {
            // After an interruption the caller tries again.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }
}
