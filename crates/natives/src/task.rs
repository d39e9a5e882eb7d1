//! The running task. Operations of tasks on each other are effects.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("current", current)];

/// -> the `Task_` of the running task.
fn current<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.current_task())
}
