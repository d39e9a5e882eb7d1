//! Frames as a stream of bytes, the same over rings and over sockets.
//!
//! Numbers are little-endian, and each line begins at a multiple of eight bytes; the padding is zero.
//!
//! ```text
//! frame     u32 number of bytes | u16 number of buffers | u16 0 | the bytes, then for each buffer:
//!   copied  u32 0 | u32 0    | u64 number of bytes | the bytes
//!   new     u32 1 | u32 slot | u64 number of bytes        a sealed file, whose descriptor was passed
//!   again   u32 2 | u32 slot | u64 number of bytes        the sealed file that this slot has
//! forget    u32 slot | u16 0 | u16 1                      the slot has no file any more
//! skip      see `ring.rs`
//! ```
//!
//! A frame smaller than half of the stream's capacity is sent as a whole or not at all. Of a larger frame the sender
//! keeps the rest, and sends it as room appears. Reused memory is much cheaper than new memory from the operating
//! system, so buffers of any size are copied; only a file that the sender has sealed, to send it more than once, is
//! mapped by the receiver.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use lucarne_message::{Buffer, Filling, Sealed};

use super::ring::SKIP;
use super::shared::WORD;
use super::slots::{ReceivedSlots, SentSlots};
use super::{Frame, Limits, Sent, WireError};

/// The number of bytes after which the sender publishes a part of a frame, so that the receiver can begin to copy
/// before the sender has finished.
const CHUNK: usize = 64 << 10;
/// The number of bytes after which `receive` returns even if no frame is complete: a peer that keeps writing must not
/// keep the receiver busy forever.
const BUDGET: usize = 4 << 20;
/// The size in bytes above which a grown frame buffer is not kept.
const KEPT_BYTES: usize = 256 << 10;

const FRAME: u16 = 0;
const FORGET: u16 = 1;

const COPIED: u32 = 0;
const NEW: u32 = 1;
const AGAIN: u32 = 2;

/// The write end of a stream.
pub(super) trait Outlet {
    /// Returns the number of bytes that fit when the stream is empty.
    fn capacity(&self) -> usize;

    /// Returns the number of bytes that fit now, a multiple of [`WORD`]. If that is less than `wanted`, first reads
    /// the other side's position again.
    fn room(&mut self, wanted: usize) -> Result<usize, WireError>;

    /// Begins a frame. There is room for its first `room` bytes.
    fn begin(&mut self, room: usize) -> Result<(), WireError>;

    /// Adds bytes, for which there must be room.
    fn put(&mut self, bytes: &[u8]);

    /// Adds zeros up to a multiple of [`WORD`].
    fn pad(&mut self);

    /// Publishes the added bytes to the other side.
    fn publish(&mut self);

    /// Passes the descriptor of a sealed file, which the next two words mention. Returns false if that is not
    /// possible, now or ever.
    fn pass(&mut self, slot: u32, sealed: &Sealed) -> Result<bool, WireError>;
}

/// The read end of a stream.
pub(super) trait Inlet {
    /// Returns the number of bytes available, a multiple of [`WORD`]. Looks again if it is less than `wanted`.
    fn available(&mut self, wanted: usize) -> Result<usize, WireError>;

    /// Takes one word, which must be there.
    fn word(&mut self) -> u64;

    /// Takes `len` bytes, which must be there, and the zeros after them.
    fn append(&mut self, len: usize, into: &mut Vec<u8>);

    /// Takes `len` bytes, which must be there, and the zeros after them.
    fn fill(&mut self, len: usize, into: &mut Filling);

    /// Continues after a [`SKIP`], at the beginning of the ring.
    fn skip(&mut self) -> Result<(), WireError>;

    /// Tells the other side how much was taken.
    fn publish(&mut self);

    /// Returns the descriptor that was passed for a slot.
    fn passed(&mut self, slot: u32) -> Result<OwnedFd, WireError>;
}

/// Returns the next multiple of [`WORD`].
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(WORD)
}

