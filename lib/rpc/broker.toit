import monitor

/**
Answers requests with the procedures that are registered.

Requests are answered side by side, each in a task of its own.
*/
class RpcBroker implements RequestHandler_:
  procedures_/Map ::= {:}
  running_/List ::= []

  /** From now on, requests go to this broker. */
  install -> none:
    default-request-handler_ = this

  /** Whether to answer requests of process $pid in group $gid. Override it to refuse some. */
  accept gid/int pid/int -> bool:
    return true

  /** Answers requests for $procedure with the result of $action, called with arguments, group and process. */
  register-procedure procedure/int action/Lambda -> none:
    procedures_[procedure] = action

  /** Removes the action of $procedure. */
  unregister-procedure procedure/int -> none:
    procedures_.remove procedure

  /** Cancels the work on all requests of process $pid. */
  cancel-requests pid/int -> none:
    running_.do: | request/RunningRequest_ | if request.pid == pid: request.task.cancel

  /** See $RequestHandler_.on-request. */
  on-request procedure/int arguments gid/int pid/int -> any:
    action := procedures_.get procedure
    if not action: throw "No such procedure registered: $procedure"
    if not accept gid pid: refuse_
    request := RunningRequest_ pid Task.current
    running_.add request
    try:
      return action.call arguments gid pid
    finally:
      running_.remove request

  /** Leaves the request unanswered, until the caller cancels it. */
  refuse_ -> none:
    (monitor.Latch).get

class RunningRequest_:
  pid/int
  task/Task
  constructor .pid .task:
