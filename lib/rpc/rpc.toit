/** Remote procedure calls: requests to other processes, and their answers. */

import monitor

/** Variant of $(invoke pid procedure arguments) that asks the system. */
invoke procedure/int arguments/any --sequential/bool=false -> any:
  return invoke -1 procedure arguments --sequential=sequential

/**
Asks the process $pid to run $procedure, and returns the answer.

Throws the exception of the procedure, as text; NO_SUCH_PROCESS if the process does not exist or
  ends before it has answered. With $sequential, waits until all earlier sequential calls are done.
*/
invoke pid/int procedure/int arguments/any --sequential/bool=false -> any:
  if arguments is RpcSerializable: arguments = (arguments as RpcSerializable).serialize-for-rpc
  if sequential: return sequencer_.do: call_ pid procedure arguments
  return call_ pid procedure arguments

sequencer_/monitor.Mutex ::= monitor.Mutex

call_ pid/int procedure/int arguments -> any:
  // A return in the `try` would have to unwind to the end of the function.
  answer := null
  try:
    answer = rpc-invoke_ pid procedure arguments
  finally: | is-exception exception/Exception_? |
    // If the procedure was canceled in its process, cancel the calling task, too.
    if is-exception and exception.value == CANCELED-ERROR: Task.current.cancel
  return answer

/** An object that can be sent in another form. */
interface RpcSerializable:
  /** The form in which this object is sent: a value that messages can hold. */
  serialize-for-rpc -> any
