//! A wire over a Unix socket alone, for systems without shared memory: all bytes are copied through the socket.
//!
//! Sent frames are gathered until [`Wire::flush`]. Bytes for which the socket has no room then wait in the wire, and
//! the descriptor to sleep on, an epoll of its own, becomes readable when there is room again.

use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_message::{Buffer, Filling, Sealed};
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};

use super::shared::WORD;
use super::socket::{self, Received};
use super::stream::{Incoming, Inlet, Outgoing, Outlet};
use super::{Descriptors, Frame, Limits, LocalWire, Sent, Wire, WireError};

/// The maximum number of bytes that wait for room in the socket, and of bytes that are read at a time.
const CAPACITY: usize = 256 << 10;

/// One end of a connection over a socket alone.
pub struct SocketWire {
    socket: Arc<OwnedFd>,
    /// An epoll instance that watches the socket: for data, and, while bytes wait for room, for room.
    watch: OwnedFd,
    process: Option<OwnedFd>,
    outgoing: Mutex<Outgoing<SocketOutlet>>,
    incoming: Mutex<Incoming<SocketInlet>>,
    /// Whether bytes wait for room.
    is_stuck: AtomicBool,
    /// Whether bytes that follow the last frame have been read from the socket already.
    has_bytes: AtomicBool,
}

impl SocketWire {
    /// Creates a wire over a connected stream socket; `process` is the pidfd of the other side, if there is one.
    ///
    /// # Errors
    /// Returns errors of the operating system.
    pub fn new(socket: OwnedFd, process: Option<OwnedFd>, limits: Limits) -> Result<SocketWire, WireError> {
        let watch = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(std::io::Error::from)?;
        let data = epoll::EventData::new_u64(0);
        epoll::add(&watch, &socket, data, epoll::EventFlags::IN).map_err(std::io::Error::from)?;
        let socket = Arc::new(socket);
        let outlet = SocketOutlet { socket: socket.clone(), bytes: Vec::new(), sent: 0, put: 0 };
        let bytes = vec![0; CAPACITY].into_boxed_slice();
        let inlet = SocketInlet { socket: socket.clone(), bytes, waiting: 0..0, has_ended: false };
        Ok(SocketWire {
            socket,
            watch,
            process,
            outgoing: Mutex::new(Outgoing::new(outlet, limits)),
            incoming: Mutex::new(Incoming::new(inlet, limits)),
            is_stuck: AtomicBool::new(false),
            has_bytes: AtomicBool::new(false),
        })
    }

    /// Records whether bytes wait for room, so that epoll reports when there is some.
    fn watch_for_room(&self, is_stuck: bool) {
        if self.is_stuck.swap(is_stuck, Ordering::AcqRel) == is_stuck {
            return;
        }
        let room = if is_stuck { epoll::EventFlags::OUT } else { epoll::EventFlags::empty() };
        let data = epoll::EventData::new_u64(0);
        // Both descriptors are ours and open, and the socket was added in `new`.
        let _ = epoll::modify(&self.watch, &*self.socket, data, epoll::EventFlags::IN | room);
    }

    /// Writes as many bytes as the socket takes now.
    fn push(&self, outgoing: &mut Outgoing<SocketOutlet>) -> Result<(), WireError> {
        outgoing.pump()?;
        outgoing.outlet.push()?;
        self.watch_for_room(outgoing.has_rest() || outgoing.outlet.waiting() > 0);
        Ok(())
    }
}

impl Wire for SocketWire {
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError> {
        let mut outgoing = self.outgoing.lock();
        let sent = outgoing.send(parts, buffers)?;
        if sent == Sent::NoRoom {
            self.watch_for_room(true);
        }
        Ok(sent)
    }

    fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        if self.is_stuck.load(Ordering::Acquire) {
            self.push(&mut self.outgoing.lock())?;
        }
        let mut incoming = self.incoming.lock();
        let is_whole = incoming.receive(into)?;
        self.has_bytes.store(is_whole && !incoming.inlet.waiting.is_empty(), Ordering::Release);
        Ok(is_whole)
    }

    fn is_ready(&self) -> bool {
        let mut watch = [PollFd::new(&self.watch, PollFlags::IN)];
        self.has_bytes.load(Ordering::Acquire) || poll(&mut watch, Some(&Timespec::default())) != Ok(0)
    }

    fn flush(&self) {
        // An error shows again at the next receive.
        let _ = self.push(&mut self.outgoing.lock());
    }

    fn close(&self) {
        socket::hang_up(&*self.socket);
    }
}

