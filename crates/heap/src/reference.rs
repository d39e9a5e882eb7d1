//! References for code outside the interpreter: they borrow the heap, and reading through them is checked.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use lucarne_compiler::program::ClassIndex;

use super::handle::Immediate;
use super::object::{Header, PERMANENT};
use super::{Format, Heap, Kept, Root, Value, Word};

/// A value that borrows the heap, so that no collection can move the object while the reference is held.
///
/// It is an immediate, or it refers to an object that is alive during `'h`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Ref<'h> {
    word: Word,
    heap: PhantomData<&'h Heap>,
}

impl fmt::Debug for Ref<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word.fmt(f)
    }
}

impl From<Immediate> for Ref<'_> {
    fn from(immediate: Immediate) -> Self {
        Ref { word: immediate.word(), heap: PhantomData }
    }
}

impl<'h> Ref<'h> {
    /// null.
    pub const NULL: Ref<'static> = Ref { word: Word::NULL, heap: PhantomData };

    /// Returns true or false.
    pub fn bool(value: bool) -> Ref<'static> {
        Ref { word: Word::bool(value), heap: PhantomData }
    }

    /// Returns an integer that is known to fit into 63 bits: a size, an index, a flag.
    /// [`Heap::new_int`] makes any integer.
    #[inline(always)]
    pub fn small(value: i64) -> Ref<'static> {
        Ref { word: Word::small(value), heap: PhantomData }
    }

    /// # Safety
    /// The word must be an immediate, or refer to an object that is neither moved, written nor freed during `'h`.
    #[inline(always)]
    pub(super) unsafe fn of(word: Word) -> Ref<'h> {
        Ref { word, heap: PhantomData }
    }

    /// Returns the word. It is of no use after the next allocation.
    #[inline(always)]
    pub fn word(self) -> Word {
        self.word
    }

    /// Returns whether this is null.
    pub fn is_null(self) -> bool {
        self.word == Word::NULL
    }

    /// Returns whether a condition treats this value as true: each value but null and false.
    pub fn is_truthy(self) -> bool {
        !self.word.is_falsy()
    }

    /// Returns the integer if it has up to 63 bits, and so no object. See [`Heap::int`] for others.
    #[inline(always)]
    pub fn to_small(self) -> Option<i64> {
        self.word.to_int()
    }

    /// Returns the header of the object; none for immediates.
    #[inline(always)]
    pub(super) fn header(self) -> Option<Header> {
        if !self.word.is_pointer() {
            return None;
        }
        // SAFETY: the object is alive during 'h.
        Some(Header(unsafe { *self.word.address() }))
    }

    /// Returns the fields of an instance or the elements of an array. Returns an empty slice for other values.
    #[inline(always)]
    pub fn elements(self) -> &'h [Ref<'h>] {
        match self.header() {
            // SAFETY: the header says how many words follow it, and all of them are immediates or refer to objects that
            // stay alive as long as this one. `Ref` is a transparent word.
            Some(header) if header.format() == Format::Words => unsafe { self.contents(header.length()) },
            _ => &[],
        }
    }

    /// Returns the elements of a weak array. Returns an empty slice for other values.
    pub fn weak_elements(self) -> &'h [Ref<'h>] {
        match self.header() {
            // SAFETY: as in `elements`. A collection leaves no reference to an object that has been collected.
            Some(header) if header.format() == Format::Weak => unsafe { self.contents(header.length()) },
            _ => &[],
        }
    }

    /// # Safety
    /// The contents of the object must be `length` values of type `T`.
    #[inline(always)]
    unsafe fn contents<T>(self, length: usize) -> &'h [T] {
        // SAFETY: promised by the caller; nothing is written during 'h.
        unsafe { std::slice::from_raw_parts(self.word.address().add(1).cast(), length) }
    }

    /// Returns the text of a whole string. The format says that the bytes are UTF-8: only the heap writes such objects,
    /// and only from `&str`.
    #[inline]
    fn whole_text(self) -> Option<&'h str> {
        let header = self.header().filter(|header| header.format() == Format::Text)?;
        // SAFETY: the header says how many bytes follow it, and its format that they are UTF-8.
        Some(unsafe { std::str::from_utf8_unchecked(self.contents(header.length())) })
    }

    /// Returns the place of the content that an external object owns; none for other values.
    #[inline]
    pub(super) fn place(self) -> Option<u64> {
        self.header().filter(|header| header.format() == Format::External)?;
        // SAFETY: an external object has one word.
        Some(unsafe { *self.word.address().add(1) })
    }
}

