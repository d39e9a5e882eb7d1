//! Two rings in shared memory, one for each direction, and the words that tell each side whether the other sleeps.
//!
//! Each ring has one writer and one reader. Positions are counted in bytes since the start, always in multiples of
//! eight: the *tail* is the number of bytes written, the *head* the number of bytes read. Each side keeps its own
//! count in private memory, publishes it, and checks the other's: it must not go back, and the two must not be
//! further apart than the ring is long.
//!
//! A side makes a system call to wake the other side only if the other side sleeps:
//!
//! 1. A side that is about to sleep writes to its *sleep word* which bell to ring, and whether it wants room.
//! 2. It checks the other side's published positions once more, and sleeps if they have not changed.
//! 3. A side that has published a position reads the other's sleep word. If it is set, the side clears it, and rings.
//!    A side that has only read does so only if the other side wants room and at least half of the ring is free.
//!
//! Each side has a fence between its own write and its read of the other's word or positions. So at least one of the
//! two sides sees the write of the other.
//!
//! ```text
//! word   0  tail of way 0    16  head of way 0    32  sleep word of side 0
//!       64  tail of way 1    80  head of way 1    96  sleep word of side 1
//!      512  way 0: from side 0 to side 1, then way 1
//! ```

use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use lucarne_message::Filling;

use super::WireError;
use super::shared::{SharedMemory, WORD, append_out, copy_in, copy_out};

/// The bytes of each ring: a message of 1 MiB fits in as a whole.
pub(super) const CAPACITY: usize = 2 << 20;
/// An empty ring is used from its beginning again once this many bytes of it were used, so that a sender of little data
/// stays in the processor's cache and uses little memory. Until the reader has also returned to the beginning, only the
/// bytes before the writer's old position are free: at least this many.
const REUSED: usize = 256 << 10;

/// In place of a frame: the next one is at the beginning of the ring.
pub(super) const SKIP: u64 = 2 << 48;

/// The distance between two positions, in words: two cache lines, since processors fetch two at a time.
#[cfg(not(loom))]
const APART: usize = 16;
/// The first page is for the positions.
#[cfg(not(loom))]
const DATA: usize = 512;
/// In a loom model, each word takes time.
#[cfg(loom)]
const APART: usize = 1;
#[cfg(loom)]
const DATA: usize = 2 * WAY;
const WAY: usize = 4 * APART;

/// In a sleep word: the number of the bell to ring, plus one.
const BELL: u64 = 3;
/// In a sleep word: room is requested as well.
const WANTS_ROOM: u64 = 4;

/// Returns the number of words of shared memory that two rings of `capacity` bytes take.
pub(super) const fn words(capacity: usize) -> usize {
    DATA + 2 * capacity / WORD
}

/// One side of the two rings.
pub(super) struct Side {
    memory: SharedMemory,
    capacity: usize,
    /// The number of this side, 0 or 1, and of the direction in which it writes.
    number: usize,
    /// This side's counts, readable by any thread.
    written: AtomicU64,
    read: AtomicU64,
    /// The room that a writer has requested without success, or 0.
    room_wanted: AtomicUsize,
    /// Whether a position was published since the other side was last told.
    has_written: AtomicBool,
    has_read: AtomicBool,
}

impl Side {
    /// Creates one side of a connection over `memory`, which must have the size that [`words`] returns for `capacity`.
    pub(super) fn new(memory: SharedMemory, capacity: usize, number: usize) -> Arc<Side> {
        assert!(capacity.is_power_of_two() && memory.words().len() == words(capacity) && number < 2);
        Arc::new(Side {
            memory,
            capacity,
            number,
            written: AtomicU64::new(0),
            read: AtomicU64::new(0),
            room_wanted: AtomicUsize::new(0),
            has_written: AtomicBool::new(false),
            has_read: AtomicBool::new(false),
        })
    }

    pub(super) fn writer(self: &Arc<Side>) -> RingWriter {
        RingWriter { side: self.clone(), tail: 0, head: 0, carry: [0; WORD], carried: 0 }
    }

