//! Handles: names of values that stay valid when a collection moves the values.
//!
//! A handle holds a place that the collector updates (a register, a kept value, a root), or a value that is never
//! moved. Reading through a handle is checked. A handle that is used with another heap, or after its place was given
//! up, reads null or another live value of the heap that it is used with.

use lucarne_compiler::program::ClassIndex;

use super::{Heap, Ref, RefMut, StackId, Word};

/// A value that can be stored or kept: a handle, or a value without an object.
///
/// The trait is sealed: the heap relies on each implementation to return a current word of the heap that it is given.
pub trait Value: sealed::Load {}

impl<T: sealed::Load> Value for T {}

pub(super) mod sealed {
    use super::{Heap, Word};

    /// Reads the current word of a value.
    pub trait Load {
        /// Returns the word that the value has in this heap now: an immediate, or a reference to a live object of the
        /// heap or of its program.
        fn load(&self, heap: &Heap) -> Word;
    }
}

/// A value without an object: null, a boolean or a small integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Immediate(Word);

impl Immediate {
    /// null.
    pub const NULL: Immediate = Immediate(Word::NULL);
    /// true.
    pub const TRUE: Immediate = Immediate(Word::TRUE);
    /// false.
    pub const FALSE: Immediate = Immediate(Word::FALSE);

    /// Returns true or false.
    pub const fn bool(value: bool) -> Immediate {
        Immediate(Word::bool(value))
    }

    /// Returns an integer that is known to fit into 63 bits: a size, an index, a flag.
    #[inline(always)]
    pub const fn small(value: i64) -> Immediate {
        Immediate(Word::small(value))
    }

    /// Returns an integer if it fits into 63 bits.
    pub fn int(value: i64) -> Option<Immediate> {
        Word::int(value).map(Immediate)
    }

    pub(super) fn word(self) -> Word {
        self.0
    }
}

impl sealed::Load for Immediate {
    #[inline(always)]
    fn load(&self, _heap: &Heap) -> Word {
        self.0
    }
}

/// A register of a stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Register {
    stack: StackId,
    index: usize,
}

impl Register {
    /// Names a register by its place in a stack.
    #[inline(always)]
    pub fn new(stack: StackId, index: usize) -> Register {
        Register { stack, index }
    }

    /// Returns the register `count` places above this one.
    #[inline(always)]
    pub fn above(self, count: usize) -> Register {
        Register { stack: self.stack, index: self.index + count }
    }
}

impl sealed::Load for Register {
    #[inline(always)]
    fn load(&self, heap: &Heap) -> Word {
        heap.stacks.find(self.stack).and_then(|stack| stack.peek(self.index)).unwrap_or(Word::NULL)
    }
}

/// A kept value: a place in the heap's list of kept values, given up at the end of its [`Scope`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept(usize);

impl sealed::Load for Kept {
    #[inline(always)]
    fn load(&self, heap: &Heap) -> Word {
        heap.kept.get(self.0).copied().unwrap_or(Word::NULL)
    }
}

/// A root: its value is kept until [`Heap::unroot`].
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Root(u32);

impl sealed::Load for &Root {
    #[inline(always)]
    fn load(&self, heap: &Heap) -> Word {
        heap.roots.get(self.0 as usize).copied().unwrap_or(Word::NULL)
    }
}

/// A field or element of the object that another handle names.
#[derive(Clone, Copy, Debug)]
pub struct Field<V> {
    object: V,
    index: usize,
}

impl<V> Field<V> {
    /// Names a field or element by its place. The handle reads null if the object has no such field or element.
    pub fn new(object: V, index: usize) -> Field<V> {
        Field { object, index }
    }
}

impl<V: Value> sealed::Load for Field<V> {
    #[inline]
    fn load(&self, heap: &Heap) -> Word {
        heap.get_ref(&self.object).elements().get(self.index).map_or(Word::NULL, |element| element.word())
    }
}

/// A handle whose kind is chosen at run time.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    /// A value without an object.
    Immediate(Immediate),
    /// A register of a stack.
    Register(Register),
    /// A kept value.
    Kept(Kept),
}

impl Handle {
    /// null.
    pub const NULL: Handle = Handle::Immediate(Immediate::NULL);
}

impl sealed::Load for Handle {
    #[inline]
    fn load(&self, heap: &Heap) -> Word {
        match self {
            Handle::Immediate(immediate) => immediate.load(heap),
            Handle::Register(register) => register.load(heap),
            Handle::Kept(kept) => kept.load(heap),
        }
    }
}

