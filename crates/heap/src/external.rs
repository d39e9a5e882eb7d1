//! The table of the contents that objects own outside of the heap: the [`Buffer`]s of byte arrays, which can be handed
//! over, and the states that natives keep between calls, such as a hash in progress.

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
    /// The object that owns the content.
    owner: Word,
}

/// The content of an external object.
pub(super) enum Content {
    /// The bytes of a byte array.
    Buffer(Buffer),
    /// A native's state, and the bytes that it takes.
    State(Box<dyn Any + Send>, usize),
    /// A state that is lent to a native, and the bytes that it takes.
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
    /// Adds the content of an object. Returns its place in the table.
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

    /// Takes out the content of an object, to hand it over or to drop it.
    pub(super) fn take(&mut self, place: u64) -> Option<Content> {
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?.take()?;
        self.free.push(place);
        self.bytes -= slot.content.bytes();
        Some(slot.content)
    }

    /// Lends a state of type `T` to a native. Returns none if the content is of another type, or lent already.
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

    /// Takes back a state that was lent. Drops it if the place no longer holds a lent state.
    pub(super) fn give_back<T: Any + Send>(&mut self, place: u64, state: Box<T>) {
        if let Some(content @ Content::Lent(_)) = self.content_mut(place) {
            *content = Content::State(state, content.bytes());
        }
    }

    /// Returns the bytes that a content takes.
    pub(super) fn content_bytes(&mut self, place: u64) -> usize {
        self.content_mut(place).map_or(0, |content| content.bytes())
    }

    /// Sets the bytes that a state takes outside of its own size. Does nothing for a buffer, or a state that is lent.
    pub(super) fn set_outside_bytes(&mut self, place: u64, outside: usize) {
        let Some(Content::State(state, bytes)) = self.content_mut(place) else { return };
        let (old, new) = (*bytes, size_of_val(&**state) + outside);
        *bytes = new;
        self.bytes = self.bytes - old + new;
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

    /// Takes out the contents of objects that have been collected. The caller drops them when the collection is
    /// complete, since the `drop` of a state may panic. `moved` returns the current reference to an owner, or none if
    /// the owner has been collected. After a full collection every owner that is alive has moved, as external objects
    /// are small.
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