fn header(number: u32, buffers: u16, kind: u16) -> [u8; WORD] {
    let mut bytes = [0; WORD];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..6].copy_from_slice(&buffers.to_le_bytes());
    bytes[6..].copy_from_slice(&kind.to_le_bytes());
    bytes
}

/// The encoding of a buffer.
#[derive(Clone, Copy)]
enum Form {
    Copied,
    New(u32),
    Again(u32),
}

impl Form {
    fn header(self, len: usize) -> [u8; 2 * WORD] {
        let (kind, slot) = match self {
            Form::Copied => (COPIED, 0),
            Form::New(slot) => (NEW, slot),
            Form::Again(slot) => (AGAIN, slot),
        };
        let mut bytes = [0; 2 * WORD];
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        bytes[4..8].copy_from_slice(&slot.to_le_bytes());
        bytes[8..].copy_from_slice(&(len as u64).to_le_bytes());
        bytes
    }
}

/// The sending half.
pub(super) struct Outgoing<O> {
    pub(super) outlet: O,
    limits: Limits,
    slots: SentSlots,
    /// The unsent rest of the last frame. `done` bytes of the first piece were sent.
    rest: VecDeque<Piece>,
    done: usize,
}

/// A part of a frame, never empty.
enum Piece {
    Bytes(Vec<u8>),
    /// A buffer whose header was not put yet.
    Buffer(Buffer),
    /// The bytes of a buffer whose header was put.
    Content(Buffer),
}

impl<O: Outlet> Outgoing<O> {
    pub(super) fn new(outlet: O, limits: Limits) -> Outgoing<O> {
        Outgoing { outlet, limits, slots: SentSlots::default(), rest: VecDeque::new(), done: 0 }
    }

