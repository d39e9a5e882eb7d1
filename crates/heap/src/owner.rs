//! Objects that own memory outside of the heap: byte arrays with a buffer, and the states that natives keep between
//! calls. A state is freed with its object.

use std::any::Any;

use lucarne_compiler::program::ClassIndex;
use lucarne_message::Buffer;

use super::external::{Content, NO_CONTENT};
use super::{Format, Heap, OutOfMemory, Ref, RefMut, Value};

/// A state that is lent to a native.
pub struct Lent<T> {
    /// The state, which the native returns with [`Heap::give_back_state`].
    pub state: Box<T>,
    place: u64,
}

impl Heap {
    /// Makes an object that owns a value outside of the heap.
    pub(super) fn new_owner(
        &mut self,
        class: ClassIndex,
        content: Content,
    ) -> Result<RefMut<'_>, OutOfMemory> {
        let word = self.allocate(class, Format::External, 0)?;
        // SAFETY: the object is new.
        let mut object = unsafe { self.at_mut(word) };
        object.own(content);
        Ok(object)
    }

    /// Makes an object that owns a state, which takes `outside` bytes besides its own size.
    ///
    /// # Errors
    /// If the process has reached its memory limit.
    pub fn new_state<T: Any + Send>(&mut self, state: T, outside: usize) -> Result<RefMut<'_>, OutOfMemory> {
        let bytes = size_of::<T>() + outside;
        self.reserve(bytes)?;
        self.new_owner(self.builtins().state, Content::State(Box::new(state), bytes))
    }

    /// Returns the place of the state that an object owns; none for other values.
    fn state_place(&self, value: Ref<'_>) -> Option<u64> {
        // An instance of this class that was made by the program has another format.
        if self.class(value) == self.builtins().state { value.place() } else { None }
    }

    /// Returns whether a value is an object whose state was taken out or freed.
    pub fn is_closed_state(&self, object: Ref<'_>) -> bool {
        self.state_place(object) == Some(NO_CONTENT)
    }

    /// Frees the state of an object. Does nothing for other values and closed states.
    pub fn close_state(&mut self, object: impl Value) {
        let mut object = self.get_mut(object);
        if object.heap().state_place(object.as_ref()).is_some() {
            object.disown();
        }
    }

    /// Lends out the state of an object. Returns none if the state is of another type, lent or closed.
    pub fn lend_state<T: Any>(&mut self, object: impl Value) -> Option<Lent<T>> {
        let place = self.state_place(self.get(object))?;
        Some(Lent { state: self.externals.lend(place)?, place })
    }

    /// Takes back a state that was lent. Its object may have moved since. If the object has been closed or collected,
    /// the state is dropped.
    pub fn give_back_state<T: Any + Send>(&mut self, lent: Lent<T>) {
        self.externals.give_back(lent.place, lent.state);
    }

    /// Sets the bytes that a state takes besides its own size, which have grown or shrunk since it was made. Does nothing
    /// for other values, and for states that are closed or lent.
    ///
    /// # Errors
    /// If the process has reached its memory limit. Then the size stays as it was.
    pub fn resize_state(&mut self, object: impl Value, outside: usize) -> Result<(), OutOfMemory> {
        let Some(place) = self.state_place(self.get(object)) else { return Ok(()) };
        let growth = outside.saturating_sub(self.externals.content_bytes(place));
        self.reserve(growth)?;
        self.externals.set_outside_bytes(place, outside);
        self.settle_charge();
        Ok(())
    }

    /// Takes the state out of an object, which is then closed. Returns none if the state is of another type, lent or
    /// closed.
    pub fn take_state<T: Any + Send>(&mut self, object: impl Value) -> Option<T> {
        let mut object = self.get_mut(object);
        let place = object.heap().state_place(object.as_ref())?;
        let state = object.heap.externals.lend(place)?;
        object.disown();
        Some(*state)
    }
}

impl RefMut<'_> {
    /// Makes an external object the owner of a value. Drops the value if the object is not external.
    fn own(&mut self, content: Content) {
        if self.as_ref().place().is_some() {
            let place = self.heap.externals.add(content, self.word);
            // SAFETY: an external object has one word.
            unsafe { *self.word.address().add(1) = place };
        }
    }

    /// Takes out the content of an external object, which then has none.
    fn disown(&mut self) -> Option<Content> {
        let content = self.heap.externals.take(self.as_ref().place()?)?;
        // SAFETY: an external object has one word.
        unsafe { *self.word.address().add(1) = NO_CONTENT };
        Some(content)
    }

    /// Returns a number that identifies a byte array with a buffer of its own; none for other values. The number stays
    /// the same, and no other array has it, until the buffer is taken.
    pub fn buffer_number(&self) -> Option<u64> {
        self.as_ref().place().filter(|place| self.is_external_array() && *place != NO_CONTENT)
    }

    fn is_external_array(&self) -> bool {
        self.heap.class(self.as_ref()) == self.heap.builtins().bytes && self.as_ref().place().is_some()
    }

    /// Takes the buffer out of a byte array, which is then empty. Returns none if the array has no buffer of its own.
    pub fn take_buffer(&mut self) -> Option<Buffer> {
        if !self.is_external_array() {
            return None;
        }
        match self.disown()? {
            Content::Buffer(buffer) => {
                // From now on the buffer is charged to its next owner.
                self.heap.settle_charge();
                Some(buffer)
            }
            Content::State(..) | Content::Lent(_) => None,
        }
    }

    /// Puts a buffer back into a byte array that was emptied. Drops the buffer if the value is not an emptied array.
    pub fn restore_buffer(&mut self, buffer: Buffer) {
        if self.is_external_array() && self.as_ref().place() == Some(NO_CONTENT) {
            self.own(Content::Buffer(buffer));
        }
    }
}
