//! Connecting Unix sockets in bounded time, and sending and receiving bytes and descriptors over them without blocking.
//!
//! Unexpected descriptors are closed, and are a violation.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType, recvmsg, sendmsg,
    socket_with,
};

use super::WireError;

/// The maximum number of descriptors in one message.
pub const DESCRIPTORS_MAX: usize = 8;

/// Connects with the listener on a path. While the listener's queue is full, waits for at most `patience`, or not at
/// all if that is none: a frozen listener accepts nothing.
///
/// # Errors
/// Returns an error of the kind `WouldBlock` if the queue stays full, or another error of the operating system.
pub(crate) fn connect(path: &Path, patience: Option<Duration>) -> io::Result<UnixStream> {
    let flags = if patience.is_none() { SocketFlags::NONBLOCK } else { SocketFlags::empty() };
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags | SocketFlags::CLOEXEC, None)?;
    // Zero would mean no limit.
    let limit = patience.map(|patience| patience.max(Duration::from_micros(1)));
    sockopt::set_socket_timeout(&socket, Timeout::Send, limit)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    sockopt::set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(socket.into())
}

/// Sends as many of the first bytes as there is room for, and the descriptors with them. Returns the number of bytes
/// sent. If it is 0, there is no room now, and no descriptor was passed.
///
/// # Errors
/// Returns [`WireError::Broken`] if the other side has hung up, or an error of the operating system.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<usize, WireError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(WireError::System(Errno::INVAL.into()));
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, flags) {
            Ok(sent) => return Ok(sent),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(broken_or(error)),
        }
    }
}

/// The outcome of a receive.
#[derive(Debug)]
pub enum Received {
    /// The number of bytes received.
    Bytes(usize),
    /// No data for now.
    Nothing,
    /// The end: the other side has hung up.
    End,
}

/// Receives bytes, and at most `descriptors_max` descriptors that came with them.
///
/// # Errors
/// Returns [`WireError::Violation`] if there are more descriptors, all of which it closes; [`WireError::Broken`] if
/// the other side has hung up; or an error of the operating system.
pub fn receive(
    socket: impl AsFd,
    into: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
    descriptors_max: usize,
) -> Result<Received, WireError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let result = loop {
        match recvmsg(&socket, &mut [IoSliceMut::new(into)], &mut control, flags) {
            Ok(result) => break result,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(Received::Nothing),
            Err(error) => return Err(broken_or(error)),
        }
    };
    let before = descriptors.len();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            descriptors.extend(files);
        }
    }
    let is_truncated = result.flags.contains(ReturnFlags::CTRUNC);
    if is_truncated || descriptors.len() - before > descriptors_max {
        descriptors.truncate(before);
        return Err(WireError::Violation("unannounced descriptors"));
    }
    Ok(if result.bytes == 0 { Received::End } else { Received::Bytes(result.bytes) })
}

/// Hangs up.
pub(super) fn hang_up(socket: impl AsFd) {
    // Fails if the other side did so first.
    let _ = rustix::net::shutdown(socket, Shutdown::Both);
}

fn broken_or(error: Errno) -> WireError {
    match error {
        Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN => WireError::Broken,
        error => WireError::System(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive_all(socket: &UnixStream, max: usize) -> Result<(Vec<u8>, Vec<OwnedFd>), WireError> {
        let (mut bytes, mut descriptors) = ([0; 100], Vec::new());
        match receive(socket, &mut bytes, &mut descriptors, max)? {
            Received::Bytes(len) => Ok((bytes[..len].to_vec(), descriptors)),
            _ => Ok((Vec::new(), descriptors)),
        }
    }

    #[test]
    fn descriptors_come_with_their_bytes() {
        let (a, b) = UnixStream::pair().unwrap();
        assert_eq!(send(&a, b"two", &[a.as_fd(), b.as_fd()]).unwrap(), 3);
        let (bytes, descriptors) = receive_all(&b, 2).unwrap();
        assert_eq!((&bytes[..], descriptors.len()), (&b"two"[..], 2));
        for descriptor in descriptors {
            assert!(rustix::io::fcntl_getfd(&descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        }
        assert!(matches!(receive(&b, &mut [0], &mut Vec::new(), 0), Ok(Received::Nothing)));
        drop(a);
        assert!(matches!(receive(&b, &mut [0], &mut Vec::new(), 0), Ok(Received::End)));
        assert!(matches!(send(&b, b"x", &[]), Err(WireError::Broken)));
    }

    #[test]
    fn a_listener_that_accepts_nothing_is_not_waited_for_without_end() {
        let path = std::env::temp_dir().join(format!("lucarne-full-{}", std::process::id()));
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut queued = Vec::new();
        let full = loop {
            match connect(&path, None) {
                Ok(socket) => queued.push(socket),
                Err(error) => break error,
            }
        };
        let late = connect(&path, Some(Duration::from_millis(1))).unwrap_err();
        assert_eq!((full.kind(), late.kind()), (io::ErrorKind::WouldBlock, io::ErrorKind::WouldBlock));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_full_socket_takes_no_bytes() {
        let (a, _b) = UnixStream::pair().unwrap();
        while send(&a, &[0; 1000], &[]).unwrap() > 0 {}
        assert_eq!(send(&a, b"x", &[a.as_fd()]).unwrap(), 0);
    }

    #[test]
    fn unwanted_descriptors_are_closed() {
        let (a, b) = UnixStream::pair().unwrap();
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        for (passed, wanted) in [(1, 0), (3, 2), (DESCRIPTORS_MAX, 0)] {
            send(&a, b"x", &vec![writer.as_fd(); passed]).unwrap();
            assert!(matches!(receive_all(&b, wanted), Err(WireError::Violation(_))));
        }
        // The operating system drops the descriptors for which there is no room.
        let many = vec![writer.as_fd(); 100];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(100))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&many)));
        sendmsg(&a, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
        assert!(matches!(receive_all(&b, DESCRIPTORS_MAX), Err(WireError::Violation(_))));
        // If a descriptor were open, this would wait forever.
        drop(writer);
        assert_eq!(rustix::io::read(&reader, &mut [0; 1]).unwrap(), 0);
    }
}