    pub(super) fn reader(self: &Arc<Side>) -> RingReader {
        RingReader { side: self.clone(), head: 0, tail: 0, published: 0 }
    }

    /// Returns whether there are bytes to read, or room that was requested without success.
    pub(super) fn is_ready(&self) -> bool {
        self.tail(1 - self.number).load(Ordering::Acquire) != self.read.load(Ordering::Acquire)
            || self.has_wanted_room()
    }

    /// Returns whether there is now room that was requested without success.
    pub(super) fn has_wanted_room(&self) -> bool {
        let wanted = self.room_wanted.load(Ordering::Acquire);
        let head = self.head(self.number).load(Ordering::Acquire);
        let used = self.written.load(Ordering::Acquire).wrapping_sub(head);
        // If the other side has published an invalid position, the writer will find out.
        wanted > 0 && self.capacity.checked_sub(used as usize).is_none_or(|room| room >= wanted)
    }

    /// Withdraws the request for room.
    pub(super) fn want_no_room(&self) {
        self.room_wanted.store(0, Ordering::Release);
    }

    /// Ensures that this side is woken when there is room, even if it sleeps already. Returns true if there is room
    /// now.
    pub(super) fn want_room(&self) -> bool {
        // Pairs with the fence in `announce_sleep`: either the thread of this side that goes to sleep sees the request,
        // or this thread sees the sleep word.
        fence(Ordering::SeqCst);
        self.add_to_sleep_word();
        self.has_wanted_room()
    }

    /// Does steps 1 and 2 of the module documentation. Returns true if there is work after all.
    pub(super) fn announce_sleep(&self, bell: usize) -> bool {
        // Swapped, since the other side writes the word as well: plain stores of both have no order to rely on.
        self.sleep_word(self.number).swap(bell as u64 + 1, Ordering::AcqRel);
        // Pairs with the fences in `bell_to_ring` and `want_room`.
        fence(Ordering::SeqCst);
        if self.room_wanted.load(Ordering::Relaxed) > 0 {
            self.add_to_sleep_word();
        }
        self.is_ready()
    }

    pub(super) fn announce_awake(&self) {
        self.sleep_word(self.number).swap(0, Ordering::AcqRel);
    }

    /// If this side sleeps, adds the request for room to its sleep word. If the word has changed meanwhile, this side
    /// was woken.
    fn add_to_sleep_word(&self) {
        let word = self.sleep_word(self.number);
        let asleep = word.load(Ordering::Relaxed);
        if asleep != 0 {
            let wants_room = asleep | WANTS_ROOM;
            let _ = word.compare_exchange(asleep, wants_room, Ordering::AcqRel, Ordering::Relaxed);
        }
        // Pairs with the fence in `bell_to_ring`.
        fence(Ordering::SeqCst);
    }

    /// Does step 3 of the module documentation: returns the bell of the other side to ring.
    pub(super) fn bell_to_ring(&self) -> Option<usize> {
        let has_written = take(&self.has_written);
        let has_read = take(&self.has_read);
        if !has_written && !has_read {
            return None;
        }
        // Pairs with the fences in `announce_sleep` and `add_to_sleep_word`.
        fence(Ordering::SeqCst);
        let word = self.sleep_word(1 - self.number);
        let asleep = word.load(Ordering::Relaxed);
        let is_told = has_written || (asleep & WANTS_ROOM != 0 && self.has_made_room());
        if asleep == 0 || !is_told || word.swap(0, Ordering::AcqRel) == 0 {
            return None;
        }
        Some((asleep & BELL).saturating_sub(1) as usize)
    }

    /// Returns whether at least half of the ring that this side reads is free: a writer never waits for more.
    fn has_made_room(&self) -> bool {
        let tail = self.tail(1 - self.number).load(Ordering::Acquire);
        let used = tail.wrapping_sub(self.read.load(Ordering::Acquire));
        used <= (self.capacity / 2) as u64
    }

