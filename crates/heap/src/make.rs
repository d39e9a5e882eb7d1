//! Creates values in a heap: numbers, strings, byte arrays, arrays and instances.

use lucarne_compiler::program::ClassIndex;
use lucarne_message::Buffer;

use super::external::Content;
use super::{Format, Heap, OutOfMemory, RefMut, Word};

impl Heap {
    /// Makes an integer.
    ///
    /// # Errors
    /// As for all of these functions: if the process has reached its memory limit, or the system has no memory left.
    #[inline]
    pub fn new_int(&mut self, value: i64) -> Result<RefMut<'_>, OutOfMemory> {
        match Word::int(value) {
            // SAFETY: an immediate integer.
            Some(word) => Ok(unsafe { self.at_mut(word) }),
            None => self.new_raw(self.builtins().int, Format::Bytes, &value.to_le_bytes()),
        }
    }

    /// Makes a float.
    #[inline]
    pub fn new_float(&mut self, value: f64) -> Result<RefMut<'_>, OutOfMemory> {
        match Word::float(value) {
            // SAFETY: an immediate float.
            Some(word) => Ok(unsafe { self.at_mut(word) }),
            None => self.new_raw(self.builtins().float, Format::Bytes, &value.to_le_bytes()),
        }
    }

    fn new_raw(
        &mut self,
        class: ClassIndex,
        format: Format,
        bytes: &[u8],
    ) -> Result<RefMut<'_>, OutOfMemory> {
        let word = self.allocate(class, format, bytes.len())?;
        // SAFETY: a new object with room for these bytes, which lie elsewhere: a slice of this heap would borrow it.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), word.address().add(1).cast::<u8>(), bytes.len());
        }
        // SAFETY: the object is new.
        Ok(unsafe { self.at_mut(word) })
    }

    /// Makes a string. The text must not lie in this heap, whose objects may move when the string is allocated.
    pub fn new_string(&mut self, text: &str) -> Result<RefMut<'_>, OutOfMemory> {
        self.new_raw(self.builtins().string, Format::Text, text.as_bytes())
    }

    /// Makes a byte array of zeros. A large one has a buffer of its own, which can be handed over.
    pub fn new_bytes(&mut self, length: usize) -> Result<RefMut<'_>, OutOfMemory> {
        if length <= lucarne_message::INLINE_BYTES_MAX {
            return self.new_object(self.builtins().bytes, Format::Bytes, length);
        }
        self.reserve(length)?;
        let buffer = Buffer::zeroed(length).map_err(|_| OutOfMemory)?;
        self.adopt(buffer)
    }

    /// Makes a byte array with a copy of bytes that do not lie in this heap.
    pub fn new_bytes_from(&mut self, bytes: &[u8]) -> Result<RefMut<'_>, OutOfMemory> {
        let mut array = self.new_bytes(bytes.len())?;
        if let Some(target) = array.reborrow().whole_bytes_mut() {
            target.copy_from_slice(bytes);
        }
        Ok(array)
    }

    /// Makes a byte array that takes over a buffer.
    pub fn adopt(&mut self, buffer: Buffer) -> Result<RefMut<'_>, OutOfMemory> {
        self.reserve(buffer.len())?;
        self.new_owner(self.builtins().bytes, Content::Buffer(buffer))
    }

    /// Makes an array of nulls.
    pub fn new_array(&mut self, length: usize) -> Result<RefMut<'_>, OutOfMemory> {
        self.new_object(self.builtins().array, Format::Words, length)
    }

    /// Makes an array whose elements do not keep objects alive in a full collection.
    pub fn new_weak_array(&mut self, length: usize) -> Result<RefMut<'_>, OutOfMemory> {
        self.new_object(self.builtins().array, Format::Weak, length)
    }

    /// Makes a lambda with room for the number of its function and, after that, the given number of captures.
    #[inline]
    pub fn new_lambda(&mut self, captures: usize) -> Result<RefMut<'_>, OutOfMemory> {
        self.new_object(self.builtins().lambda, Format::Words, 1 + captures)
    }

    /// Makes a cell: a variable that outlives its frame.
    #[inline(always)]
    pub fn new_cell(&mut self) -> Result<RefMut<'_>, OutOfMemory> {
        self.new_object(self.builtins().cell, Format::Words, 1)
    }

    /// Makes an instance of a class, its fields null.
    #[inline(always)]
    pub fn new_instance(&mut self, class: ClassIndex) -> Result<RefMut<'_>, OutOfMemory> {
        let fields = self.program().classes[class.0 as usize].fields;
        self.new_object(class, Format::Words, fields as usize)
    }

    #[inline(always)]
    fn new_object(
        &mut self,
        class: ClassIndex,
        format: Format,
        length: usize,
    ) -> Result<RefMut<'_>, OutOfMemory> {
        let word = self.allocate(class, format, length)?;
        // SAFETY: the object is new.
        Ok(unsafe { self.at_mut(word) })
    }
}
