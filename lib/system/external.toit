/** Talking to components: code outside of Toit that is reached by an id. */

import io
import rpc

// The procedure of the service manager that finds the process of a component.
LOOK-UP_ ::= 305

/** The open clients, by the pids of their components. */
clients_/Map ::= {:}

/**
A client of one component.

A process has at most one client for each component.
*/
class Client:
  /** The process that stands for the component. */
  pid/int
  /** The id of the component. */
  id/string

  on-notify_/Lambda? := null
  is-closed_ := false

  constructor.private_ .pid .id:

  /**
  Opens the component with this $id.

  Its notifications are passed to $on-notify, which $set-on-notify can replace.

  Throws NOT_FOUND if the component does not exist, and ALREADY_IN_USE if this process has a client
    for it.
  */
  static open id/string --on-notify/Lambda?=null -> Client:
    pid/int? := rpc.invoke LOOK-UP_ id
    if not pid: throw "NOT_FOUND"
    if clients_.contains pid: throw "ALREADY_IN_USE"
    client := Client.private_ pid id
    clients_[pid] = client
    client.set-on-notify on-notify
    return client

  /** Whether this client has been closed. */
  is-closed -> bool:
    return is-closed_

  /** Closes this client. The component can be opened again. */
  close -> none:
    if is-closed_: return
    set-on-notify null
    clients_.remove pid
    is-closed_ = true

  /**
  Sends $message to the component, which does not answer.

  The component gets its bytes, with a zero after their end, so that it can read a string as a C
    string.

  Without $copy, a large byte array is handed over instead of copied, and is empty from then on.
  */
  notify message/io.Data --copy/bool=true -> none:
    expect-open_
    send-external_ pid (bytes-of_ message --copy=copy)

  /**
  Requests that the component run $function on $message, and returns its answer.

  Throws the component's error if it fails, and NO_SUCH_PROCESS if it has ended.

  See $notify for $copy.
  */
  request function/int message/io.Data --copy/bool=true -> any:
    expect-open_
    return rpc.invoke pid function (bytes-of_ message --copy=copy)

  /** Sets the $callback for the notifications of the component. Null drops them. */
  set-on-notify callback/Lambda? -> none:
    expect-open_
    on-notify_ = callback
    // A process without callbacks need not be notified.
    if clients_.values.any (: | client/Client | client.on-notify_ != null):
      set-system-message-handler_ SYSTEM-EXTERNAL-NOTIFICATION_ NotificationHandler_.instance
    else:
      clear-system-message-handler_ SYSTEM-EXTERNAL-NOTIFICATION_

  expect-open_ -> none:
    if is-closed_: throw "ALREADY_CLOSED"

  bytes-of_ message/io.Data --copy/bool -> any:
    if message is string or message is ByteArray and not copy: return message
    bytes := ByteArray message.byte-size
    message.write-to-byte-array bytes --at=0 0 bytes.size
    return bytes

/** Passes each notification to the client of the component that has sent it. */
class NotificationHandler_ implements SystemMessageHandler_:
  static instance ::= NotificationHandler_

  /** See $SystemMessageHandler_.on-message. */
  on-message type/int gid/int pid/int message/any -> none:
    client/Client? := clients_.get pid
    if client and client.on-notify_: client.on-notify_.call message

send-external_ pid/int message/any -> none:
  #primitive.message.send-external