    fn tail(&self, way: usize) -> &AtomicU64 {
        &self.memory.words()[way * WAY]
    }

    fn head(&self, way: usize) -> &AtomicU64 {
        &self.memory.words()[way * WAY + APART]
    }

    fn sleep_word(&self, side: usize) -> &AtomicU64 {
        &self.memory.words()[side * WAY + 2 * APART]
    }

    /// Returns the next `len` bytes from `at` as words, up to the end of the ring.
    fn data(&self, way: usize, at: u64, len: usize) -> &[AtomicU64] {
        let offset = (at % self.capacity as u64) as usize;
        let len = len.next_multiple_of(WORD).min(self.capacity - offset);
        let begin = DATA + (way * self.capacity + offset) / WORD;
        &self.memory.words()[begin..begin + len / WORD]
    }
}

/// Clears a flag, without a locked instruction if it is clear already.
fn take(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::AcqRel)
}

/// Returns the other side's published position if it is valid: not before `known`, and at most `span` bytes from it.
fn checked(published: u64, known: u64, span: u64) -> Result<u64, WireError> {
    let ahead = published.wrapping_sub(known);
    if ahead > span || !ahead.is_multiple_of(WORD as u64) {
        return Err(WireError::Violation("position outside of the ring"));
    }
    Ok(published)
}

/// Writes to the ring of one direction.
pub(super) struct RingWriter {
    side: Arc<Side>,
    tail: u64,
    /// The other side's head when it was last read.
    head: u64,
    /// Bytes that do not make a word yet.
    carry: [u8; WORD],
    carried: usize,
}

impl RingWriter {
    /// As [`Outlet::room`](super::stream::Outlet::room).
    pub(super) fn room(&mut self, wanted: usize) -> Result<usize, WireError> {
        if self.free() < wanted {
            self.look()?;
        }
        let is_short = self.free() < wanted;
        self.side.room_wanted.store(if is_short { wanted } else { 0 }, Ordering::Release);
        Ok(self.free())
    }

    /// As [`Outlet::begin`](super::stream::Outlet::begin): goes to the beginning of an empty ring, if there is enough
    /// room.
    pub(super) fn begin(&mut self, room: usize) -> Result<(), WireError> {
        let offset = (self.tail % self.side.capacity as u64) as usize;
        if offset < REUSED || offset < room {
            return Ok(());
        }
        self.look()?;
        if self.head == self.tail {
            copy_in(&SKIP.to_le_bytes(), self.side.data(self.side.number, self.tail, WORD));
            self.tail += (self.side.capacity - offset) as u64;
        }
        Ok(())
    }

    /// As [`Outlet::put`](super::stream::Outlet::put).
    pub(super) fn put(&mut self, mut bytes: &[u8]) {
        if self.carried > 0 {
            let (first, rest) = bytes.split_at(bytes.len().min(WORD - self.carried));
            self.carry[self.carried..self.carried + first.len()].copy_from_slice(first);
            self.carried += first.len();
            bytes = rest;
            if self.carried < WORD {
                return;
            }
            self.carried = 0;
            let carry = self.carry;
            self.put_words(&carry);
        }
        let (words, rest) = bytes.split_at(bytes.len() / WORD * WORD);
        self.put_words(words);
        self.carry[..rest.len()].copy_from_slice(rest);
        self.carried = rest.len();
    }

    /// As [`Outlet::pad`](super::stream::Outlet::pad).
    pub(super) fn pad(&mut self) {
        if self.carried > 0 {
            self.put(&[0; WORD][self.carried..]);
        }
    }

    /// As [`Outlet::publish`](super::stream::Outlet::publish).
    pub(super) fn publish(&mut self) {
        self.side.written.store(self.tail, Ordering::Release);
        // Synchronizes with the load in `RingReader::available`.
        self.side.tail(self.side.number).store(self.tail, Ordering::Release);
        self.side.has_written.store(true, Ordering::Release);
    }

    /// Returns the number of bytes that were put so far. To be called only between whole words.
    pub(super) fn position(&self) -> u64 {
        self.tail
    }

