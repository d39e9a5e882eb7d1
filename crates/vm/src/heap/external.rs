//! Byte arrays whose bytes live in a [`Buffer`] beside the heap, so that they can be handed over.

use lucarne_message::Buffer;

use super::Word;

/// The buffers of a process. An external byte array holds the place of its buffer in here.
#[derive(Default)]
pub(super) struct Externals {
    slots: Vec<Option<Slot>>,
    free: Vec<u64>,
    bytes: usize,
}

struct Slot {
    buffer: Buffer,
    /// The byte array.
    owner: Word,
}

/// The place of the buffer that an emptied (neutered) byte array has.
pub(super) const NO_BUFFER: u64 = u64::MAX;

impl Externals {
    /// Adds a buffer; its owner is set once it exists.
    pub(super) fn add(&mut self, buffer: Buffer, owner: Word) -> u64 {
        self.bytes += buffer.len();
        let slot = Some(Slot { buffer, owner });
        match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u64 - 1
            }
        }
    }

    /// Takes a buffer out, to hand it over.
    pub(super) fn take(&mut self, place: u64) -> Option<Buffer> {
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?.take()?;
        self.free.push(place);
        self.bytes -= slot.buffer.len();
        Some(slot.buffer)
    }

    pub(super) fn bytes_of(&self, place: u64) -> &[u8] {
        match usize::try_from(place).ok().and_then(|place| self.slots.get(place)) {
            Some(Some(slot)) => slot.buffer.as_slice(),
            _ => &[],
        }
    }

    pub(super) fn bytes_of_mut(&mut self, place: u64) -> &mut [u8] {
        match usize::try_from(place).ok().and_then(|place| self.slots.get_mut(place)) {
            Some(Some(slot)) => slot.buffer.as_mut_slice().unwrap_or_default(),
            _ => &mut [],
        }
    }

    /// The bytes that all buffers take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Frees the buffers whose owner is gone. `moved` tells where an owner is now. After a full
    /// collection every owner that is alive has moved, as external arrays are small objects.
    pub(super) fn sweep(&mut self, moved: impl Fn(Word) -> Option<Word>) {
        for (place, slot) in self.slots.iter_mut().enumerate() {
            let Some(occupied) = slot else { continue };
            match moved(occupied.owner) {
                Some(owner) => occupied.owner = owner,
                None => {
                    self.bytes -= occupied.buffer.len();
                    *slot = None;
                    self.free.push(place as u64);
                }
            }
        }
    }
}
