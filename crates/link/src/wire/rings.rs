//! A wire over shared memory: frames cross without a system call as long as both sides are awake.
//!
//! The socket of the handshake stays open. The connection ends when one side hangs up there. The descriptors of sealed
//! files are sent over it, each with the number of its slot, before the frame that mentions them is published.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_message::{Buffer, Filling, Sealed};

use super::bells::{Bells, JOINER_BELLS};
use super::ring::{CAPACITY, RingReader, RingWriter, Side, words};
use super::shared::{SharedMemory, WORD};
use super::slots::SLOTS;
use super::socket::{self, Received};
use super::stream::{Incoming, Inlet, Outgoing, Outlet};
use super::{Descriptors, Frame, Limits, LocalWire, Sent, Wire, WireError};

/// The number of descriptors that the maker of the rings passes to the other side: for the memory and the bells.
pub const DESCRIPTORS: usize = 1 + JOINER_BELLS;

/// One end of a connection over shared memory.
pub struct RingWire {
    side: Arc<Side>,
    line: Arc<Line>,
    bells: Bells,
    process: Option<OwnedFd>,
    outgoing: Mutex<Outgoing<RingOutlet>>,
    incoming: Mutex<Incoming<RingInlet>>,
    /// Whether a part of a frame waits for room.
    has_rest: AtomicBool,
}

impl RingWire {
    /// Makes rings for the listening side. Returns the wire, and the parts that the other side needs to
    /// [`join`](RingWire::join). `process` is the pidfd of the other side, if there is one.
    ///
    /// # Errors
    /// Returns errors of the operating system. Without shared memory, the socket alone still works.
    pub fn make(
        socket: OwnedFd,
        process: Option<OwnedFd>,
        limits: Limits,
    ) -> Result<(RingWire, [OwnedFd; DESCRIPTORS]), WireError> {
        let (memory, file) = SharedMemory::make(words(CAPACITY))?;
        let (bells, [own, a, b]) = Bells::make().map_err(std::io::Error::from)?;
        let wire = RingWire::new(Side::new(memory, CAPACITY, 0), socket, bells, process, limits);
        Ok((wire, [file, own, a, b]))
    }

    /// Joins the rings that the other side has made.
    ///
    /// # Errors
    /// Returns [`WireError::Violation`] if the memory is not valid, or an error of the operating system.
    pub fn join(
        socket: OwnedFd,
        process: Option<OwnedFd>,
        [file, maker, a, b]: [OwnedFd; DESCRIPTORS],
        limits: Limits,
    ) -> Result<RingWire, WireError> {
        let memory = SharedMemory::open(&file, words(CAPACITY))?;
        let bells = Bells::join([maker, a, b]);
        Ok(RingWire::new(Side::new(memory, CAPACITY, 1), socket, bells, process, limits))
    }

    fn new(
        side: Arc<Side>,
        socket: OwnedFd,
        bells: Bells,
        process: Option<OwnedFd>,
        limits: Limits,
    ) -> RingWire {
        let line = Arc::new(Line { socket, inbox: Mutex::default(), is_over: AtomicBool::new(false) });
        let outlet = RingOutlet { ring: side.writer(), line: line.clone(), passed: VecDeque::new() };
        let inlet = RingInlet { ring: side.reader(), line: line.clone() };
        RingWire {
            side,
            line,
            bells,
            process,
            outgoing: Mutex::new(Outgoing::new(outlet, limits)),
            incoming: Mutex::new(Incoming::new(inlet, limits)),
            has_rest: AtomicBool::new(false),
        }
    }

    fn pump(&self) -> Result<(), WireError> {
        let mut outgoing = self.outgoing.lock();
        let is_done = outgoing.pump()? || self.side.want_room() && outgoing.pump()?;
        self.has_rest.store(!is_done, Ordering::Release);
        Ok(())
    }
}

impl Wire for RingWire {
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError> {
        if self.line.is_over() {
            return Err(WireError::Broken);
        }
        let mut outgoing = self.outgoing.lock();
        let mut sent = outgoing.send(parts, buffers)?;
        // The receiving thread of this side may sleep already, without a request for room in its sleep word.
        if (sent == Sent::NoRoom || outgoing.has_rest()) && self.side.want_room() {
            if sent == Sent::NoRoom {
                sent = outgoing.send(parts, buffers)?;
            } else {
                outgoing.pump()?;
            }
        }
        self.has_rest.store(outgoing.has_rest(), Ordering::Release);
        Ok(sent)
    }

    fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        if self.has_rest.load(Ordering::Acquire) {
            self.pump()?;
        } else if self.side.has_wanted_room() {
            // There is room now, and `is_ready` has reported it.
            self.side.want_no_room();
        }
        // Frames that arrived before the end still count.
        let is_over = self.line.is_over();
        let is_whole = self.incoming.lock().receive(into)?;
        if is_over && !is_whole { Err(self.line.why_over()) } else { Ok(is_whole) }
    }

    fn is_ready(&self) -> bool {
        self.side.is_ready() || self.line.is_over()
    }

    fn flush(&self) {
        if let Some(bell) = self.side.bell_to_ring() {
            self.bells.ring(bell);
        }
    }

    fn close(&self) {
        self.line.is_over.store(true, Ordering::Release);
        socket::hang_up(&self.line.socket);
    }
}

impl LocalWire for RingWire {
    fn announce_sleep(&self, bell: usize) -> bool {
        self.side.announce_sleep(self.bells.number(bell)) || self.line.is_over()
    }

    fn announce_awake(&self) {
        self.side.announce_awake();
    }

