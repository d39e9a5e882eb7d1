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
    if close: catch --trace: this.close
    // If the notification is not accepted any more, lets other tasks run, so that they can close
    // the resource: some providers send notifications until it is closed.
    if pid and not (notify-proxy_ pid client_ handle notification): yield

  /** Closes the resource. */
  close -> none:
    handle := handle_
    if not handle: return
    handle_ = null
    provider_.remove-resource_ client_ handle
    on-closed

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
  _handle_/int? := ?

  constructor .client_ ._handle_:
    client-id_ = client_.id
    add-finalizer this:: close
    if _handle_ & 1 == 1: proxy-add_ client-id_ _handle_ this

  /** Whether the proxy has been closed. */
  is-closed -> bool:
    return _handle_ == null

  /** The number that names the resource; null once this is closed. */
  handle_ -> int?:
    return _handle_

  /**
  Called with each notification of the resource, one after the other. Does nothing by default.
  */
  on-notified_ notification/any -> none:

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
    if handle & 1 == 1: proxy-remove_ client-id_ handle
    return handle

notify-proxy_ pid/int client/int handle/int notification -> bool:
  #primitive.services.notify

proxy-add_ client/int handle/int proxy/ServiceResourceProxy -> none:
  #primitive.services.proxy-add

proxy-remove_ client/int handle/int -> none:
  #primitive.services.proxy-remove
