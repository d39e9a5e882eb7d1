/**
Messages between processes, below services.

The machine receives messages and runs the code for each in a task of its own: $handle-request_ for
  a request, $handle-message_ for everything else.
*/

import rpc show RpcSerializable
import system.services show ServiceHandler ServiceResourceProxy

SYSTEM-RPC-REQUEST_           ::= 3
SYSTEM-RPC-REPLY_             ::= 4
SYSTEM-RPC-CANCEL_            ::= 5
SYSTEM-RPC-NOTIFY-TERMINATED_ ::= 6
SYSTEM-RPC-NOTIFY-RESOURCE_   ::= 7
SYSTEM-EXTERNAL-NOTIFICATION_ ::= 8
SYSTEM-SLOW-CONSUMER_         ::= 9
SYSTEM-FINALIZER_             ::= 10

/** The first kind of message that programs may use freely. */
RESERVED-MESSAGE-TYPES_ ::= 64

/** Handles messages of the kinds that it is set for. */
interface SystemMessageHandler_:
  /** Handles a $message of kind $type from process $pid of group $gid. */
  on-message type/int gid/int pid/int message/any -> none

/** Closes resources whose clients take no notifications. */
interface SlowConsumerHandler_:
  /** The resource $handle of $client was cut off, since its notifications were not taken. */
  on-slow-consumer client/int handle/int -> none

/** Closes the clients and resources that an answer has given to a process that does not use the answer. */
interface UnusedAnswerHandler_:
  /** Process $pid does not use the answer to its $request. */
  on-unused-answer pid/int request/int -> none

/** Answers requests for procedures. */
interface RequestHandler_:
  /** The answer to the request of process $pid of group $gid for $procedure. */
  on-request procedure/int arguments/any gid/int pid/int -> any

message-handlers_ ::= {:}
request-handlers_ ::= {:}
default-request-handler_/RequestHandler_? := null
slow-consumer-handler_/SlowConsumerHandler_? := null
unused-answer-handler_/UnusedAnswerHandler_? := null

/** Makes $handler get the messages of kind $type. */
set-system-message-handler_ type/int handler/SystemMessageHandler_ -> none:
  message-handlers_[type] = handler

/** Reverses $set-system-message-handler_. */
clear-system-message-handler_ type/int -> none:
  message-handlers_.remove type

/**
Sends $message, with the kind $type, to the process $pid.

Returns whether that process gets it. Throws if the message cannot be encoded.
*/
process-send_ pid/int type/int message/any -> bool:
  #primitive.message.send

/**
Answers a request.

For a call of a service $target is the handler, $index the method and $sender the
  client. For any other procedure $target is null, $index the procedure and
  $sender the process.
*/
handle-request_ target/ServiceHandler? index/int arguments gid/int sender/int -> any:
  result := null
  try:
    result = target
        ? target.handle index arguments --gid=gid --client=sender
        : answer_ index arguments gid sender
    if result is RpcSerializable: result = (result as RpcSerializable).serialize-for-rpc
  finally: | is-exception exception/Exception_? |
    if is-exception:
      rpc-fail_ (text-of_ exception) exception.trace
      return null
  return result

/** The thrown object as text. An object whose `stringify` fails must not end the process. */
text-of_ exception/Exception_ -> string:
  text := "?"
  catch: text = exception.value.stringify
  return text

answer_ procedure/int arguments gid/int pid/int -> any:
  handler/RequestHandler_? := request-handlers_.get procedure
  if not handler: handler = default-request-handler_
  if not handler: throw "No such procedure registered: $procedure"
  return handler.on-request procedure arguments gid pid

/**
Handles a message other than a request.

For a finalizer $value is the lambda. For a notification $first and $second are client and handle,
  and $value is the proxy, which gets all notifications that have arrived, and the end. For a slow consumer
  $first and $second are client and handle, too; for a cancel after the answer, the process and its
  request. For any other message they are the sender's group and process.
*/
handle-message_ kind/int first/int second/int value/any -> none:
  if kind == SYSTEM-RPC-NOTIFY-RESOURCE_:
    deliver_ value first second
    return
  if kind == SYSTEM-FINALIZER_:
    // No code waits for a finalizer, so its exceptions are reported and go no further.
    if value: run-task_:: catch --trace: value.call
    return
  if kind == SYSTEM-SLOW-CONSUMER_:
    run-task_:: if slow-consumer-handler_: slow-consumer-handler_.on-slow-consumer first second
    return
  if kind == SYSTEM-RPC-CANCEL_:
    run-task_:: if unused-answer-handler_: unused-answer-handler_.on-unused-answer first second
    return
  run-task_::
    handler/SystemMessageHandler_? := message-handlers_.get kind
    if handler: handler.on-message kind first second value

deliver_ proxy/ServiceResourceProxy client/int handle/int -> none:
  run-task_::
    pid := proxy.provider-pid_
    while notification-next_ pid client handle:
      reason := notification-end_ pid client handle
      if reason: proxy.tell-end_ reason
      else: proxy.on-notified_ (notification-take_ pid client handle)

rpc-invoke_ pid/int procedure/int arguments -> any:
  #primitive.rpc.invoke

rpc-fail_ text/string trace/any -> none:
  #primitive.rpc.fail

notification-next_ pid/int client/int handle/int -> bool:
  #primitive.services.notification-next

/** The reason why the resource has ended; null if there is another notification. */
notification-end_ pid/int client/int handle/int -> string?:
  #primitive.services.notification-end

notification-take_ pid/int client/int handle/int -> any:
  #primitive.services.notification-take
