//! The native that returns the running task. All other operations on tasks are effects.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("current", 0, current)];

/// -> the `Task_` of the running task.
fn current<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.current_task())
}
