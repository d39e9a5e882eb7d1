//! Arrays, and the lists made of them.

use super::{Call, Failure, Row};
use crate::heap::{Ref, Word};

pub(super) const TABLE: &[Row] = &[
    ("new", new),
    ("size", |call| Ok(Ref::small(call.array(0)?.len() as i64))),
    ("at", at),
    ("put", put),
    ("list-at", list_at),
    ("list-put", list_put),
    ("move", move_elements),
    ("fill", fill),
    ("new-weak", |call| Ok(call.heap.new_weak_array(1)?)),
    ("weak-at", weak_at),
    ("weak-put", weak_put),
];

/// Elements moved for one unit of the budget.
const ELEMENTS_PER_UNIT: usize = 16;

fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.index(0)?;
    call.charge(size / ELEMENTS_PER_UNIT);
    let array = call.heap.new_array(size)?.word();
    let filler = call.word(1);
    if filler != Word::NULL {
        call.heap.words_mut(array).fill(filler);
        call.heap.record_write(array, filler);
    }
    Ok(Ref::of(array))
}

fn at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.index(1)?;
    let element = call.array(0)?.get(index).ok_or(Failure::OUT_OF_BOUNDS)?;
    Ok(Ref::of(*element))
}

fn put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.index(1)?;
    let value = call.word(2);
    call.store(0, index, value)?;
    Ok(Ref::of(value))
}

/// The array of a list and the place of an element in it, which must be below the list's size.
fn list_place(call: &Call<'_>) -> Result<(Word, usize), Failure> {
    let index = call.index(1)?;
    let list = call.argument(0);
    let (Some(array), Some(size)) = (call.heap.field(list, 0), call.heap.field(list, 1)) else {
        return Err(Failure::WRONG_TYPE);
    };
    let size = call.heap.int(size).ok_or(Failure::WRONG_TYPE)?;
    if index as i64 >= size {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    Ok((array.word(), index))
}

fn list_at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (array, index) = list_place(call)?;
    call.heap.field(Ref::of(array), index).ok_or(Failure::OUT_OF_BOUNDS)
}

fn list_put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (array, index) = list_place(call)?;
    let value = call.word(2);
    call.heap.set_field(array, index, value);
    Ok(Ref::of(value))
}

/// `from-array from to-array to count`
fn move_elements<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (from, to, count) = (call.index(1)?, call.index(3)?, call.index(4)?);
    let within = |start: usize, size: usize| start.checked_add(count).is_some_and(|end| end <= size);
    if !within(from, call.array(0)?.len()) || !within(to, call.array(2)?.len()) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    call.charge(count / ELEMENTS_PER_UNIT);
    let (source, target) = (call.word(0), call.word(2));
    if source == target {
        call.heap.words_mut(target).copy_within(from..from + count, to);
        return Ok(Ref::NULL);
    }
    for index in 0..count {
        let element = call.heap.words(source)[from + index];
        call.heap.set_field(target, to + index, element);
    }
    Ok(Ref::NULL)
}

/// `array from to value`
fn fill<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let range = call.range(1, 2, call.array(0)?.len())?;
    call.charge(range.len() / ELEMENTS_PER_UNIT);
    let (array, value) = (call.word(0), call.word(3));
    call.heap.words_mut(array)[range].fill(value);
    call.heap.record_write(array, value);
    Ok(Ref::NULL)
}

fn weak_at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.heap.weak_words(call.word(0)).first().ok_or(Failure::WRONG_TYPE)?;
    Ok(Ref::of(*value))
}

fn weak_put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (cell, value) = (call.word(0), call.word(1));
    call.heap.set_field(cell, 0, value);
    Ok(Ref::of(value))
}
