/** Ways for the tasks of a process to wait for each other. */

/** Lets only one task in at a time. */
monitor Mutex:
  /** Calls $block once no other task is in such a call. */
  do [block]:
    return block.call

/** A value that tasks can wait for, and that is set later. */
monitor Latch:
  has-value_/bool := false
  is-exception_/bool := false
  value_/any := null

  /** Waits for the value. If it is an exception, throws it. */
  get -> any:
    await: has-value_
    if not is-exception_: return value_
    if value_ is not Exception_: throw value_
    exception := value_ as Exception_
    rethrow exception.value exception.trace

  /** Sets the value, or the $exception that $get throws. */
  set value/any --exception/bool=false -> none:
    value_ = value
    is-exception_ = exception
    has-value_ = true

  /** Whether there is a value or an exception. */
  has-value -> bool:
    return has-value_

/** A counter that is never negative: a task that lowers it at zero waits. */
monitor Semaphore:
  count_/int := ?
  limit_/int?

  /** Creates a semaphore that starts at $count and does not exceed $limit. */
  constructor --count/int=0 --limit/int?=null:
    if count < 0: throw "INVALID_ARGUMENT"
    if limit and (limit < 1 or count > limit): throw "INVALID_ARGUMENT"
    count_ = count
    limit_ = limit

  /** Adds one, unless that would exceed the limit. */
  up -> none:
    if limit_ == null or count_ < limit_: count_++

  /** Waits until the count is above zero, and subtracts one. */
  down -> none:
    await: count_ > 0
    count_--

  /** The counter. */
  count -> int:
    return count_

/** A signal that wakes the tasks that wait for it. It has no effect on tasks that wait later. */
monitor Signal:
  // A waiting task draws a ticket; tickets below released_ may continue.
  next-ticket_/int := 0
  released_/int := 0
  // Tickets of tasks that were interrupted while waiting. `raise` must not count them as woken.
  void-tickets_/Set? := null

  /** Waits until the signal is raised. */
  wait -> none:
    wait-for-turn_

  /** Waits until $condition returns true. Calls it at once, and whenever the signal has been raised. */
  wait [condition] -> none:
    while not condition.call: wait-for-turn_

  /** Wakes all waiting tasks, or the $max tasks that have waited longest. */
  raise --max/int?=null -> none:
    if max and max < 1: throw "INVALID_ARGUMENT"
    wanted := max or next-ticket_ - released_
    while wanted > 0 and released_ < next-ticket_:
      if void-tickets_ and void-tickets_.contains released_:
        void-tickets_.remove released_
      else:
        wanted--
      released_++

  wait-for-turn_ -> none:
    ticket := next-ticket_++
    try:
      await: ticket < released_
    finally:
      if ticket >= released_:
        if not void-tickets_: void-tickets_ = {}
        void-tickets_.add ticket

/** A gate that is open or closed. */
class Gate:
  signal_/Signal ::= Signal
  locked_/bool := ?

  /** Creates a gate that is closed, or open if $unlocked. */
  constructor --unlocked/bool=false:
    locked_ = not unlocked

  /** Opens the gate. */
  unlock -> none:
    if not locked_: return
    locked_ = false
    signal_.raise

  /** Closes the gate. */
  lock -> none:
    locked_ = true

  /** Waits until the gate is open. */
  enter -> none:
    signal_.wait: not locked_

  /** Whether the gate is open. */
  is-unlocked -> bool:
    return not locked_

  /** Whether the gate is closed. */
  is-locked -> bool:
    return locked_

/** A queue of values from tasks to tasks. */
monitor Channel:
  /** The number of values that the channel holds before senders must wait. */
  capacity/int
  queue_/Deque ::= Deque

  /** Creates a channel that holds up to $capacity values. */
  constructor .capacity:
    if capacity <= 0: throw "INVALID_ARGUMENT"

  /** Sends $value, once there is room for it. */
  send value/any -> none:
    await: queue_.size < capacity
    queue_.add value

  /** Sends the result of $block, which is called once there is room. */
  send [block] -> none:
    await: queue_.size < capacity
    queue_.add block.call

  /** Sends $value if there is room. Returns whether there was. */
  try-send value/any -> bool:
    if queue_.size >= capacity: return false
    queue_.add value
    return true

  /** Takes the oldest value. If there is none, waits, or returns null if not $blocking. */
  receive --blocking/bool=true -> any:
    if blocking:
      await: not queue_.is-empty
    else if queue_.is-empty:
      return null
    return queue_.remove-first

  /** The number of values that have not been received yet. */
  size -> int:
    return queue_.size

/** Carries one message at a time, and an answer to it. */
monitor Mailbox:
  static READY_    ::= 0
  static SENT_     ::= 1
  static RECEIVED_ ::= 2
  static REPLIED_  ::= 3

  state_/int := READY_
  content_/any := null
  // Counts the messages, so that a reply to a sender that was interrupted is dropped.
  number_/int := 0
  received-number_/int := -1

  /** Sends $message and waits for the answer. */
  send message/any -> any:
    await: state_ == READY_
    state_ = SENT_
    content_ = message
    number_++
    try:
      await: state_ == REPLIED_
      return content_
    finally:
      state_ = READY_
      content_ = null

  /** Waits for a message. It must be answered with $reply. */
  receive -> any:
    await: state_ == SENT_
    state_ = RECEIVED_
    received-number_ = number_
    message := content_
    content_ = null
    return message

  /** Answers the message that was received last. */
  reply message/any -> none:
    if received-number_ < 0: throw "No message received"
    answers := state_ == RECEIVED_ and received-number_ == number_
    received-number_ = -1
    if not answers: return
    state_ = REPLIED_
    content_ = message

/**
The state of something outside of the process: a pipe, or a child process.

The state is the current one: it is read each time, and never stored.
*/
class ResourceState_:
  static ANY_ ::= -1

  group_/any
  resource_/any := ?

  constructor .group_ .resource_:
    add-finalizer this:: abandon_ resource_

  group -> any:
    return group_

  resource -> any:
    return resource_

  /** Waits until the state has one of the $bits, or will never have one. Returns the state. */
  wait-for-state bits/int -> int:
    return await-state_ resource_ bits

  /** Waits until there is a state, and returns it. The state of a child process tells how it has ended. */
  wait -> int:
    return wait-for-state ANY_

  /** Does nothing: the state is never stored, so there are no $bits to clear. */
  clear-state bits/int -> none:

  /** Releases the state, which is not used any more. */
  dispose -> none:
    if resource_ == null: return
    remove-finalizer this
    release_ resource_
    resource_ = null

await-state_ resource bits:
  #primitive.outside.await-state

release_ resource:
  #primitive.outside.release

abandon_ resource:
  #primitive.outside.abandon
