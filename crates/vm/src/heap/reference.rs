//! References for code outside the heap, and roots that outlive them.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use lucarne_compiler::program::ClassIndex;
use lucarne_message::Buffer;

use super::external::{Content, NO_CONTENT};
use super::{Format, Heap, OutOfMemory, Word};

/// A value that borrows the heap, so that nothing can move it while this is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ref<'h> {
    word: Word,
    heap: PhantomData<&'h Heap>,
}

impl fmt::Debug for Ref<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word.fmt(f)
    }
}

/// A scoped root: a place in the heap's list of kept values, dropped with its scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept(usize);

/// A permanent root, until [`Heap::unroot`].
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Root(u32);

/// A state that a native works on.
pub(crate) struct Lent<T> {
    /// The state.
    pub(crate) state: Box<T>,
    place: u64,
}

impl<'h> Ref<'h> {
    /// null.
    pub const NULL: Ref<'static> = Ref { word: Word::NULL, heap: PhantomData };

    /// true or false.
    pub fn bool(value: bool) -> Ref<'static> {
        Ref { word: Word::bool(value), heap: PhantomData }
    }

    /// An integer of up to 63 bits: sizes, indices, flags. Others: [`Heap::new_int`].
    pub fn small(value: i64) -> Ref<'static> {
        Ref { word: Word::small(value), heap: PhantomData }
    }

    pub(crate) fn of(word: Word) -> Ref<'h> {
        Ref { word, heap: PhantomData }
    }

    /// The bare word. It must not be used after the next allocation.
    pub(crate) fn word(self) -> Word {
        self.word
    }

    /// Whether this is null.
    pub fn is_null(self) -> bool {
        self.word == Word::NULL
    }

    /// Whether a condition takes this for true.
    pub fn is_truthy(self) -> bool {
        !self.word.is_falsy()
    }
}

/// Reading values.
impl Heap {
    /// The class of a value.
    pub fn class(&self, value: Ref<'_>) -> ClassIndex {
        self.class_of(value.word)
    }

    /// The integer, boxed or not.
    #[inline]
    pub fn int(&self, value: Ref<'_>) -> Option<i64> {
        if value.word.is_int() {
            return Some(value.word.as_small());
        }
        let bytes = self.boxed(value, self.builtins().int)?;
        Some(i64::from_le_bytes(bytes))
    }

    /// The float, boxed or not. Integers are none.
    #[inline]
    pub fn float(&self, value: Ref<'_>) -> Option<f64> {
        if let Some(float) = value.word.to_float() {
            return Some(float);
        }
        let bytes = self.boxed(value, self.builtins().float)?;
        Some(f64::from_le_bytes(bytes))
    }

    fn boxed(&self, value: Ref<'_>, class: ClassIndex) -> Option<[u8; 8]> {
        if !value.word.is_pointer() || self.class_of(value.word) != class {
            return None;
        }
        self.raw_bytes(value.word)?.try_into().ok()
    }

    /// The text of a string, be it whole or a slice of another.
    pub fn string(&self, value: Ref<'_>) -> Option<&str> {
        let class = self.class_of(value.word);
        if class == self.builtins().string {
            let bytes = self.raw_bytes(value.word)?;
            // SAFETY: objects of this class are made only by `new_string` and the image, from &str.
            return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
        }
        if class != self.builtins().string_slice {
            return None;
        }
        let (whole, from, to) = self.slice_parts(value)?;
        if self.class_of(whole.word) != self.builtins().string {
            return None;
        }
        self.string(whole)?.get(from..to)
    }

    /// The contents of a byte array, be it whole or a slice of another.
    pub fn bytes(&self, value: Ref<'_>) -> Option<&[u8]> {
        let class = self.class_of(value.word);
        if class == self.builtins().bytes {
            return self.raw_bytes(value.word);
        }
        if class != self.builtins().bytes_slice {
            return None;
        }
        let (whole, from, to) = self.slice_parts(value)?;
        if self.class_of(whole.word) != self.builtins().bytes {
            return None;
        }
        self.raw_bytes(whole.word)?.get(from..to)
    }

