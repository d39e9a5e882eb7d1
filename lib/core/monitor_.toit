import .task

/**
The base of each `monitor`: an object in which only one task runs at a time.

The compiler runs each public method of a monitor in $__Monitor__.locked_. A method waits for a
  condition with $__Monitor__.await, which lets other tasks in meanwhile.
*/
class __Monitor__:
  owner_/Task_? := null
  /** The tasks that wait to enter. */
  entering_/TaskQueue_? := null
  /** The tasks that wait for a condition. */
  awaiting_/TaskQueue_? := null
  /** The number of changes that a condition may depend on. */
  changes_/int := 0

  /**
  Waits until $condition returns true.

  Throws DEADLINE_EXCEEDED when the task's deadline comes first. The condition must not change
    anything.
  */
  await [condition] -> none:
    if not (await_ Task_.current.deadline_ condition): throw DEADLINE-EXCEEDED-ERROR

  /**
  Variant of $await that waits at most until the $deadline. Returns whether the condition became true.
  */
  try-await --deadline/int? [condition] -> bool:
    limit := Task_.current.deadline_
    if deadline: limit = limit ? (min limit deadline) : deadline
    return await_ limit condition

  await_ deadline/int? [condition] -> bool:
    self := Task_.current
    if not identical owner_ self: throw "must own monitor to await"
    is-changed := true
    has-changed-twice := false
    while true:
      if self.is-interrupted_: throw CANCELED-ERROR
      if deadline and Time.monotonic-us >= deadline: return false
      if not owner_: owner_ = self
      if identical owner_ self:
        // Existing programs rely on these two evaluations: for the change that woke the task, and
        // for later changes.
        if condition.call or (has-changed-twice and condition.call): return true
        owner_ = null
        // Before the first try the method itself may have changed the state; a condition never does.
        has-woken := leave_ --changed=is-changed
        is-changed = false
        if has-woken:
          // Tasks that have waited longer enter the queue again first, and so stay ahead of this task.
          changes := changes_
          task-yield_
          if changes_ != changes: continue
        // The task may have been canceled meanwhile.
        if self.is-interrupted_: throw CANCELED-ERROR
      if not awaiting_: awaiting_ = TaskQueue_
      changes := changes_
      awaiting_.park self deadline
      has-changed-twice = changes_ - changes > 1

  /** Wakes the tasks that wait for a condition, so that they check it again. */
  notify_ -> none:
    leave_ --changed

  locked_ [block]:
    self := Task_.current
    if self.is-interrupted_: throw CANCELED-ERROR
    if owner_: wait-to-enter_ self
    owner_ = self
    try:
      return block.call
    finally:
      // After a canceled or late await, this task does not own the monitor.
      if identical owner_ self: owner_ = null
      leave_ --changed
      if self.critical-count_ == 0: task-breathe_

  wait-to-enter_ self/Task_ -> none:
    deadline := self.deadline_
    while owner_:
      if deadline and Time.monotonic-us >= deadline: throw DEADLINE-EXCEEDED-ERROR
      if not entering_: entering_ = TaskQueue_
      entering_.park self deadline
      if self.is-interrupted_: throw CANCELED-ERROR

  /** Wakes the tasks that wait for this monitor. Returns whether there were any. */
  leave_ --changed/bool -> bool:
    has-woken := false
    // Tasks that were inside before go first.
    if changed:
      changes_++
      if awaiting_: has-woken = awaiting_.wake-all
    if entering_ and entering_.wake-all: has-woken = true
    return has-woken