    /// See [`Wire::send`](super::Wire::send).
    pub(super) fn send(&mut self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError> {
        if !self.pump()? {
            return Ok(Sent::NoRoom);
        }
        let length = self.check(parts, buffers)?;
        let content: usize = buffers.iter().map(Self::expected_size).sum();
        // One word for the header, and one to forget a slot.
        let size = 2 * WORD + padded(length) + content;
        let wanted = size.min(self.outlet.capacity() / 2);
        if self.outlet.room(wanted)? < wanted {
            return Ok(Sent::NoRoom);
        }
        self.outlet.begin(wanted)?;
        if let Some(slot) = self.slots.next_forgotten() {
            self.outlet.put(&header(slot, 0, FORGET));
        }
        let header = header(length as u32, buffers.len() as u16, FRAME);
        if buffers.is_empty() && size == wanted {
            self.outlet.put(&header);
            parts.iter().for_each(|part| self.outlet.put(part));
            self.outlet.pad();
            self.outlet.publish();
            return Ok(Sent::Yes);
        }
        self.rest.push_back(Piece::Bytes([&[&header[..]], parts].concat().concat()));
        self.rest.extend(buffers.drain(..).map(Piece::Buffer));
        self.pump()?;
        Ok(Sent::Yes)
    }

    /// Sends as much of the rest as there is room for. Returns true if none is left.
    pub(super) fn pump(&mut self) -> Result<bool, WireError> {
        let mut unpublished = 0;
        loop {
            let now = match self.rest.front() {
                None => break,
                Some(Piece::Buffer(_)) => self.put_header()?,
                Some(Piece::Bytes(_) | Piece::Content(_)) => self.put_some()?,
            };
            if now == 0 {
                break;
            }
            unpublished += now;
            if unpublished >= CHUNK {
                self.outlet.publish();
                unpublished = 0;
            }
        }
        if unpublished > 0 {
            self.outlet.publish();
        }
        Ok(self.rest.is_empty())
    }

    /// Sends the part of the first piece that fits, and returns its number of bytes.
    fn put_some(&mut self) -> Result<usize, WireError> {
        let left = match self.rest.front() {
            Some(Piece::Bytes(bytes)) => &bytes[self.done..],
            Some(Piece::Content(buffer)) => &buffer.as_slice()[self.done..],
            Some(Piece::Buffer(_)) | None => return Ok(0),
        };
        let now = left.len().min(CHUNK);
        let now = now.min(self.outlet.room(padded(now))?);
        self.outlet.put(&left[..now]);
        self.done += now;
        if now == left.len() {
            self.outlet.pad();
            self.rest.pop_front();
            self.done = 0;
        }
        Ok(now)
    }

    /// Puts the header of a buffer, and returns its number of bytes. If the buffer is copied, its bytes become the
    /// first piece.
    fn put_header(&mut self) -> Result<usize, WireError> {
        let size = 2 * WORD;
        if self.outlet.room(size)? < size {
            return Ok(0);
        }
        if let Some(Piece::Buffer(buffer)) = self.rest.pop_front() {
            let form = self.form(&buffer)?;
            self.outlet.put(&form.header(buffer.len()));
            if matches!(form, Form::Copied) && !buffer.is_empty() {
                self.rest.push_front(Piece::Content(buffer));
            }
        }
        Ok(size)
    }

    /// Returns whether a part of a frame has not been sent yet.
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    fn check(&self, parts: &[&[u8]], buffers: &[Buffer]) -> Result<usize, WireError> {
        let length = parts.iter().map(|part| part.len()).sum();
        let content: usize = buffers.iter().map(Buffer::len).sum();
        if length > self.limits.frame_bytes
            || buffers.len() > self.limits.frame_buffers
            || content > self.limits.buffer_bytes
        {
            return Err(WireError::Violation("frame too large"));
        }
        Ok(length)
    }

    /// Returns the number of bytes that a buffer takes if descriptors can be passed.
    fn expected_size(buffer: &Buffer) -> usize {
        2 * WORD + if buffer.as_sealed().is_some() { 0 } else { padded(buffer.len()) }
    }

    fn form(&mut self, buffer: &Buffer) -> Result<Form, WireError> {
        let Some(sealed) = buffer.as_sealed().filter(|_| !buffer.is_empty()) else { return Ok(Form::Copied) };
        if let Some(slot) = self.slots.find(sealed) {
            return Ok(Form::Again(slot));
        }
        let Some(slot) = self.slots.choose(buffer.len()) else { return Ok(Form::Copied) };
        if !self.outlet.pass(slot, sealed)? {
            return Ok(Form::Copied);
        }
        self.slots.set(slot, sealed);
        Ok(Form::New(slot))
    }
}

/// The receiving half.
pub(super) struct Incoming<I> {
    pub(super) inlet: I,
    limits: Limits,
    slots: ReceivedSlots,
    stage: Stage,
    /// The received part of the next frame.
    frame: Frame,
    buffers_missing: usize,
    content_bytes: usize,
}

/// The next expected item.
enum Stage {
    Header,
    Bytes { missing: usize },
    Buffer,
    Content(Filling),
}

impl<I: Inlet> Incoming<I> {
    pub(super) fn new(inlet: I, limits: Limits) -> Incoming<I> {
        Incoming {
            inlet,
            limits,
            slots: ReceivedSlots::new(limits),
            stage: Stage::Header,
            frame: Frame::default(),
            buffers_missing: 0,
            content_bytes: 0,
        }
    }

    /// See [`Wire::receive`](super::Wire::receive).
    pub(super) fn receive(&mut self, into: &mut Frame) -> Result<bool, WireError> {
        let mut budget = BUDGET;
        let mut is_whole = false;
        while !is_whole && budget > 0 {
            let taken = self.step()?;
            if taken == 0 {
                break;
            }
            budget = budget.saturating_sub(taken);
            is_whole = self.is_whole();
        }
        self.inlet.publish();
        if is_whole {
            self.stage = Stage::Header;
            std::mem::swap(into, &mut self.frame);
        }
        Ok(is_whole)
    }