    /// The contents of a byte array, be it whole or a slice, to be written.
    pub fn bytes_mut(&mut self, value: Word) -> Option<&mut [u8]> {
        if self.class_of(value) != self.builtins().bytes_slice {
            return self.raw_bytes_mut(value);
        }
        let (whole, from, to) = self.slice_parts(Ref::of(value))?;
        let whole = whole.word;
        self.raw_bytes_mut(whole)?.get_mut(from..to)
    }

    /// The parts of a slice object: what it is of, and its bounds.
    pub(crate) fn slice_parts(&self, value: Ref<'_>) -> Option<(Ref<'_>, usize, usize)> {
        match *self.words(value.word) {
            [whole, from, to, ..] => {
                let from = usize::try_from(from.to_int()?).ok()?;
                let to = usize::try_from(to.to_int()?).ok()?;
                Some((Ref::of(whole), from, to))
            }
            _ => None,
        }
    }

    /// How many fields or elements an object of words has; 0 for all others.
    pub fn length(&self, object: Ref<'_>) -> usize {
        self.words(object.word).len()
    }

    /// A field of an instance or an element of an array, by its place.
    pub fn field(&self, object: Ref<'_>, index: usize) -> Option<Ref<'_>> {
        self.words(object.word).get(index).map(|word| Ref::of(*word))
    }
}

/// Making values.
impl Heap {
    /// An integer.
    ///
    /// # Errors
    /// As for all of these: if the process may not use more memory.
    #[inline]
    pub fn new_int(&mut self, value: i64) -> Result<Ref<'_>, OutOfMemory> {
        if let Some(word) = Word::int(value) {
            return Ok(Ref::of(word));
        }
        self.new_boxed(self.builtins().int, value.to_le_bytes())
    }

