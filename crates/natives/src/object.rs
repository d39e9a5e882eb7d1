//! Natives that apply to any object: class, identity, hash codes of lambdas, literals, and exceptions with details.

use super::hash::Hasher;
use super::{Call, Failure, Row};
use lucarne_heap::{Heap, Ref};

pub(super) const TABLE: &[Row] = &[
    ("class-id", 1, |call| Ok(Ref::small(call.heap.class(call.argument(0)).0.into()))),
    ("class-name", 1, |call| {
        let name = call.heap.class_name(call.argument(0)).to_owned();
        Ok(call.heap.new_string(&name)?.get())
    }),
    ("identical", 2, |call| Ok(Ref::bool(identical(call.heap, call.argument(0), call.argument(1))))),
    ("lambda-hash", 1, lambda_hash),
    ("literal-index", 1, literal_index),
    ("throw-detailed", 2, throw_detailed),
];

/// Returns whether two values are the same object, or numbers of one class with the same bits, or strings
/// with the same characters.
pub(crate) fn identical(heap: &Heap, left: Ref<'_>, right: Ref<'_>) -> bool {
    if left == right {
        return true;
    }
    if let (Some(left), Some(right)) = (heap.string(left), heap.string(right)) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (heap.int(left), heap.int(right)) {
        return left == right;
    }
    match (heap.float(left), heap.float(right)) {
        (Some(left), Some(right)) => left.to_bits() == right.to_bits(),
        _ => false,
    }
}

/// `text detail`: throws the text. The trace has the detail on lines of its own.
fn throw_detailed<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let error = call.string(0)?.to_owned();
    let detail = format!("EXCEPTION error.\n{error}\n{}", call.string(1)?);
    Err(Failure::Detailed { error: error.into(), detail })
}

/// Returns a hash of the first word of a lambda, which stands for its code. Captured values do not count: they can
/// change.
fn lambda_hash<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let code = call.heap.field(call.argument(0), 0).and_then(|code| call.heap.int(code));
    Ok(Ref::small(Hasher::of(call.heap).int(code.unwrap_or(0)).into()))
}

/// Returns the number of a literal of the program; null for any other object.
fn literal_index<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.heap.objects().literal_index(call.argument(0));
    Ok(index.map_or(Ref::NULL, |index| Ref::small(index as i64)))
}