/// Reading values. A reference to another heap's object is read as an object of this one, even if its class id stands
/// for another class here: formats, lengths and UTF-8 are properties of objects, not of programs.
impl Heap {
    /// Returns the class of a value.
    #[inline(always)]
    pub fn class(&self, value: Ref<'_>) -> ClassIndex {
        match value.header() {
            Some(header) => ClassIndex(header.class()),
            None => self.class_of_immediate(value.word),
        }
    }

    #[inline(always)]
    fn class_of_immediate(&self, word: Word) -> ClassIndex {
        let builtins = self.builtins();
        if word.is_int() {
            builtins.int
        } else if word.is_float() {
            builtins.float
        } else if word == Word::TRUE {
            builtins.true_
        } else if word == Word::FALSE {
            builtins.false_
        } else {
            builtins.null
        }
    }

    /// Returns the name of the class of a value.
    pub fn class_name(&self, value: Ref<'_>) -> &str {
        let class = self.class(value).0 as usize;
        self.program().classes.get(class).map_or("?", |class| class.name.as_str())
    }

    /// Returns the integer, boxed or not; none for other values.
    #[inline]
    pub fn int(&self, value: Ref<'_>) -> Option<i64> {
        if value.word.is_int() {
            return Some(value.word.as_small());
        }
        let bytes = self.boxed(value, self.builtins().int)?;
        Some(i64::from_le_bytes(bytes))
    }

    /// Returns the float, boxed or not; none for integers and all other values.
    #[inline]
    pub fn float(&self, value: Ref<'_>) -> Option<f64> {
        if let Some(float) = value.word.to_float() {
            return Some(float);
        }
        let bytes = self.boxed(value, self.builtins().float)?;
        Some(f64::from_le_bytes(bytes))
    }

    #[inline]
    fn boxed(&self, value: Ref<'_>, class: ClassIndex) -> Option<[u8; 8]> {
        let header = value.header()?;
        if header.class() != class.0 || header.format() != Format::Bytes {
            return None;
        }
        // SAFETY: the header says how many bytes follow it.
        unsafe { value.contents(header.length()) }.try_into().ok()
    }

    /// Returns the boolean; none for other values.
    pub fn bool(&self, value: Ref<'_>) -> Option<bool> {
        match value.word {
            Word::TRUE => Some(true),
            Word::FALSE => Some(false),
            _ => None,
        }
    }

    /// Returns the text of a string, which may be a slice of another string; none for other values.
    #[inline]
    pub fn string<'h>(&'h self, value: Ref<'h>) -> Option<&'h str> {
        if let Some(text) = value.whole_text() {
            return Some(text);
        }
        if self.class(value) != self.builtins().string_slice {
            return None;
        }
        let (whole, from, to) = self.slice_parts(value)?;
        whole.whole_text()?.get(from..to)
    }

    /// Returns the text of a string that is not a slice; none for other values.
    #[inline(always)]
    pub fn whole_string<'h>(&'h self, value: Ref<'h>) -> Option<&'h str> {
        value.whole_text()
    }

    /// Returns the contents of a byte array, which may be a slice of another byte array; none for other values.
    #[inline]
    pub fn bytes<'h>(&'h self, value: Ref<'h>) -> Option<&'h [u8]> {
        let class = self.class(value);
        if class == self.builtins().bytes {
            return self.whole_bytes(value);
        }
        if class != self.builtins().bytes_slice {
            return None;
        }
        let (whole, from, to) = self.slice_parts(value)?;
        if self.class(whole) != self.builtins().bytes {
            return None;
        }
        self.whole_bytes(whole)?.get(from..to)
    }

