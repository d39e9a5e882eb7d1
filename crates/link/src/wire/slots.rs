//! The sealed files that both sides of a stream know: each is passed once, and then named by its slot.
//!
//! The sender decides which file is in which slot, within limits that the receiver checks. The receiver keeps the
//! file until the sender reuses the slot or says that the file can be forgotten, which it does when no process on its
//! side holds the bytes any more.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_message::{Buffer, Sealed, WeakSealed};

use super::stream::out_of_memory;
use super::{Limits, WireError};

/// The number of slots in each direction. It is also the maximum number of descriptors that the other side can make
/// this side keep in slots.
pub(super) const SLOTS: usize = 64;
/// The maximum number of bytes in all slots together.
const BYTES_MAX: usize = 256 << 20;

/// The sender's side.
#[derive(Default)]
pub(super) struct SentSlots {
    slots: Vec<Option<SentSlot>>,
    bytes: usize,
    /// The number of searches so far, to find the least recently used slot.
    clock: u64,
    /// The slot that `next_forgotten` looks at next.
    next: usize,
}

struct SentSlot {
    /// None if the receiver is to forget the file.
    sealed: Option<WeakSealed>,
    len: usize,
    used: u64,
}

impl SentSlots {
    /// Returns the slot that has these bytes.
    pub(super) fn find(&mut self, sealed: &Sealed) -> Option<u32> {
        self.clock += 1;
        let at = self.slots.iter().position(|slot| slot.as_ref().is_some_and(|slot| slot.has(sealed)))?;
        self.slots[at].as_mut()?.used = self.clock;
        Some(at as u32)
    }

    /// Returns a slot for `len` bytes: an empty one, or the least recently used one. Returns none if the slots
    /// together would then hold too many bytes. In that case the least recently used file is marked as to be forgotten,
    /// so that there will be a slot later, unless `len` alone is too large.
    pub(super) fn choose(&mut self, len: usize) -> Option<u32> {
        self.slots.resize_with(SLOTS, || None);
        let used = |at: &usize| self.slots[*at].as_ref().map_or(0, |slot| slot.used);
        let oldest = (0..SLOTS).min_by_key(used)?;
        if len <= BYTES_MAX && self.bytes - self.len_of(oldest) + len > BYTES_MAX {
            let full = (0..SLOTS).filter(|at| used(at) > 0).min_by_key(used)?;
            self.slots[full].as_mut()?.sealed = None;
        }
        (self.bytes - self.len_of(oldest) + len <= BYTES_MAX).then_some(oldest as u32)
    }

    /// Puts bytes into the slot that was chosen for them.
    pub(super) fn set(&mut self, slot: u32, sealed: &Sealed) {
        let len = sealed.as_slice().len();
        self.bytes = self.bytes - self.len_of(slot as usize) + len;
        self.slots[slot as usize] =
            Some(SentSlot { sealed: Some(sealed.downgrade()), len, used: self.clock });
    }

    /// Checks the next slot: one for each call. If its file is to be forgotten, or nothing holds its bytes any more,
    /// empties the slot and returns its number.
    pub(super) fn next_forgotten(&mut self) -> Option<u32> {
        let at = self.next;
        self.next = if at + 1 >= self.slots.len() { 0 } else { at + 1 };
        if !self.slots.get(at)?.as_ref()?.is_to_be_forgotten() {
            return None;
        }
        self.bytes -= self.len_of(at);
        self.slots[at] = None;
        Some(at as u32)
    }

    fn len_of(&self, at: usize) -> usize {
        self.slots[at].as_ref().map_or(0, |slot| slot.len)
    }
}

impl SentSlot {
    fn has(&self, sealed: &Sealed) -> bool {
        self.sealed.as_ref().is_some_and(|weak| weak.is(sealed))
    }

    fn is_to_be_forgotten(&self) -> bool {
        self.sealed.as_ref().is_none_or(WeakSealed::is_gone)
    }
}

/// The receiver's side.
pub(super) struct ReceivedSlots {
    slots: Vec<Option<Sealed>>,
    held: Arc<Held>,
    limits: Limits,
}

/// The other side's files that are kept, in slots or by their receivers.
#[derive(Default)]
struct Held {
    files: AtomicUsize,
    bytes: AtomicUsize,
}

/// The guard of a file, which counts in `Held` until it is dropped.
struct Charge {
    held: Arc<Held>,
    bytes: usize,
}

impl Charge {
    fn new(held: &Arc<Held>, bytes: usize) -> Charge {
        held.files.fetch_add(1, Ordering::Relaxed);
        held.bytes.fetch_add(bytes, Ordering::Relaxed);
        Charge { held: held.clone(), bytes }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.held.files.fetch_sub(1, Ordering::Relaxed);
        self.held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl ReceivedSlots {
    pub(super) fn new(limits: Limits) -> ReceivedSlots {
        ReceivedSlots { slots: Vec::new(), held: Arc::default(), limits }
    }

    /// Checks that the sender may put a file of `len` bytes into a slot.
    pub(super) fn check(&mut self, slot: u32, len: usize) -> Result<(), WireError> {
        self.slots.resize_with(SLOTS, || None);
        let others = self.slots.iter().enumerate().filter(|(at, _)| *at != slot as usize);
        let bytes: usize = others.filter_map(|(_, sealed)| Some(sealed.as_ref()?.as_slice().len())).sum();
        if slot as usize >= SLOTS || len == 0 || bytes.saturating_add(len) > BYTES_MAX {
            return Err(WireError::Violation("sealed file beyond the limits"));
        }
        Ok(())
    }

    /// Puts a file into a slot that was checked.
    pub(super) fn set(&mut self, slot: u32, len: usize, file: OwnedFd) -> Result<Buffer, WireError> {
        let charge = Charge::new(&self.held, len);
        let sealed = Sealed::from_file(file, len, charge).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => WireError::Violation("file not sealed as announced"),
            _ => WireError::System(error),
        })?;
        let sealed = self.slots[slot as usize].insert(sealed).clone();
        self.buffer(sealed)
    }