    fn descriptors(&self) -> Descriptors<'_> {
        Descriptors {
            bells: self.bells.own(),
            socket: Some(self.line.socket.as_fd()),
            process: self.process.as_ref().map(AsFd::as_fd),
        }
    }

    fn silence(&self, bell: usize) {
        self.bells.silence(bell);
    }

    fn look_at_socket(&self) {
        self.line.look();
    }
}

/// The socket beside the rings.
struct Line {
    socket: OwnedFd,
    inbox: Mutex<Inbox>,
    /// Whether the socket has no more data, or must not be read any more.
    is_over: AtomicBool,
}

/// The data received over the socket.
#[derive(Default)]
struct Inbox {
    /// The descriptors that no frame has mentioned yet, with their slots, in the order of the frames.
    passed: VecDeque<(u32, OwnedFd)>,
    /// The violation by the other side.
    violation: Option<&'static str>,
}

/// The number of bytes that are sent with a descriptor: they hold the number of its slot.
const PASSED_BYTES: usize = 4;
/// The maximum number of descriptors in flight whose frames were not read yet.
const PASSED_MAX: usize = SLOTS;

impl Line {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    fn why_over(&self) -> WireError {
        self.inbox.lock().violation.map_or(WireError::Broken, WireError::Violation)
    }

    fn pass(&self, slot: u32, file: &Sealed) -> Result<bool, WireError> {
        match socket::send(&self.socket, &slot.to_le_bytes(), &[file.file()]) {
            Ok(0) | Err(WireError::System(_)) => Ok(false),
            Ok(PASSED_BYTES) => Ok(true),
            // The operating system sends so few bytes as a whole, or not at all.
            Ok(_) => Err(WireError::Broken),
            Err(error) => Err(error),
        }
    }

    /// Returns the descriptor for a slot. It was sent before the frame that mentions it.
    fn passed(&self, slot: u32) -> Result<OwnedFd, WireError> {
        let mut inbox = self.inbox.lock();
        if inbox.passed.is_empty() {
            inbox.receive(&self.socket)?;
        }
        match inbox.passed.pop_front() {
            Some((of, file)) if of == slot => Ok(file),
            _ => Err(WireError::Violation("announced descriptor is missing")),
        }
    }

    /// Takes the messages that arrived over the socket.
    fn look(&self) {
        let mut inbox = self.inbox.lock();
        while !self.is_over() {
            match inbox.receive(&self.socket) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    if let WireError::Violation(rule) = error {
                        inbox.violation = Some(rule);
                    }
                    self.is_over.store(true, Ordering::Release);
                }
            }
        }
    }
}

impl Inbox {
    /// Takes one message; returns false if there is none.
    fn receive(&mut self, socket: &OwnedFd) -> Result<bool, WireError> {
        let mut bytes = [0; PASSED_BYTES];
        let mut files = Vec::new();
        match socket::receive(socket, &mut bytes, &mut files, 1)? {
            Received::Bytes(PASSED_BYTES) => {}
            Received::Bytes(_) => return Err(WireError::Violation("message of unknown kind")),
            Received::Nothing => return Ok(false),
            Received::End => return Err(WireError::Broken),
        }
        match files.pop() {
            Some(file) if self.passed.len() < PASSED_MAX => {
                self.passed.push_back((u32::from_le_bytes(bytes), file));
            }
            _ => return Err(WireError::Violation("unannounced descriptors")),
        }
        Ok(true)
    }
}

struct RingOutlet {
    ring: RingWriter,
    line: Arc<Line>,
    /// For each of the last descriptors: the position that the other side reaches by reading the header that mentions
    /// it.
    passed: VecDeque<u64>,
}

impl RingOutlet {
    /// Returns whether another descriptor can be in flight.
    fn may_pass(&mut self) -> Result<bool, WireError> {
        if self.passed.len() >= PASSED_MAX {
            let read = self.ring.read_by_other()?;
            self.passed.retain(|end| *end > read);
        }
        Ok(self.passed.len() < PASSED_MAX)
    }
}

impl Outlet for RingOutlet {
    fn capacity(&self) -> usize {
        CAPACITY
    }

    fn room(&mut self, wanted: usize) -> Result<usize, WireError> {
        self.ring.room(wanted)
    }

    fn begin(&mut self, room: usize) -> Result<(), WireError> {
        self.ring.begin(room)
    }

    fn put(&mut self, bytes: &[u8]) {
        self.ring.put(bytes);
    }

    fn pad(&mut self) {
        self.ring.pad();
    }

    fn publish(&mut self) {
        self.ring.publish();
    }

    fn pass(&mut self, slot: u32, sealed: &Sealed) -> Result<bool, WireError> {
        if !self.may_pass()? || !self.line.pass(slot, sealed)? {
            return Ok(false);
        }
        self.passed.push_back(self.ring.position() + 2 * WORD as u64);
        Ok(true)
    }
}

struct RingInlet {
    ring: RingReader,
    line: Arc<Line>,
}

impl Inlet for RingInlet {
    fn available(&mut self, wanted: usize) -> Result<usize, WireError> {
        self.ring.available(wanted)
    }

    fn word(&mut self) -> u64 {
        self.ring.word()
    }

    fn append(&mut self, len: usize, into: &mut Vec<u8>) {
        self.ring.append(len, into);
    }

    fn fill(&mut self, len: usize, into: &mut Filling) {
        self.ring.fill(len, into);
    }

    fn skip(&mut self) -> Result<(), WireError> {
        self.ring.skip()
    }

    fn publish(&mut self) {
        self.ring.publish();
    }

    fn passed(&mut self, slot: u32) -> Result<OwnedFd, WireError> {
        self.line.passed(slot)
    }
}