    /// Returns the raw bytes of an object: of a byte array that is not a slice, or of a boxed number.
    #[inline]
    pub fn whole_bytes<'h>(&'h self, value: Ref<'h>) -> Option<&'h [u8]> {
        let header = value.header()?;
        match header.format() {
            // SAFETY: the header says how many bytes follow it.
            Format::Bytes => Some(unsafe { value.contents(header.length()) }),
            Format::External => Some(self.externals.bytes_of(value.place()?)),
            _ => None,
        }
    }

    /// Returns the parts of a slice object: the string or byte array that it is a slice of, and the indexes of its
    /// beginning and its end.
    pub fn slice_parts<'h>(&'h self, value: Ref<'h>) -> Option<(Ref<'h>, usize, usize)> {
        match *value.elements() {
            [whole, from, to, ..] => {
                let from = usize::try_from(from.to_small()?).ok()?;
                let to = usize::try_from(to.to_small()?).ok()?;
                Some((whole, from, to))
            }
            _ => None,
        }
    }

    /// Returns the number of fields or elements of an object; 0 for other values.
    pub fn length(&self, object: Ref<'_>) -> usize {
        object.elements().len()
    }

    /// Returns a field of an instance or an element of an array, by its place.
    #[inline]
    pub fn field<'h>(&'h self, object: Ref<'h>, index: usize) -> Option<Ref<'h>> {
        object.elements().get(index).copied()
    }

    /// Returns whether a value can have a finalizer: whether it is an instance, a lambda or an array, not raw bytes.
    pub fn can_be_finalized(&self, value: Ref<'_>) -> bool {
        value.header().is_some_and(|header| matches!(header.format(), Format::Words | Format::Weak))
    }
}

/// A value together with the exclusive borrow of its heap: it can be written, but nothing can be allocated while it is
/// held.
pub struct RefMut<'h> {
    pub(super) heap: &'h mut Heap,
    pub(super) word: Word,
}

impl fmt::Debug for RefMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word.fmt(f)
    }
}

impl<'h> From<RefMut<'h>> for Ref<'h> {
    fn from(value: RefMut<'h>) -> Self {
        value.get()
    }
}

impl<'h> RefMut<'h> {
    /// # Safety
    /// The word must be an immediate, or refer to a live object of this heap or of its program.
    #[inline(always)]
    pub(super) unsafe fn of(heap: &'h mut Heap, word: Word) -> RefMut<'h> {
        RefMut { heap, word }
    }

    /// Returns the word. It is of no use after the next allocation.
    #[inline(always)]
    pub fn word(&self) -> Word {
        self.word
    }

    /// Turns this into a reference that can only be read.
    #[inline(always)]
    pub fn get(self) -> Ref<'h> {
        Ref { word: self.word, heap: PhantomData }
    }