impl LocalWire for SocketWire {
    fn announce_sleep(&self, _bell: usize) -> bool {
        self.is_ready()
    }

    fn announce_awake(&self) {}

    fn descriptors(&self) -> Descriptors<'_> {
        Descriptors {
            bells: [None, None],
            socket: Some(self.watch.as_fd()),
            process: self.process.as_ref().map(AsFd::as_fd),
        }
    }

    fn silence(&self, _bell: usize) {}
}

struct SocketOutlet {
    socket: Arc<OwnedFd>,
    /// The added bytes; the first `sent` were sent.
    bytes: Vec<u8>,
    sent: usize,
    /// The total number of bytes added, modulo [`WORD`], for padding.
    put: usize,
}

impl SocketOutlet {
    fn waiting(&self) -> usize {
        self.bytes.len() - self.sent
    }

    fn push(&mut self) -> Result<(), WireError> {
        while self.waiting() > 0 {
            match socket::send(&*self.socket, &self.bytes[self.sent..], &[])? {
                0 => return Ok(()),
                sent => self.sent += sent,
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }
}

impl Outlet for SocketOutlet {
    fn capacity(&self) -> usize {
        CAPACITY
    }

    fn room(&mut self, wanted: usize) -> Result<usize, WireError> {
        if CAPACITY.saturating_sub(self.waiting()) < wanted {
            self.push()?;
        }
        Ok(CAPACITY.saturating_sub(self.waiting()) / WORD * WORD)
    }

    fn begin(&mut self, _room: usize) -> Result<(), WireError> {
        self.bytes.drain(..self.sent);
        self.sent = 0;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.put = (self.put + bytes.len()) % WORD;
    }

    fn pad(&mut self) {
        let zeros = self.put.next_multiple_of(WORD) - self.put;
        self.put(&[0; WORD][..zeros]);
    }

    fn publish(&mut self) {}

    fn pass(&mut self, _slot: u32, _sealed: &Sealed) -> Result<bool, WireError> {
        Ok(false)
    }
}

struct SocketInlet {
    socket: Arc<OwnedFd>,
    bytes: Box<[u8]>,
    /// The range in `bytes` that has arrived but was not taken yet.
    waiting: Range<usize>,
    has_ended: bool,
}

impl SocketInlet {
    fn read(&mut self) -> Result<(), WireError> {
        self.bytes.copy_within(self.waiting.clone(), 0);
        self.waiting = 0..self.waiting.len();
        let place = &mut self.bytes[self.waiting.end..];
        match socket::receive(&*self.socket, place, &mut Vec::new(), 0) {
            Ok(Received::Bytes(len)) => self.waiting.end += len,
            Ok(Received::Nothing) => {}
            Ok(Received::End) | Err(WireError::Broken) => self.has_ended = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> &[u8] {
        let begin = self.waiting.start;
        self.waiting.start += len.next_multiple_of(WORD);
        &self.bytes[begin..begin + len]
    }
}

impl Inlet for SocketInlet {
    fn available(&mut self, wanted: usize) -> Result<usize, WireError> {
        if self.waiting.len() < wanted.min(CAPACITY) && !self.has_ended {
            self.read()?;
        }
        let available = self.waiting.len() / WORD * WORD;
        // Frames that have not arrived completely by now never will.
        if self.has_ended && available < wanted { Err(WireError::Broken) } else { Ok(available) }
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(self.take(WORD).try_into().expect("a word has eight bytes"))
    }

    fn append(&mut self, len: usize, into: &mut Vec<u8>) {
        into.extend_from_slice(self.take(len));
    }

    fn fill(&mut self, len: usize, into: &mut Filling) {
        into.extend_from_slice(self.take(len));
    }

    fn skip(&mut self) -> Result<(), WireError> {
        Err(WireError::Violation("header of unknown kind"))
    }

    fn publish(&mut self) {}

    fn passed(&mut self, _slot: u32) -> Result<OwnedFd, WireError> {
        Err(WireError::Violation("announced descriptor is missing"))
    }
}