    /// Returns the bytes in a slot.
    pub(super) fn get(&mut self, slot: u32, len: usize) -> Result<Buffer, WireError> {
        match self.slots.get(slot as usize) {
            Some(Some(sealed)) if sealed.as_slice().len() == len => self.buffer(sealed.clone()),
            _ => Err(WireError::Violation("slot without such bytes")),
        }
    }

    /// Empties a slot.
    pub(super) fn forget(&mut self, slot: u32) -> Result<(), WireError> {
        match self.slots.get_mut(slot as usize).and_then(Option::take) {
            Some(_) => Ok(()),
            None => Err(WireError::Violation("slot without such bytes")),
        }
    }

    /// Returns the bytes of a file. If more files or bytes are held than the limits allow, the buffer is a copy.
    fn buffer(&self, sealed: Sealed) -> Result<Buffer, WireError> {
        let is_too_much = self.held.files.load(Ordering::Relaxed) > self.limits.descriptors
            || self.held.bytes.load(Ordering::Relaxed) > self.limits.mapped_bytes;
        if is_too_much {
            return Buffer::copy_of(sealed.as_slice()).map_err(|_| out_of_memory());
        }
        Ok(Buffer::sealed(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(len: usize) -> Sealed {
        Sealed::copy_of(&vec![1; len]).unwrap()
    }

    fn file(sealed: &Sealed) -> OwnedFd {
        sealed.file().try_clone_to_owned().unwrap()
    }

    #[test]
    fn the_slot_that_was_used_least_recently_is_reused() {
        let mut slots = SentSlots::default();
        let all: Vec<_> = (0..SLOTS).map(|_| sealed(10)).collect();
        for sealed in &all {
            assert_eq!(slots.find(sealed), None);
            let slot = slots.choose(10).unwrap();
            slots.set(slot, sealed);
        }
        assert_eq!(slots.find(&all[0]), Some(0));
        assert_eq!(slots.choose(10), Some(1));
        slots.set(1, &sealed(10));
        assert_eq!((slots.find(&all[0]), slots.find(&all[1])), (Some(0), None));
    }

    #[test]
    fn what_takes_too_much_together_is_forgotten_one_after_the_other() {
        let mut slots = SentSlots::default();
        let one = sealed(10);
        assert_eq!((slots.find(&one), slots.choose(BYTES_MAX + 1)), (None, None));
        let slot = slots.choose(10).unwrap();
        slots.set(slot, &one);
        assert_eq!(slots.find(&one), Some(slot));
        assert_eq!(slots.choose(BYTES_MAX), None);
        assert_eq!((0..2 * SLOTS).filter_map(|_| slots.next_forgotten()).collect::<Vec<_>>(), [slot]);
        assert!(slots.choose(BYTES_MAX).is_some());
    }

    #[test]
    fn unheld_files_are_forgotten() {
        let mut slots = SentSlots::default();
        assert_eq!(slots.next_forgotten(), None);
        let one = sealed(10);
        let slot = slots.choose(10).unwrap();
        slots.set(slot, &one);
        assert!((0..2 * SLOTS).all(|_| slots.next_forgotten().is_none()));
        drop(one);
        assert_eq!((0..2 * SLOTS).filter_map(|_| slots.next_forgotten()).collect::<Vec<_>>(), [slot]);
        assert_eq!(slots.bytes, 0);
    }

    #[test]
    fn what_is_kept_counts_and_then_copies_are_made() {
        let limits = Limits { descriptors: 2, ..Limits::default() };
        let mut slots = ReceivedSlots::new(limits);
        let one = sealed(10);
        let mut receive = || {
            slots.check(0, 10).unwrap();
            slots.set(0, 10, file(&one)).unwrap()
        };
        let kept: Vec<_> = (0..2).map(|_| receive()).collect();
        assert!(kept.iter().all(|buffer| buffer.as_sealed().is_some()));
        assert!(receive().as_sealed().is_none());
        drop(kept);
        assert!(receive().as_sealed().is_some());
    }

    #[test]
    fn a_receiver_keeps_no_more_than_was_agreed() {
        let mut slots = ReceivedSlots::new(Limits::default());
        assert!(slots.check(SLOTS as u32, 1).is_err());
        assert!(slots.check(0, 0).is_err());
        assert!(slots.check(0, BYTES_MAX + 1).is_err());
        slots.check(0, 10).unwrap();
        slots.set(0, 10, file(&sealed(10))).unwrap();
        assert!(slots.check(1, BYTES_MAX - 9).is_err());
        assert!(slots.check(0, BYTES_MAX).is_ok());
        assert!(slots.get(0, 9).is_err());
        assert!(slots.get(1, 10).is_err());
        assert!(slots.forget(0).is_ok());
        assert!(slots.forget(0).is_err());
        assert!(slots.get(0, 10).is_err());
    }
}