impl From<Immediate> for Handle {
    fn from(immediate: Immediate) -> Handle {
        Handle::Immediate(immediate)
    }
}

impl From<Register> for Handle {
    fn from(register: Register) -> Handle {
        Handle::Register(register)
    }
}

impl From<Kept> for Handle {
    fn from(kept: Kept) -> Handle {
        Handle::Kept(kept)
    }
}

/// The start of a scope of kept values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope(usize);

/// Functions for reading through handles, and for keeping values across allocations.
impl Heap {
    /// Returns the value that a handle names.
    #[inline(always)]
    pub fn get(&self, value: impl Value) -> Ref<'_> {
        self.get_ref(&value)
    }

    #[inline(always)]
    pub(super) fn get_ref<V: Value>(&self, value: &V) -> Ref<'_> {
        // SAFETY: `Load` promises a current word of this heap.
        unsafe { self.at(value.load(self)) }
    }

    /// Returns the value that a handle names, together with the exclusive borrow of the heap.
    #[inline(always)]
    pub fn get_mut(&mut self, value: impl Value) -> RefMut<'_> {
        let word = value.load(self);
        // SAFETY: `Load` promises a current word of this heap.
        unsafe { self.at_mut(word) }
    }

    /// Stores a value into a field or element. Does nothing if there is no such field or element.
    #[inline(always)]
    pub fn set_field(&mut self, object: impl Value, index: usize, value: impl Value) {
        self.get_mut(object).set(index, value);
    }

    /// Returns the class of the value that a handle names.
    pub fn class_of(&self, value: impl Value) -> ClassIndex {
        self.class(self.get(value))
    }

    /// Keeps a value until the end of the current scope. Each call of a native has a scope.
    #[inline]
    pub fn keep(&mut self, value: impl Value) -> Kept {
        let word = value.load(self);
        self.keep_current(word)
    }

    /// Keeps a word that is current.
    #[inline]
    pub(super) fn keep_current(&mut self, word: Word) -> Kept {
        self.kept.push(word);
        Kept(self.kept.len() - 1)
    }

    /// Replaces a kept value. Does nothing if its place was given up.
    pub fn set_kept(&mut self, kept: Kept, value: impl Value) {
        let word = value.load(self);
        if let Some(place) = self.kept.get_mut(kept.0) {
            *place = word;
        }
    }

    /// Starts a scope of kept values.
    #[inline(always)]
    pub fn scope(&self) -> Scope {
        Scope(self.kept.len())
    }

    /// Ends a scope: gives up the values that were kept since it started.
    #[inline(always)]
    pub fn end_scope(&mut self, scope: Scope) {
        self.kept.truncate(scope.0);
    }

    /// Ends a scope and returns the value of a handle, which may be a kept value of that scope.
    #[inline]
    pub fn leave(&mut self, scope: Scope, value: impl Value) -> RefMut<'_> {
        let word = value.load(self);
        self.end_scope(scope);
        // SAFETY: `Load` promises a current word of this heap, and giving up kept values moves nothing.
        unsafe { self.at_mut(word) }
    }

    /// Gives up all kept values.
    #[inline(always)]
    pub fn release_kept(&mut self) {
        self.kept.clear();
    }

    /// Makes a root, which holds the value until [`Heap::unroot`].
    pub fn root(&mut self, value: impl Value) -> Root {
        let word = value.load(self);
        self.root_current(word)
    }

    /// Makes a root of a word that is current.
    pub(super) fn root_current(&mut self, word: Word) -> Root {
        match self.free_roots.pop() {
            Some(index) => {
                self.roots[index as usize] = word;
                Root(index)
            }
            None => {
                self.roots.push(word);
                Root(self.roots.len() as u32 - 1)
            }
        }
    }

    /// Changes the value that a root holds.
    pub fn set_root(&mut self, root: &Root, value: impl Value) {
        let word = value.load(self);
        if let Some(place) = self.roots.get_mut(root.0 as usize) {
            *place = word;
        }
    }

    /// Frees a root.
    pub fn unroot(&mut self, root: Root) {
        // A root of another heap may have an index that this heap does not use.
        if let Some(place) = self.roots.get_mut(root.0 as usize) {
            *place = Word::NULL;
            self.free_roots.push(root.0);
        }
    }
}