    /// A float.
    #[inline]
    pub fn new_float(&mut self, value: f64) -> Result<Ref<'_>, OutOfMemory> {
        if let Some(word) = Word::float(value) {
            return Ok(Ref::of(word));
        }
        self.new_boxed(self.builtins().float, value.to_le_bytes())
    }

    fn new_boxed(&mut self, class: ClassIndex, bytes: [u8; 8]) -> Result<Ref<'_>, OutOfMemory> {
        self.new_raw(class, &[&bytes])
    }

    fn new_raw(&mut self, class: ClassIndex, parts: &[&[u8]]) -> Result<Ref<'_>, OutOfMemory> {
        let length = parts.iter().map(|part| part.len()).sum();
        let word = self.allocate(class, Format::Bytes, length)?;
        // SAFETY: a fresh object of `length` bytes.
        let mut rest = unsafe { std::slice::from_raw_parts_mut(word.address().add(1).cast::<u8>(), length) };
        for part in parts {
            let (start, end) = rest.split_at_mut(part.len());
            start.copy_from_slice(part);
            rest = end;
        }
        Ok(Ref::of(word))
    }

    /// A string. The text lies elsewhere than in this heap, which may move while it is copied.
    pub fn new_string(&mut self, text: &str) -> Result<Ref<'_>, OutOfMemory> {
        self.new_raw(self.builtins().string, &[text.as_bytes()])
    }

    /// The texts of strings in consecutive registers of a stack, joined. None if one is no string.
    pub(crate) fn concat(
        &mut self,
        stack: super::StackId,
        from: usize,
        count: usize,
    ) -> Result<Option<Ref<'_>>, OutOfMemory> {
        let mut length = 0;
        for index in from..from + count {
            match self.string(Ref::of(self.stacks.get(stack).get(index))) {
                Some(text) => length += text.len(),
                None => return Ok(None),
            }
        }
        let word = self.allocate(self.builtins().string, Format::Bytes, length)?;
        let mut at = 0;
        for index in from..from + count {
            let part = self.string(Ref::of(self.stacks.get(stack).get(index))).unwrap_or_default();
            // SAFETY: the fresh string has room for all parts, and is none of them.
            unsafe {
                let target = word.address().add(1).cast::<u8>().add(at);
                std::ptr::copy_nonoverlapping(part.as_ptr(), target, part.len());
            }
            at += part.len();
        }
        Ok(Some(Ref::of(word)))
    }

    /// A byte array of zeros. A large one has a buffer of its own, which can be handed over.
    pub fn new_bytes(&mut self, length: usize) -> Result<Ref<'_>, OutOfMemory> {
        if length <= lucarne_message::INLINE_BYTES_MAX {
            let word = self.allocate(self.builtins().bytes, Format::Bytes, length)?;
            return Ok(Ref::of(word));
        }
        self.reserve(length)?;
        let buffer = Buffer::zeroed(length).map_err(|_| OutOfMemory)?;
        self.adopt(buffer)
    }

    /// A byte array with a copy of bytes that do not lie in this heap.
    pub fn new_bytes_from(&mut self, bytes: &[u8]) -> Result<Ref<'_>, OutOfMemory> {
        let word = self.new_bytes(bytes.len())?.word;
        if let Some(target) = self.raw_bytes_mut(word) {
            target.copy_from_slice(bytes);
        }
        Ok(Ref::of(word))
    }

    /// A byte array that takes over a buffer.
    pub fn adopt(&mut self, buffer: Buffer) -> Result<Ref<'_>, OutOfMemory> {
        self.reserve(buffer.len())?;
        let word = self.allocate(self.builtins().bytes, Format::External, 0)?;
        self.own(word, Content::Buffer(buffer));
        Ok(Ref::of(word))
    }

    /// Makes a fresh or emptied external object the owner of something.
    fn own(&mut self, object: Word, content: Content) {
        let place = self.externals.add(content, object);
        // SAFETY: an external object has one word.
        unsafe { *object.address().add(1) = place };
    }

    /// Takes the buffer out of a byte array, which is empty from then on. None if the array has no
    /// buffer of its own.
    pub fn take_buffer(&mut self, object: Word) -> Option<Buffer> {
        if self.class_of(object) != self.builtins().bytes
            || super::header(object).format() != Format::External
        {
            return None;
        }
        match self.disown(object) {
            Some(Content::Buffer(buffer)) => {
                // Whoever gets it has to have room for it.
                self.settle_charge();
                Some(buffer)
            }
            _ => None,
        }
    }

    /// Takes out what an external object owns.
    fn disown(&mut self, object: Word) -> Option<Content> {
        // SAFETY: an external object has one word.
        let place = unsafe { &mut *object.address().add(1) };
        let content = self.externals.take(*place)?;
        *place = NO_CONTENT;
        Some(content)
    }

    /// Gives a byte array that was emptied its buffer back.
    pub(crate) fn restore_buffer(&mut self, object: Word, buffer: Buffer) {
        self.own(object, Content::Buffer(buffer));
    }

    /// An array of nulls.
    pub fn new_array(&mut self, length: usize) -> Result<Ref<'_>, OutOfMemory> {
        let word = self.allocate(self.builtins().array, Format::Words, length)?;
        Ok(Ref::of(word))
    }

    /// An array whose elements do not keep alive what they refer to.
    pub fn new_weak_array(&mut self, length: usize) -> Result<Ref<'_>, OutOfMemory> {
        let word = self.allocate(self.builtins().array, Format::Weak, length)?;
        Ok(Ref::of(word))
    }

    /// An instance of a class, its fields null.
    pub fn new_instance(&mut self, class: ClassIndex) -> Result<Ref<'_>, OutOfMemory> {
        let fields = self.image.program().classes[class.0 as usize].fields;
        let word = self.allocate(class, Format::Words, fields as usize)?;
        Ok(Ref::of(word))
    }

    /// Stores into a field or element. Does nothing if there is none.
    pub fn set_field(&mut self, object: Word, index: usize, value: Word) {
        if let Some(slot) = self.words_mut(object).get_mut(index) {
            *slot = value;
            self.record_write(object, value);
        }
    }
}