    fn is_whole(&self) -> bool {
        matches!(self.stage, Stage::Buffer) && self.buffers_missing == 0
    }

    /// Handles the available part of one piece, and returns its number of bytes.
    fn step(&mut self) -> Result<usize, WireError> {
        match &mut self.stage {
            Stage::Header => {
                if self.inlet.available(WORD)? < WORD {
                    return Ok(0);
                }
                let word = self.inlet.word();
                if word == SKIP {
                    self.inlet.skip()?;
                    return Ok(WORD);
                }
                self.begin(word as u32, (word >> 32) as u16, (word >> 48) as u16)?;
                Ok(WORD)
            }
            Stage::Bytes { missing } => {
                let now = self.inlet.available(padded(*missing))?.min(*missing);
                self.inlet.append(now, &mut self.frame.bytes);
                *missing -= now;
                if *missing == 0 {
                    self.stage = Stage::Buffer;
                }
                Ok(now)
            }
            Stage::Buffer => {
                if self.inlet.available(2 * WORD)? < 2 * WORD {
                    return Ok(0);
                }
                let (kind_and_slot, len) = (self.inlet.word(), self.inlet.word());
                self.begin_buffer(kind_and_slot as u32, (kind_and_slot >> 32) as u32, len)?;
                Ok(2 * WORD)
            }
            Stage::Content(filling) => {
                let missing = filling.missing();
                let now = self.inlet.available(padded(missing))?.min(missing);
                self.inlet.fill(now, filling);
                if now == missing {
                    self.finish_content();
                }
                Ok(now)
            }
        }
    }

    fn begin(&mut self, number: u32, buffers: u16, kind: u16) -> Result<(), WireError> {
        match (kind, buffers) {
            (FRAME, _) => self.begin_frame(number as usize, usize::from(buffers)),
            (FORGET, 0) => self.slots.forget(number),
            _ => Err(WireError::Violation("header of unknown kind")),
        }
    }

    fn begin_frame(&mut self, length: usize, buffers: usize) -> Result<(), WireError> {
        if length > self.limits.frame_bytes || buffers > self.limits.frame_buffers {
            return Err(WireError::Violation("frame too large"));
        }
        if self.frame.bytes.capacity() > KEPT_BYTES {
            self.frame.bytes = Vec::new();
        }
        self.frame.bytes.clear();
        self.frame.buffers.clear();
        self.buffers_missing = buffers;
        self.content_bytes = 0;
        self.stage = if length == 0 { Stage::Buffer } else { Stage::Bytes { missing: length } };
        Ok(())
    }

    fn begin_buffer(&mut self, kind: u32, slot: u32, len: u64) -> Result<(), WireError> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.content_bytes = self.content_bytes.saturating_add(len);
        if self.content_bytes > self.limits.buffer_bytes {
            return Err(WireError::Violation("frame too large"));
        }
        let buffer = match kind {
            COPIED if slot == 0 => {
                self.stage = Stage::Content(Filling::new(len).map_err(|_| out_of_memory())?);
                if len == 0 {
                    self.finish_content();
                }
                return Ok(());
            }
            NEW => {
                self.slots.check(slot, len)?;
                let file = self.inlet.passed(slot)?;
                self.slots.set(slot, len, file)?
            }
            AGAIN => self.slots.get(slot, len)?,
            _ => return Err(WireError::Violation("buffer of unknown kind")),
        };
        self.add(buffer);
        Ok(())
    }

    fn finish_content(&mut self) {
        if let Stage::Content(filling) = std::mem::replace(&mut self.stage, Stage::Buffer)
            && let Some(buffer) = filling.finish()
        {
            self.add(buffer);
        }
    }

    fn add(&mut self, buffer: Buffer) {
        self.frame.buffers.push(buffer);
        self.buffers_missing -= 1;
    }
}

pub(super) fn out_of_memory() -> WireError {
    WireError::System(std::io::ErrorKind::OutOfMemory.into())
}
