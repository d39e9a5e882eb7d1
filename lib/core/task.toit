/**
Tasks: threads of a process that take turns.

A task runs until it waits, yields or ends. The machine schedules the tasks; this module tells tasks
  to wait and to stop.
*/

import monitor

/** Variant of $Task.current. */
task -> Task:
  return Task_.current

/**
Starts a task that runs $code, and returns it.

The process ends when only background tasks are left and it has no installed provider. Without a
  $background, the new task is a background task if the current task is.
*/
task code/Lambda --name/string="User task" --background/bool?=null -> Task:
  if background == null: background = Task_.current.background
  return task-new_ code name background

/** Lets other ready tasks run. */
yield -> none:
  task-yield_

/** Waits for the $duration. */
sleep duration/Duration -> none:
  sleep-until_ (from-now_ duration.in-us)

/** Waits for $ms milliseconds. */
sleep --ms/int -> none:
  sleep-until_ (from-now_ ms * 1_000)

/** The time $us microseconds from now, or the maximum time if that would be even later. */
from-now_ us/int -> int:
  now := Time.monotonic-us
  return us > int.MAX - now ? int.MAX : now + us

sleep-until_ wakeup/int -> none:
  self := Task_.current
  deadline := self.deadline_
  limit := deadline ? (min deadline wakeup) : wakeup
  while true:
    if self.is-interrupted_: throw CANCELED-ERROR
    now := Time.monotonic-us
    if now >= limit:
      if deadline and now >= deadline: throw DEADLINE-EXCEEDED-ERROR
      return
    task-park_ limit

/** Variant of $(with-timeout --us [block]). Without a $timeout there is no limit. */
with-timeout timeout/Duration? [block]:
  if not timeout: return block.call
  return with-timeout --us=timeout.in-us block

/** Variant of $(with-timeout --us [block]) that counts in milliseconds. */
with-timeout --ms/int [block]:
  return with-timeout --us=ms * 1_000 block

/**
Calls $block with a time limit of $us microseconds.

If the block waits after this limit, the wait throws DEADLINE_EXCEEDED.
*/
with-timeout --us/int [block]:
  return Task_.current.with-deadline_ (from-now_ us) block

/**
Calls $block, which cancellation does not interrupt.

A deadline can interrupt it, unless $respect-deadline is false.
*/
critical-do --respect-deadline/bool=true [block] -> none:
  self := Task_.current
  deadline := self.deadline_
  self.critical-count_++
  if not respect-deadline: self.deadline_ = null
  try:
    block.call
  finally:
    self.critical-count_--
    if not respect-deadline: self.deadline_ = deadline

/** A thread of this process. */
interface Task:
  /** The current task. */
  static current -> Task:
    return Task_.current

  /**
  Runs the $lambdas at the same time, each in a task of its own.

  Returns a map from the indexes of the lambdas to their results, in the order in which they finished.
    Once $required lambdas have finished, the others are canceled.

  If a lambda throws, the others are canceled, and this function throws the same exception.
  */
  static group lambdas/List --required/int=lambdas.size -> Map:
    if not 0 <= required <= lambdas.size: throw "Bad Argument"
    return (TaskGroup_ lambdas required).run

  /**
  Stops the task: its current or next wait throws CANCELED.

  Its `finally` code runs, but can only wait inside $critical-do.
  */
  cancel -> none

  /** Whether the task has been canceled. */
  is-canceled -> bool

  /** The task's deadline, in the time of $Time.monotonic-us; null if there is none. */
  deadline -> int?

/** A task. The machine makes the instances and accesses the first six fields by their places. */
class Task_ implements Task:
  id_/int
  name_/string?
  background_/bool
  deadline_/int? := null
  is-canceled_/bool := false
  critical-count_/int := 0
  /** The task after this one in a $TaskQueue_. */
  next-waiting_/Task_? := null
  /** The queue that this task is in; null once it has been woken. */
  waiting-in_/TaskQueue_? := null

  constructor.private_ .id_ .name_ .background_:

  /** See $Task.current. */
  static current -> Task_:
    return task-current_

  /** Whether the process may end while this task is alive. */
  background -> bool:
    return background_

  /** The unique number of this task in the process. */
  id -> int:
    return id_

  operator == other:
    return other is Task_ and other.id_ == id_

  hash-code -> int:
    return id_

  stringify -> string:
    return "$name_<$(id_)@$Process.current.id>"

  /** See $Task.deadline. */
  deadline -> int?:
    return deadline_

  /** See $Task.is-canceled. */
  is-canceled -> bool:
    return is-canceled_

  /** See $Task.cancel. */
  cancel -> none:
    is-canceled_ = true
    if critical-count_ == 0: task-interrupt_ this

  /** Whether waiting has to end because the task has been canceled. */
  is-interrupted_ -> bool:
    return is-canceled_ and critical-count_ == 0

  with-deadline_ deadline/int [block]:
    old := deadline_
    if old and old <= deadline: return block.call old
    deadline_ = deadline
    try:
      return block.call old
    finally:
      deadline_ = old