/// States that natives keep between calls. They are freed with the object that owns them.
impl Heap {
    /// An object that owns a state, which takes `outside` bytes besides its own size.
    pub fn new_state<T: Any + Send>(&mut self, state: T, outside: usize) -> Result<Ref<'_>, OutOfMemory> {
        let bytes = size_of::<T>() + outside;
        self.reserve(bytes)?;
        let word = self.allocate(self.builtins().state, Format::External, 0)?;
        self.own(word, Content::State(Box::new(state), bytes));
        Ok(Ref::of(word))
    }

    /// Whether a value is an object that owns a state, or did before it was closed.
    pub(crate) fn is_state(&self, value: Word) -> bool {
        // An instance that a program made by itself is of another format.
        self.class_of(value) == self.builtins().state && super::header(value).format() == Format::External
    }

    /// Whether a state was taken out of its object.
    pub(crate) fn is_closed_state(&self, object: Word) -> bool {
        self.is_state(object) && self.state_place(object) == NO_CONTENT
    }

    /// Frees the state of an object, if it is one that is not closed.
    pub(crate) fn close_state(&mut self, object: Word) {
        if self.is_state(object) {
            self.disown(object);
        }
    }

    fn state_place(&self, object: Word) -> u64 {
        // SAFETY: the caller has asked `is_state`; an external object has one word.
        unsafe { *object.address().add(1) }
    }

    /// Lends out the state of an object. None if it is of another type, lent or closed.
    pub(crate) fn lend_state<T: Any>(&mut self, object: Word) -> Option<Lent<T>> {
        if !self.is_state(object) {
            return None;
        }
        let place = self.state_place(object);
        Some(Lent { state: self.externals.lend(place)?, place })
    }

    /// Takes back a state. Its object may have moved meanwhile.
    pub(crate) fn give_back_state<T: Any + Send>(&mut self, lent: Lent<T>) {
        self.externals.give_back(lent.place, lent.state);
    }

    /// Takes the state out of an object, which is closed from then on.
    pub(crate) fn take_state<T: Any + Send>(&mut self, object: Word) -> Option<T> {
        let lent = self.lend_state(object)?;
        self.disown(object);
        Some(*lent.state)
    }
}

/// Keeping values across allocations.
impl Heap {
    /// Keeps a value until the scope ends: natives are run in one each.
    pub fn keep(&mut self, value: Word) -> Kept {
        self.kept.push(value);
        Kept(self.kept.len() - 1)
    }

    /// What is kept there now.
    pub fn kept(&self, kept: Kept) -> Ref<'_> {
        Ref::of(self.kept[kept.0])
    }

    /// Keeps another value there.
    pub fn set_kept(&mut self, kept: Kept, value: Word) {
        self.kept[kept.0] = value;
    }

    /// The start of a scope.
    pub(crate) fn scope(&self) -> usize {
        self.kept.len()
    }

    /// Ends a scope: what has been kept since is let go.
    #[inline(always)]
    pub(crate) fn end_scope(&mut self, scope: usize) {
        self.kept.truncate(scope);
    }

    /// Makes a permanent root.
    pub fn root(&mut self, value: Word) -> Root {
        match self.free_roots.pop() {
            Some(index) => {
                self.roots[index as usize] = value;
                Root(index)
            }
            None => {
                self.roots.push(value);
                Root(self.roots.len() as u32 - 1)
            }
        }
    }

    /// What a root holds.
    pub fn rooted(&self, root: &Root) -> Ref<'_> {
        Ref::of(self.roots[root.0 as usize])
    }

    /// Changes what a root holds.
    pub fn set_root(&mut self, root: &Root, value: Word) {
        self.roots[root.0 as usize] = value;
    }

    /// Lets a root go.
    pub fn unroot(&mut self, root: Root) {
        self.roots[root.0 as usize] = Word::NULL;
        self.free_roots.push(root.0);
    }
}
