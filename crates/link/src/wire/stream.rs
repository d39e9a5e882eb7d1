//! Frames as a stream of bytes, the same over rings and over sockets.
//!
//! Numbers are little-endian, and each line begins at a multiple of eight bytes; what is between is zero.
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
//! A frame that is smaller than half of what the stream holds is sent as a whole or not at all. Of a larger one
//! the sender keeps what does not fit, and sends it as there is room. Memory that was used before is much cheaper
//! than any that the kernel has to make, so bytes are copied, however many they are; only what
//! the sender has sealed, to send it more than once, is shown to the receiver where it lies.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use lucarne_message::{Buffer, Filling, Sealed};

use super::ring::SKIP;
use super::shared::WORD;
use super::slots::{ReceivedSlots, SentSlots};
use super::{Frame, Limits, Sent, WireError};

/// A receiver may begin to copy so many bytes before the sender has copied the rest.
const CHUNK: usize = 64 << 10;
/// The bytes that one call of `receive` deals with, if they are not a whole frame: a peer that goes on
/// writing must not keep the receiver for ever.
const BUDGET: usize = 4 << 20;
/// A buffer for frames that has grown beyond this is not kept.
const KEPT_BYTES: usize = 256 << 10;

const FRAME: u16 = 0;
const FORGET: u16 = 1;

const COPIED: u32 = 0;
const NEW: u32 = 1;
const AGAIN: u32 = 2;

/// Where a stream goes in.
pub(super) trait Outlet {
    /// The number of bytes that fit when it is empty.
    fn capacity(&self) -> usize;

    /// The number of bytes that fit now, a multiple of [`WORD`]. Looks again at what the other side has taken if
    /// it is less than `wanted`.
    fn room(&mut self, wanted: usize) -> Result<usize, WireError>;

    /// A frame follows, and there was room for so many bytes of it.
    fn begin(&mut self, room: usize) -> Result<(), WireError>;

    /// Adds bytes, for which there is room.
    fn put(&mut self, bytes: &[u8]);

    /// Adds zeros up to a multiple of [`WORD`].
    fn pad(&mut self);

    /// Shows the other side what was added.
    fn publish(&mut self);

    /// Passes the descriptor of a sealed file, which the two words that are put next will mention. False if that is
    /// not possible, now or ever.
    fn pass(&mut self, slot: u32, sealed: &Sealed) -> Result<bool, WireError>;
}

/// Where a stream comes out.
pub(super) trait Inlet {
    /// The number of bytes that are there, a multiple of [`WORD`]. Looks again if it is less than `wanted`.
    fn available(&mut self, wanted: usize) -> Result<usize, WireError>;

    /// Takes one word, which must be there.
    fn word(&mut self) -> u64;

    /// Takes `len` bytes, which must be there, and the zeros after them.
    fn append(&mut self, len: usize, into: &mut Vec<u8>);

    /// Takes `len` bytes, which must be there, and the zeros after them.
    fn fill(&mut self, len: usize, into: &mut Filling);

    /// Goes on behind a [`SKIP`].
    fn skip(&mut self) -> Result<(), WireError>;

    /// Shows the other side how much was taken.
    fn publish(&mut self);

    /// The descriptor that was passed for a slot.
    fn passed(&mut self, slot: u32) -> Result<OwnedFd, WireError>;
}

/// The next multiple of [`WORD`].
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

/// How a buffer travels.
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
    /// What did not fit of the last frame. Of the first piece `done` bytes are sent.
    rest: VecDeque<Piece>,
    done: usize,
}

/// A part of a frame, none of them empty.
enum Piece {
    Bytes(Vec<u8>),
    /// A buffer, with its header.
    Buffer(Buffer),
    /// The bytes of a buffer.
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
        // One word more, to forget a slot.
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

    /// Sends as much of the rest as there is room for; true if nothing is left.
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

    /// Puts what there is room for of the first piece, and says how much that was.
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

    /// Puts the header of a buffer, whose bytes are then the first piece if they are copied, and says how much
    /// that was.
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

    /// Whether a part of a frame has not been sent yet.
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
            return Err(WireError::Violation("a frame is too large"));
        }
        Ok(length)
    }

    /// The bytes that a buffer takes if descriptors can be passed.
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
    /// What has come of the next frame.
    frame: Frame,
    buffers_missing: usize,
    content_bytes: usize,
}

/// What comes next.
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

    /// Deals with what is there of one piece, and says how many bytes these were.
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
            _ => Err(WireError::Violation("a header of no known kind")),
        }
    }

    fn begin_frame(&mut self, length: usize, buffers: usize) -> Result<(), WireError> {
        if length > self.limits.frame_bytes || buffers > self.limits.frame_buffers {
            return Err(WireError::Violation("a frame is too large"));
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
            return Err(WireError::Violation("a frame is too large"));
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
            _ => return Err(WireError::Violation("a buffer of no known kind")),
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
