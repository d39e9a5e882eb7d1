//! Finalizers.

use super::{Call, Failure, Row};
use crate::heap::Ref;

pub(super) const TABLE: &[Row] =
    &[("add-finalizer", add_finalizer), ("remove-finalizer", remove_finalizer), ("close-state", close_state)];

/// `object lambda`.
fn add_finalizer<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (object, lambda) = (call.word(0), call.word(1));
    let has_bytes = call.heap.raw_bytes(object).is_some();
    if !object.is_pointer() || has_bytes {
        return Err(Failure::WRONG_TYPE);
    }
    if call.heap.has_finalizer(object) {
        return Err(Failure::Error("ALREADY_EXISTS"));
    }
    call.heap.add_finalizer(object, lambda);
    Ok(Ref::NULL)
}

/// `object` -> whether it had one.
fn remove_finalizer<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let object = call.word(0);
    Ok(Ref::bool(call.heap.remove_finalizer(object)))
}

/// `state`: frees what a native remembers, before the collector does.
fn close_state<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let state = call.word(0);
    call.heap.close_state(state);
    Ok(Ref::NULL)
}