    /// Returns the value, to be read.
    #[inline(always)]
    pub fn as_ref(&self) -> Ref<'_> {
        Ref { word: self.word, heap: PhantomData }
    }

    /// Returns the heap, to read from it.
    #[inline(always)]
    pub fn heap(&self) -> &Heap {
        self.heap
    }

    /// Borrows the value and its heap again, for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> RefMut<'_> {
        RefMut { heap: self.heap, word: self.word }
    }

    /// Returns the value of a field or element of the object; none if the object has no such field or element.
    #[inline(always)]
    pub fn field(self, index: usize) -> Option<RefMut<'h>> {
        let word = self.as_ref().elements().get(index)?.word();
        Some(RefMut { heap: self.heap, word })
    }

    /// Returns an element of a weak array. Returns none if the element is null or does not exist.
    pub fn weak_element(self, index: usize) -> Option<RefMut<'h>> {
        let word = self.as_ref().weak_elements().get(index).filter(|element| !element.is_null())?.word();
        Some(RefMut { heap: self.heap, word })
    }

    /// Returns the words of the object, to be written; an empty slice for immediates, permanent objects and raw bytes.
    #[inline(always)]
    fn words(&mut self) -> &mut [Word] {
        match self.as_ref().header() {
            Some(header)
                if matches!(header.format(), Format::Words | Format::Weak) && !header.has(PERMANENT) =>
            {
                // SAFETY: the header says how many words follow it, and Word is a transparent u64. The slice borrows
                // the heap mutably.
                unsafe { std::slice::from_raw_parts_mut(self.word.address().add(1).cast(), header.length()) }
            }
            _ => &mut [],
        }
    }

    /// # Safety
    /// The value must be current for this heap.
    #[inline(always)]
    pub(super) unsafe fn set_word(&mut self, index: usize, value: Word) {
        if let Some(slot) = self.words().get_mut(index) {
            *slot = value;
            self.heap.record_write(self.word, value);
        }
    }

    /// Stores a value into a field or element. Does nothing if there is no such field or element.
    #[inline(always)]
    pub fn set(&mut self, index: usize, value: impl Value) {
        let value = value.load(self.heap);
        // SAFETY: `Load` promises a current word of this heap.
        unsafe { self.set_word(index, value) }
    }

    /// Stores a value into a range of elements. Does nothing if part of the range is outside of the object.
    pub fn fill(&mut self, range: Range<usize>, value: impl Value) {
        let value = value.load(self.heap);
        if let Some(slots) = self.words().get_mut(range) {
            slots.fill(value);
            self.heap.record_write(self.word, value);
        }
    }

    /// Stores this value into a field or element of another object. Does nothing if there is no such field or element.
    #[inline]
    pub fn store(self, object: impl Value, index: usize) {
        let word = self.word;
        let mut object = self.heap.get_mut(object);
        // SAFETY: the word is current, as nothing was allocated since it was read or made.
        unsafe { object.set_word(index, word) }
    }

    /// Keeps this value until the end of the scope.
    #[inline]
    pub fn keep(self) -> Kept {
        self.heap.keep_current(self.word)
    }

    /// Makes a root, which holds this value until [`Heap::unroot`].
    pub fn root(self) -> Root {
        self.heap.root_current(self.word)
    }

    /// Returns the contents of a byte array, which may be a slice, to be written; none for strings and other values.
    #[inline]
    pub fn bytes_mut(self) -> Option<&'h mut [u8]> {
        if self.heap.class(self.as_ref()) != self.heap.builtins().bytes_slice {
            return self.whole_bytes_mut();
        }
        let (whole, from, to) = self.heap.slice_parts(self.as_ref())?;
        let word = whole.word();
        RefMut { heap: self.heap, word }.whole_bytes_mut()?.get_mut(from..to)
    }

    /// Returns the contents of a byte array that is not a slice, to be written.
    #[inline]
    pub fn whole_bytes_mut(self) -> Option<&'h mut [u8]> {
        let header = self.as_ref().header()?;
        if header.class() != self.heap.builtins().bytes.0 {
            return None;
        }
        match header.format() {
            // SAFETY: the header says how many bytes follow it; the slice borrows the heap mutably.
            Format::Bytes if !header.has(PERMANENT) => Some(unsafe {
                std::slice::from_raw_parts_mut(self.word.address().add(1).cast(), header.length())
            }),
            Format::External => {
                let place = self.as_ref().place()?;
                Some(self.heap.externals.bytes_of_mut(place))
            }
            _ => None,
        }
    }
}

impl Heap {
    /// Copies words from one object to another, or within one. Does nothing if the source is too short. If the target
    /// is too short, copies the words that fit to another object, but copies nothing within one.
    pub fn copy_words(
        &mut self,
        source: impl Value,
        from: usize,
        target: impl Value,
        to: usize,
        count: usize,
    ) {
        let (source, target) = (source.load(self), target.load(self));
        // SAFETY: `Load` promises current words of this heap.
        let mut object = unsafe { self.at_mut(target) };
        if source == target {
            let words = object.words();
            if from.checked_add(count).is_some_and(|end| end <= words.len())
                && to.checked_add(count).is_some_and(|end| end <= words.len())
            {
                words.copy_within(from..from + count, to);
            }
            return;
        }
        // SAFETY: as above. Writing to one object changes no word of another.
        let elements = unsafe { Ref::of(source) }.elements();
        let Some(elements) = from.checked_add(count).and_then(|end| elements.get(from..end)) else { return };
        for (index, element) in elements.iter().enumerate() {
            // SAFETY: elements of a live object are current.
            unsafe { object.set_word(to + index, element.word()) };
        }
    }
}
