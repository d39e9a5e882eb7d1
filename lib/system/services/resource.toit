import rpc

import .client
import .manager_
import .provider

/**
An object that a provider keeps for a client.

It closes once: when the client or the provider closes it, when the client is closed
  or its process ends, or when the provider is uninstalled. If a handler returns it,
  the client receives its handle.
*/
abstract class ServiceResource implements rpc.RpcSerializable:
  provider_/ServiceProvider
  client_/int
  handle_/int? := null
  /** The request that this was made for; null if it was made outside of a handler. */
  request_/int? := ?
  /** Whether the proxy must be told when this closes. */
  is-proxy-waiting_/bool := true

  /** Registers a resource of $client_. If $notifiable, it can send notifications. */
  constructor .provider_ .client_ --notifiable/bool=false:
    request_ = current-request_
    handle_ = provider_.add-resource_ client_ this --notifiable=notifiable

  /** Called when the resource has closed. */
  abstract on-closed -> none

  /** Whether the resource has closed. */
  is-closed -> bool:
    return handle_ == null

  /**
  Sends $notification to the proxy of this resource.

  Waits if the client has no room for more notifications. With $close, this is the last one.
  */
  notify_ notification/any --close/bool=false -> none:
    handle := handle_
    if not handle: throw "ALREADY_CLOSED"
    if handle & 1 == 0: throw "Resource not notifiable"
    pid := provider_.pid --client=client_
    if close:
      // The proxy is told after this notification.
      is-proxy-waiting_ = false
      catch --trace: this.close
    // If the notification is not accepted any more, lets other tasks run, so that they can close
    // the resource: some providers send notifications until it is closed.
    try:
      if pid and not (notify-proxy_ pid client_ handle notification): yield
    finally:
      // Also if $on-closed has canceled this task.
      if close and pid: tell-proxy_ pid handle

  /** Closes the resource. A proxy that gets notifications is told. */
  close -> none:
    handle := handle_
    if not handle: return
    handle_ = null
    pid := provider_.pid --client=client_
    provider_.remove-resource_ client_ handle
    if pid and is-proxy-waiting_: tell-proxy_ pid handle
    on-closed

  /** Closes the resource for its client, whose proxy need not be told. */
  close-for-client_ -> none:
    is-proxy-waiting_ = false
    close

  tell-proxy_ pid/int handle/int -> none:
    if handle & 1 == 0: return
    // Another task waits if the client has no room.
    task --background:: notify-end_ pid client_ handle

  /** See $super. */
  serialize-for-rpc -> int:
    if not handle_: throw "ALREADY_CLOSED"
    return handle_

/**
The client's end of a $ServiceResource.

The resource is closed when the proxy is closed, or when nothing refers to the proxy any more.
*/
abstract class ServiceResourceProxy:
  client_/ServiceClient
  client-id_/int
  provider-pid_/int
  _handle_/int? := ?
  is-end-told_/bool := false

  constructor .client_ ._handle_:
    client-id_ = client_.id
    provider-pid_ = client_.pid_
    add-finalizer this:: close
    if _handle_ & 1 == 1: proxy-add_ provider-pid_ client-id_ _handle_ this

  /** Whether the proxy has been closed. */
  is-closed -> bool:
    return _handle_ == null

  /** The number that names the resource; null once this is closed. */
  handle_ -> int?:
    return _handle_

  /** The number that names the resource, for a call. Throws "RESOURCE_CLOSED" if this is closed. */
  open-handle_ -> int:
    if not _handle_: throw RESOURCE-CLOSED_
    return _handle_

  /**
  Called with each notification of the resource, one after the other. Does nothing by default.
  */
  on-notified_ notification/any -> none:

  /**
  Called once, after the last notification, when a resource that sends notifications has ended: the resource, its
    client, or this proxy was closed, its provider has ended, contact with its machine was lost, or the
    notifications were not taken in time. Does nothing by default.
  */
  on-ended_ reason/string -> none:

  tell-end_ reason/string -> none:
    if is-end-told_: return
    is-end-told_ = true
    on-ended_ reason

  /** Closes the resource. */
  close -> none:
    handle := close-handle_
    // If the time limit has passed, the resource is closed all the same, but without waiting.
    if handle: catch --trace=(: it != DEADLINE-EXCEEDED-ERROR): client_.close-resource_ handle

  /** Closes this proxy, but not the resource, and returns the handle. */
  close-handle_ -> int?:
    handle := _handle_
    if not handle: return null
    _handle_ = null
    remove-finalizer this
    if handle & 1 == 1:
      proxy-remove_ provider-pid_ client-id_ handle
      // Also if this task was canceled.
      critical-do: tell-end_ RESOURCE-CLOSED_
    return handle

/**
The notifications of a resource that wait for a task of its client.

At most a given number of them wait here; others wait in the mailbox of the process.
*/
monitor NotificationQueue:
  capacity_/int
  waiting_/Deque ::= Deque
  reason_/string? := null

  constructor .capacity_:

  /** Adds a notification. Waits until there is room. */
  add notification/any -> none:
    await: waiting_.size < capacity_ or reason_
    if not reason_: waiting_.add notification

  /** Ends the queue: no notification follows, for this $reason. */
  end reason/string -> none:
    if not reason_: reason_ = reason

  /**
  The next notification. Waits for it.

  If the resource has ended, throws the reason once all notifications are taken: "RESOURCE_CLOSED",
    "NO_SUCH_PROCESS" if the provider has ended, a text that begins with "CONTACT_LOST" if contact with the
    machine of the provider was lost, or "NOTIFICATIONS_NOT_TAKEN".
  */
  next -> any:
    await: not waiting_.is-empty or reason_
    if waiting_.is-empty: throw reason_
    return waiting_.remove-first

/** The reason for the end of a resource that was closed. */
RESOURCE-CLOSED_ ::= "RESOURCE_CLOSED"

proxy-add_ pid/int client/int handle/int proxy/ServiceResourceProxy -> none:
  #primitive.services.proxy-add

proxy-remove_ pid/int client/int handle/int -> none:
  #primitive.services.proxy-remove

notify-proxy_ pid/int client/int handle/int notification -> bool:
  #primitive.services.notify

/** Says that the resource has ended. Otherwise as $notify-proxy_. */
notify-end_ pid/int client/int handle/int -> bool:
  #primitive.services.notify-end
