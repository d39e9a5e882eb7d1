//! The table of what objects own outside of the heap: the [`Buffer`]s of byte arrays, which can be handed over, and the
//! states that natives keep between calls, such as a hash in progress.

use std::any::Any;

use lucarne_message::Buffer;

use super::Word;

/// The contents that the objects of a process own. An external object holds the place of its content in this table.
#[derive(Default)]
pub(super) struct Externals {
    slots: Vec<Option<Slot>>,
    free: Vec<u64>,
    bytes: usize,
}

struct Slot {
    content: Content,
    /// The object.
    owner: Word,
}

/// The content of an external object.
pub(super) enum Content {
    /// The bytes of a byte array.
    Buffer(Buffer),
    /// A native's state, and the bytes that it takes.
    State(Box<dyn Any + Send>, usize),
    /// A native works on the state, which takes that many bytes.
    Lent(usize),
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Content::Buffer(buffer) => buffer.len(),
            Content::State(_, bytes) | Content::Lent(bytes) => *bytes,
        }
    }
}

/// The place of an object whose content was taken out: an emptied (neutered) byte array, a closed state.
pub(super) const NO_CONTENT: u64 = u64::MAX;

impl Externals {
    /// Adds what an object owns. Returns its place.
    pub(super) fn add(&mut self, content: Content, owner: Word) -> u64 {
        self.bytes += content.bytes();
        let slot = Some(Slot { content, owner });
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

    /// Takes out what an object owns, to hand it over or to end it.
    pub(super) fn take(&mut self, place: u64) -> Option<Content> {
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?.take()?;
        self.free.push(place);
        self.bytes -= slot.content.bytes();
        Some(slot.content)
    }

    /// Lends a state of a type to a native. Returns none if it is of another type, or lent already.
    pub(super) fn lend<T: Any>(&mut self, place: u64) -> Option<Box<T>> {
        let content = self.content_mut(place)?;
        match std::mem::replace(content, Content::Lent(content.bytes())) {
            Content::State(state, bytes) => match state.downcast() {
                Ok(state) => Some(state),
                Err(state) => {
                    *content = Content::State(state, bytes);
                    None
                }
            },
            other => {
                *content = other;
                None
            }
        }
    }

    /// Takes back what was lent.
    pub(super) fn give_back<T: Any + Send>(&mut self, place: u64, state: Box<T>) {
        if let Some(content @ Content::Lent(_)) = self.content_mut(place) {
            *content = Content::State(state, content.bytes());
        }
    }

    fn content_mut(&mut self, place: u64) -> Option<&mut Content> {
        Some(&mut self.slots.get_mut(usize::try_from(place).ok()?)?.as_mut()?.content)
    }

    pub(super) fn bytes_of(&self, place: u64) -> &[u8] {
        let slot = usize::try_from(place).ok().and_then(|place| self.slots.get(place));
        match slot {
            Some(Some(Slot { content: Content::Buffer(buffer), .. })) => buffer.as_slice(),
            _ => &[],
        }
    }

    pub(super) fn bytes_of_mut(&mut self, place: u64) -> &mut [u8] {
        match self.content_mut(place) {
            Some(Content::Buffer(buffer)) => buffer.as_mut_slice().unwrap_or_default(),
            _ => &mut [],
        }
    }

    /// Returns the bytes that all contents take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the bytes that the table itself takes.
    pub(super) fn table_bytes(&self) -> usize {
        self.slots.len() * size_of::<Option<Slot>>()
    }

    /// Takes out the contents of objects that have been collected, to be dropped when the heap is whole again: a
    /// state's `drop` may
    /// panic. `moved` tells where an owner is now. After a full collection every owner that is alive has moved, as
    /// external objects are small.
    pub(super) fn sweep(&mut self, moved: impl Fn(Word) -> Option<Word>) -> Vec<Content> {
        let mut garbage = Vec::new();
        for (place, slot) in self.slots.iter_mut().enumerate() {
            let Some(occupied) = slot else { continue };
            match moved(occupied.owner) {
                Some(owner) => occupied.owner = owner,
                None => {
                    self.bytes -= occupied.content.bytes();
                    garbage.extend(slot.take().map(|slot| slot.content));
                    self.free.push(place as u64);
                }
            }
        }
        garbage
    }
}