/** Tasks that wait for the same event, in the order in which they came. */
class TaskQueue_:
  first_/Task_? := null
  last_/Task_? := null

  /** Waits in this queue until woken. Returns whether the $deadline came first. */
  park self/Task_ deadline/int? -> bool:
    add_ self
    is-late := task-park_ deadline
    // A call of `wake-all` has removed the task from the queue; a task that woke for another reason
    // is still in it.
    if self.waiting-in_: remove_ self
    return is-late

  /** Wakes all tasks in this queue. Returns whether there were any. */
  wake-all -> bool:
    current := first_
    if not current: return false
    first_ = last_ = null
    while current:
      next := current.next-waiting_
      current.next-waiting_ = null
      current.waiting-in_ = null
      task-wake_ current
      current = next
    return true

  add_ task/Task_ -> none:
    if last_: last_.next-waiting_ = task
    else: first_ = task
    last_ = task
    task.waiting-in_ = this

  remove_ task/Task_ -> none:
    previous/Task_? := null
    current := first_
    while current and not identical current task:
      previous = current
      current = current.next-waiting_
    if not current: return
    if previous: previous.next-waiting_ = task.next-waiting_
    else: first_ = task.next-waiting_
    if identical last_ task: last_ = previous
    task.next-waiting_ = null
    task.waiting-in_ = null

/** The state of a $Task.group. */
class TaskGroup_:
  lambdas_/List
  required_/int
  tasks_/List
  results_/Map ::= {:}
  signal_/monitor.Signal ::= monitor.Signal
  ended_/int := 0
  failure_/Exception_? := null
  is-stopping_/bool := false
  was-canceled_/bool := false

  constructor .lambdas_ .required_:
    tasks_ = List lambdas_.size

  run -> Map:
    if required_ == 0: return results_
    try:
      lambdas_.size.repeat:
        if is-stopping_: ended_++
        else:
          start_ it
          // The task may begin at once, and may have finished before the next one is made.
          yield
      signal_.wait: is-stopping_ or ended_ >= required_
    finally:
      stop-rest_
    if failure_: rethrow failure_.value failure_.trace
    if was-canceled_: Task.current.cancel
    return results_

  start_ index/int -> none:
    tasks_[index] = task::
      try:
        results_[index] = lambdas_[index].call
      finally: | is-exception exception/Exception_? |
        note-end_ index is-exception exception
        continue.task

  note-end_ index/int is-exception/bool exception/Exception_? -> none:
    if Task.current.is-canceled:
      // Tasks that the group itself has canceled do not count.
      if not is-stopping_: was-canceled_ = is-stopping_ = true
    else if is-exception:
      if not failure_: failure_ = exception
      is-stopping_ = true
    tasks_[index] = null
    ended_++
    critical-do: signal_.raise

  stop-rest_ -> none:
    if ended_ == lambdas_.size: return
    is-stopping_ = true
    tasks_.do: if it: it.cancel
    critical-do --no-respect-deadline:
      signal_.wait: ended_ == lambdas_.size

/** The entry of each task: runs $code, and ends the process if it throws. */
run-task_ code/Lambda -> none:
  try:
    code.call
  finally: | is-exception exception/Exception_? |
    if is-exception:
      // A task that was told to stop may stop this way.
      if exception.value == CANCELED-ERROR and Task_.current.is-canceled: return
      fail-task_ exception
    return

fail-task_ exception/Exception_ -> none:
  text/string := "?"
  try:
    text = exception.value.stringify
  finally:
    task-fail_ text exception.trace

task-new_ code/Lambda name/string background/bool -> Task_:
  #primitive.task.new

task-current_ -> Task_:
  #primitive.task.current

task-park_ deadline/int? -> bool:
  #primitive.task.park

task-wake_ task/Task_ -> none:
  #primitive.task.wake

task-interrupt_ task/Task_ -> none:
  #primitive.task.interrupt

task-yield_ -> none:
  #primitive.task.yield

task-breathe_ -> none:
  #primitive.task.breathe

task-fail_ text/string trace/any -> none:
  #primitive.task.fail
