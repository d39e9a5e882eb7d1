//! The natives of arrays, and of the lists that use them.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("new", 2, new),
    ("size", 1, |call| Ok(Ref::small(call.array(0)?.len() as i64))),
    ("at", 2, at),
    ("put", 3, put),
    ("list-at", 2, list_at),
    ("list-put", 3, list_put),
    ("move", 5, move_elements),
    ("fill", 4, fill),
    ("new-weak", 0, |call| Ok(call.heap.new_weak_array(1)?.get())),
    ("weak-at", 1, weak_at),
    ("weak-put", 2, weak_put),
];

/// Elements moved for one unit of the budget.
const ELEMENTS_PER_UNIT: usize = 16;

fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.index(0)?;
    call.charge(size / ELEMENTS_PER_UNIT);
    let filler = call.register(1);
    let has_filler = !call.argument(1).is_null();
    let mut array = call.heap.new_array(size)?;
    if has_filler {
        array.fill(0..size, filler);
    }
    Ok(array.get())
}

fn at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.index(1)?;
    let element = call.array(0)?.get(index).ok_or(Failure::OUT_OF_BOUNDS)?;
    Ok(*element)
}

fn put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.index(1)?;
    let value = call.register(2);
    call.store(0, index, value)?;
    Ok(call.argument(2))
}

/// Returns the array of a list and the place of an element in it, which must be below the list's size.
fn list_place<'c>(call: &'c Call<'_>) -> Result<(Ref<'c>, usize), Failure> {
    let index = call.index(1)?;
    let list = call.argument(0);
    let (Some(array), Some(size)) = (call.heap.field(list, 0), call.heap.field(list, 1)) else {
        return Err(Failure::WRONG_TYPE);
    };
    let size = call.heap.int(size).ok_or(Failure::WRONG_TYPE)?;
    if index as i64 >= size {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    Ok((array, index))
}

fn list_at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (array, index) = list_place(call)?;
    call.heap.field(array, index).ok_or(Failure::OUT_OF_BOUNDS)
}

fn list_put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (_, index) = list_place(call)?;
    let (list, value) = (call.register(0), call.register(2));
    if let Some(mut array) = call.heap.get_mut(list).field(0) {
        array.set(index, value);
    }
    Ok(call.argument(2))
}

/// `from-array from to-array to count`
fn move_elements<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (from, to, count) = (call.index(1)?, call.index(3)?, call.index(4)?);
    let within = |start: usize, size: usize| start.checked_add(count).is_some_and(|end| end <= size);
    if !within(from, call.array(0)?.len()) || !within(to, call.array(2)?.len()) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    call.charge(count / ELEMENTS_PER_UNIT);
    let (source, target) = (call.register(0), call.register(2));
    call.heap.copy_words(source, from, target, to, count);
    Ok(Ref::NULL)
}

/// `array from to value`
fn fill<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let range = call.range(1, 2, call.array(0)?.len())?;
    call.charge(range.len() / ELEMENTS_PER_UNIT);
    let (array, value) = (call.register(0), call.register(3));
    call.heap.get_mut(array).fill(range, value);
    Ok(Ref::NULL)
}

fn weak_at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.argument(0).weak_elements().first().copied().ok_or(Failure::WRONG_TYPE)
}

fn weak_put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (cell, value) = (call.register(0), call.register(1));
    call.heap.set_field(cell, 0, value);
    Ok(call.argument(1))
}
