/** Throwing and catching. */

import system.trace show send-trace-message

/** Thrown by `assert:` and the functions of the expect library. */
ASSERTION-FAILED-ERROR ::= "ASSERTION_FAILED"

/** Thrown in a task that has been canceled. */
CANCELED-ERROR ::= "CANCELED"

/** Thrown when the time of $with-timeout is up. */
DEADLINE-EXCEEDED-ERROR ::= "DEADLINE_EXCEEDED"

/**
Throws $exception, which can be any object.

Leaves functions, and runs their `finally` code, until a `catch` stops the exception.
  If no function catches it, the exception is printed with the place where it was
  thrown, and the process ends.
*/
throw exception/any -> none:
  rethrow exception null

/**
Throws $exception with the $trace of an earlier throw.

If $trace is null, the trace is that of this call.
*/
rethrow exception/any trace/any -> none:
  #primitive.intrinsics.throw

/** Throws $text. If it is not caught, the lines of $detail are printed after it. */
throw-detailed_ text/string detail/string -> none:
  #primitive.object.throw-detailed

/** Throws, because control must not reach this place. */
unreachable -> none:
  throw "Unreachable"

/** Variant of $(catch [--trace] [--unwind] [block]) with constants. */
catch --trace/bool=false --unwind/bool=false [block]:
  return catch --trace=(: trace) --unwind=(: unwind) block

/** Variant of $(catch [--trace] [--unwind] [block]) with a constant for $trace. */
catch --trace/bool=false [--unwind] [block]:
  return catch --trace=(: trace) --unwind=unwind block

/** Variant of $(catch [--trace] [--unwind] [block]) with a constant for $unwind. */
catch [--trace] --unwind/bool=false [block]:
  return catch --trace=trace --unwind=(: unwind) block

/**
Calls $block. Returns null if it completes, and the thrown object if it throws.

Both other blocks get the thrown object and its trace. If $trace returns true, the trace is printed
  (once, even if $trace returns true in several calls). If $unwind returns true, the exception
  continues as if it had not been caught.

Neither block is called if the task is being canceled: cancellation cannot be caught.
*/
catch [--trace] [--unwind] [block]:
  try:
    block.call
  finally: | is-exception exception/Exception_? |
    if is-exception and (absorbs_ exception trace unwind): return exception.value
  return null

/** Whether a catch with these blocks stops the $exception. */
absorbs_ exception/Exception_ [trace] [unwind] -> bool:
  value := exception.value
  self := Task_.current
  if value == CANCELED-ERROR and self.is-canceled: return false
  encoded := exception.trace
  if encoded and (trace.call value encoded):
    // A trace that has been printed is not printed again by an outer catch.
    exception.trace = null
    send-trace-message (render-trace_ value.stringify encoded).to-byte-array
  if unwind.call value encoded: return false
  // Code that catches the exception of an expired deadline must not gain time.
  deadline := self.deadline
  if deadline and Time.monotonic-us >= deadline: throw DEADLINE-EXCEEDED-ERROR
  return true

/** An exception that is being thrown, as a `finally` block sees it. */
class Exception_:
  value/any
  trace/any := ?

  constructor .value .trace:

/** The $trace as text, with the $text of the exception. */
render-trace_ text/string trace/any -> string:
  #primitive.core.render-trace

/** Checks an assertion. The compiler calls this for `assert:`. */
assert_ [condition] -> none:
  if not condition.call: throw ASSERTION-FAILED-ERROR