    /// Returns the number of bytes that the other side has read.
    pub(super) fn read_by_other(&mut self) -> Result<u64, WireError> {
        self.look()?;
        Ok(self.head)
    }

    fn free(&self) -> usize {
        self.side.capacity - self.tail.wrapping_sub(self.head) as usize
    }

    fn look(&mut self) -> Result<(), WireError> {
        // Synchronizes with the store in `RingReader::publish`.
        let head = self.side.head(self.side.number).load(Ordering::Acquire);
        self.head = checked(head, self.head, self.tail.wrapping_sub(self.head))?;
        Ok(())
    }

    fn put_words(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let place = self.side.data(self.side.number, self.tail, bytes.len());
            let (now, rest) = bytes.split_at(place.len() * WORD);
            copy_in(now, place);
            self.tail += now.len() as u64;
            bytes = rest;
        }
    }
}

/// Reads from the ring of the other direction.
pub(super) struct RingReader {
    side: Arc<Side>,
    head: u64,
    /// The other side's tail when it was last read.
    tail: u64,
    /// The value of `head` that was published to the other side.
    published: u64,
}

impl RingReader {
    /// As [`Inlet::available`](super::stream::Inlet::available).
    pub(super) fn available(&mut self, wanted: usize) -> Result<usize, WireError> {
        let known = self.tail.wrapping_sub(self.head) as usize;
        if known < wanted {
            // Synchronizes with the store in `RingWriter::publish`.
            let tail = self.side.tail(1 - self.side.number).load(Ordering::Acquire);
            self.tail = checked(tail, self.tail, (self.side.capacity - known) as u64)?;
        }
        Ok(self.tail.wrapping_sub(self.head) as usize)
    }

    /// As [`Inlet::word`](super::stream::Inlet::word).
    pub(super) fn word(&mut self) -> u64 {
        let word = self.data(WORD)[0].load(Ordering::Relaxed);
        self.take(WORD);
        word
    }

    /// As [`Inlet::append`](super::stream::Inlet::append).
    pub(super) fn append(&mut self, mut len: usize, into: &mut Vec<u8>) {
        while len > 0 {
            let place = self.data(len);
            let now = len.min(place.len() * WORD);
            append_out(place, now, into);
            self.take(now);
            len -= now;
        }
    }

    /// As [`Inlet::fill`](super::stream::Inlet::fill).
    pub(super) fn fill(&mut self, mut len: usize, into: &mut Filling) {
        while len > 0 {
            let place = self.data(len);
            let now = len.min(place.len() * WORD);
            into.fill(now, |into| copy_out(place, into));
            self.take(now);
            len -= now;
        }
    }

    /// As [`Inlet::skip`](super::stream::Inlet::skip).
    pub(super) fn skip(&mut self) -> Result<(), WireError> {
        let beginning = self.head.next_multiple_of(self.side.capacity as u64);
        // The frame that follows is published together with the skip, so it is there already.
        checked(self.tail, beginning, self.tail.wrapping_sub(self.head))?;
        self.head = beginning;
        Ok(())
    }

    /// As [`Inlet::publish`](super::stream::Inlet::publish).
    pub(super) fn publish(&mut self) {
        if self.published != self.head {
            self.published = self.head;
            self.side.read.store(self.head, Ordering::Release);
            // Synchronizes with the load in `RingWriter::look`.
            self.side.head(1 - self.side.number).store(self.head, Ordering::Release);
            self.side.has_read.store(true, Ordering::Release);
        }
    }

    fn data(&self, len: usize) -> &[AtomicU64] {
        self.side.data(1 - self.side.number, self.head, len)
    }

    fn take(&mut self, len: usize) {
        self.head += len.next_multiple_of(WORD) as u64;
        // A thread that waits for room in the middle of a large message need not wait for the end of it.
        if self.head.wrapping_sub(self.published) >= (self.side.capacity / 8) as u64 {
            self.publish();
        }
    }
}
