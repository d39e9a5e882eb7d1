//! Tracks the depth of a reader or writer inside lists and maps, and the number of missing values
//! of each.

use smallvec::SmallVec;

/// The maximum nesting of lists and maps.
///
/// It bounds the native recursion of code that builds or drops a tree of values, so that a message
/// cannot overflow a stack.
pub const MAX_DEPTH: usize = 128;

/// The number of values that are still missing, for each open list or map.
pub(crate) struct Nesting {
    /// The missing values of the innermost list or map. The outermost list is imaginary: its only item is the whole
    /// value.
    missing: u64,
    /// The missing values of the enclosing lists and maps, the outermost first.
    around: SmallVec<[u64; 7]>,
}

impl Default for Nesting {
    fn default() -> Nesting {
        Nesting { missing: 1, around: SmallVec::new() }
    }
}

/// The error of a list or map inside [`MAX_DEPTH`] others.
pub(crate) struct TooDeep;

impl Nesting {
    /// Returns whether one whole value has been read or written.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Counts a value other than a list or map. Must not be called when complete.
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

    /// Begins a list or map of `values` values (two for each entry of a map).
    pub(crate) fn begin(&mut self, values: u64) -> Result<(), TooDeep> {
        if values == 0 {
            self.value();
            return Ok(());
        }
        self.push(values)
    }

    /// Begins a list or map that ends with [`Nesting::end`].
    pub(crate) fn begin_open_ended(&mut self) -> Result<(), TooDeep> {
        self.push(OPEN_ENDED)
    }

    /// Ends the innermost list or map. Returns false, and ends nothing, if its length was given at its beginning.
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

/// Stands for an unknown length. It is not a real length, since no machine has room for that many
/// values.
const OPEN_ENDED: u64 = u64::MAX;
