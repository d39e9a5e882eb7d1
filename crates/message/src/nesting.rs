//! How deep inside lists and maps a reader or writer is, and how much each of them still wants.

use smallvec::SmallVec;

/// How many lists and maps may be inside one another.
///
/// It bounds the native recursion of whoever builds or drops a tree of values, so that a
/// message cannot overflow anybody's stack.
pub const MAX_DEPTH: usize = 128;

/// The number of values that are still missing, for each open list or map.
pub(crate) struct Nesting {
    /// In the innermost one. Around all of them is a list of one.
    missing: u64,
    /// In those around it, the outermost first.
    around: SmallVec<[u64; 7]>,
}

impl Default for Nesting {
    fn default() -> Nesting {
        Nesting { missing: 1, around: SmallVec::new() }
    }
}

/// A list or map inside [`MAX_DEPTH`] others.
pub(crate) struct TooDeep;

impl Nesting {
    /// Whether one whole value has gone by.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// A value that is no list or map goes by. Must not be called once complete.
    pub(crate) fn value(&mut self) {
        while self.missing != OPEN_ENDED {
            self.missing -= 1;
            if self.missing > 0 {
                return;
            }
            let Some(missing) = self.around.pop() else { return };
            self.missing = missing;
        }
    }

    /// A list or map begins that holds `values` values (two for each entry of a map).
    pub(crate) fn begin(&mut self, values: u64) -> Result<(), TooDeep> {
        if values == 0 {
            self.value();
            return Ok(());
        }
        self.push(values)
    }

    /// A list or map begins that ends with [`Nesting::end`].
    pub(crate) fn begin_open_ended(&mut self) -> Result<(), TooDeep> {
        self.push(OPEN_ENDED)
    }

    /// The innermost list or map ends; false if its length was given at its beginning.
    pub(crate) fn end(&mut self) -> bool {
        if self.missing != OPEN_ENDED {
            return false;
        }
        self.missing = self.around.pop().expect("the list of one is not open-ended");
        self.value();
        true
    }

    fn push(&mut self, values: u64) -> Result<(), TooDeep> {
        if self.around.len() >= MAX_DEPTH {
            return Err(TooDeep);
        }
        self.around.push(self.missing);
        self.missing = values;
        Ok(())
    }
}

/// No length: it can be no real one, since no machine has room for that many values.
const OPEN_ENDED: u64 = u64::MAX;
