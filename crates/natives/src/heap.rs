//! The natives of the module `heap`: adding and removing finalizers, and closing native states.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("add-finalizer", 2, add_finalizer),
    ("remove-finalizer", 1, remove_finalizer),
    ("close-state", 1, close_state),
];

/// `object lambda`.
fn add_finalizer<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    if !call.heap.can_be_finalized(call.argument(0)) {
        return Err(Failure::WRONG_TYPE);
    }
    let (object, lambda) = (call.register(0), call.register(1));
    if call.heap.has_finalizer(object) {
        return Err(Failure::Error("ALREADY_EXISTS"));
    }
    call.heap.add_finalizer(object, lambda);
    Ok(Ref::NULL)
}

/// `object` -> whether the object had a finalizer.
fn remove_finalizer<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let object = call.register(0);
    Ok(Ref::bool(call.heap.remove_finalizer(object)))
}

/// `state`: frees the content of a native state now, without waiting for the collector.
fn close_state<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let state = call.register(0);
    call.heap.close_state(state);
    Ok(Ref::NULL)
}
