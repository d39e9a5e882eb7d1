//! The arithmetic that the loop's fast paths do not handle: boxed numbers, an integer with a float, and overflow. Also
//! the equality and identity of values.
//!
//! Integers have 64 bits and wrap around.

use std::cmp::Ordering;

use super::Interpreter;
use lucarne_heap::{OutOfMemory, Word};
use lucarne_natives::{Failure, order};

/// A number of either kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn as_float(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }

    /// Returns the order of two numbers, or none if one of them is NaN.
    pub(super) fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
            // Converting the integer would round it.
            (Number::Int(left), Number::Float(right)) => order(left, right),
            (Number::Float(left), Number::Int(right)) => order(right, left).map(Ordering::reverse),
            (Number::Float(left), Number::Float(right)) => left.partial_cmp(&right),
        }
    }
}

/// The outcome of an operator on two operands.
pub(super) enum Operands {
    Done(Word),
    Failed(Failure),
    /// One of the operands is not a number: the operator is called as a method.
    NotNumbers,
}

impl Interpreter<'_> {
    #[inline]
    pub(super) fn number(&self, word: Word) -> Option<Number> {
        if word.is_int() {
            return Some(Number::Int(word.as_small()));
        }
        if let Some(value) = word.to_float() {
            return Some(Number::Float(value));
        }
        if !word.is_pointer() {
            return None;
        }
        let value = self.at(word);
        self.heap.int(value).map(Number::Int).or_else(|| self.heap.float(value).map(Number::Float))
    }

    fn operate(
        &mut self,
        left: Word,
        right: Word,
        ints: fn(i64, i64) -> Option<i64>,
        floats: fn(f64, f64) -> f64,
    ) -> Operands {
        let result = match (self.number(left), self.number(right)) {
            (Some(Number::Int(left)), Some(Number::Int(right))) => match ints(left, right) {
                Some(value) => self.heap.new_int(value),
                None => return Operands::Failed(Failure::Error("DIVISION_BY_ZERO")),
            },
            (Some(left), Some(right)) => self.heap.new_float(floats(left.as_float(), right.as_float())),
            _ => return Operands::NotNumbers,
        };
        match result {
            Ok(value) => Operands::Done(value.word()),
            Err(OutOfMemory) => Operands::Failed(Failure::OutOfMemory),
        }
    }

    pub(super) fn add(&mut self, left: Word, right: Word) -> Operands {
        self.operate(left, right, |l, r| Some(l.wrapping_add(r)), |l, r| l + r)
    }

    pub(super) fn subtract(&mut self, left: Word, right: Word) -> Operands {
        self.operate(left, right, |l, r| Some(l.wrapping_sub(r)), |l, r| l - r)
    }

    pub(super) fn multiply(&mut self, left: Word, right: Word) -> Operands {
        self.operate(left, right, |l, r| Some(l.wrapping_mul(r)), |l, r| l * r)
    }

    pub(super) fn divide(&mut self, left: Word, right: Word) -> Operands {
        self.operate(left, right, |l, r| (r != 0).then(|| l.wrapping_div(r)), |l, r| l / r)
    }

    pub(super) fn remainder(&mut self, left: Word, right: Word) -> Operands {
        self.operate(left, right, |l, r| (r != 0).then(|| l.wrapping_rem(r)), |l, r| l % r)
    }

    /// Returns whether two values are equal; none if a method must compare them.
    #[inline]
    pub(super) fn equal(&mut self, left: Word, right: Word) -> Option<bool> {
        if Word::are_ints(left, right) {
            return Some(left == right);
        }
        if left == Word::NULL || right == Word::NULL {
            return Some(left == right);
        }
        if let (Some(left), Some(right)) = (self.number(left), self.number(right)) {
            return Some(left.compare(right) == Some(Ordering::Equal));
        }
        // The same object is equal without a call of its method. A value that is no object (a boolean, or a number
        // beside a value of another kind) equals only itself.
        if left == right || !left.is_pointer() {
            return Some(left == right);
        }
        let texts = (self.heap.whole_string(self.at(left)), self.heap.whole_string(self.at(right)));
        if let (Some(first), Some(second)) = texts {
            let (is_equal, length) = (first == second, first.len());
            if is_equal {
                self.charge_bytes(length);
            }
            return Some(is_equal);
        }
        None
    }

    /// Returns whether two values are the same. Numbers and strings are compared by value, all others by object.
    pub(super) fn identical(&self, left: Word, right: Word) -> bool {
        if left == right {
            return true;
        }
        if !left.is_pointer() || !right.is_pointer() {
            return false;
        }
        match (self.number(left), self.number(right)) {
            (Some(Number::Int(left)), Some(Number::Int(right))) => left == right,
            (Some(Number::Float(left)), Some(Number::Float(right))) => left.to_bits() == right.to_bits(),
            _ => self.equal_strings(left, right),
        }
    }

    /// Returns whether two strings are equal. Equal strings are identical, as programs cannot tell them apart.
    fn equal_strings(&self, left: Word, right: Word) -> bool {
        match (self.heap.string(self.at(left)), self.heap.string(self.at(right))) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        }
    }
}
