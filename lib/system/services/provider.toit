import monitor

import .manager_
import .resource
import .selector

/** Answers the calls of one service. */
interface ServiceHandler:
  /**
  Answers a call of method $index by $client, which belongs to group $gid.

  Throws if there is no such method. Tools that ask for the definition of the service use the index -1.
  */
  handle index/int arguments/any --gid/int --client/int -> any

/**
A provider of one or more services.

A class for particular services extends this and calls $provides in its constructor, with the
  handler of each service.
*/
class ServiceProvider:
  name/string
  major/int
  minor/int
  patch/int
  tags/List?

  static PRIORITY-UNPREFERRED-STRONGLY /int ::= 0x10
  static PRIORITY-UNPREFERRED          /int ::= 0x30
  static PRIORITY-UNPREFERRED-WEAKLY   /int ::= 0x50
  static PRIORITY-NORMAL               /int ::= 0x80
  static PRIORITY-PREFERRED-WEAKLY     /int ::= 0xb0
  static PRIORITY-PREFERRED            /int ::= 0xd0
  static PRIORITY-PREFERRED-STRONGLY   /int ::= 0xf0

  services_/List ::= []
  is-installed_/bool := false
  /** The process of each client. */
  clients_/Map ::= {:}
  closed-clients_/int := 0
  client-closed_/monitor.Signal ::= monitor.Signal
  /** For each client, its resources by their handles. */
  resources_/Map ::= {:}
  last-handle_/int := ?

  /** Creates a provider with the given $name and version. */
  constructor .name --.major --.minor --.patch=0 --.tags=null:
    // Handles differ from provider to provider, so that mixing them up is noticed.
    last-handle_ = random HANDLE-LIMIT_

  static HANDLE-LIMIT_ ::= 0x2000_0000

  /** Called when a client has opened one of the services. Does nothing by default. */
  on-opened client/int -> none:

  /** Called when a client has been closed, or its process has ended. Does nothing by default. */
  on-closed client/int -> none:

  stringify -> string:
    return "service:$name@$(major).$(minor).$(patch)"

  /**
  Offers the service $selector, answered by $handler.

  If a service has several providers, clients use the one with the highest $priority. They may also
    choose by $tags. Without an $id, a random one is used; only services of the system pass one.
  */
  provides selector/ServiceSelector --handler/ServiceHandler -> none
      --id/int?=null
      --priority/int=PRIORITY-NORMAL
      --tags/List?=null:
    if this.tags: tags = tags ? this.tags + tags : this.tags
    services_.add
        Service_ this selector handler --id=id --priority=priority --tags=tags

  /** Makes the services available to all containers. */
  install -> none:
    if is-installed_: throw "Already installed"
    is-installed_ = true
    closed-clients_ = 0
    services_.do: | service/Service_ | ServiceManager_.instance.listen service

  /**
  Withdraws the services. Calls in progress are completed.

  With $wait, waits until at least one client has opened them and all clients have closed them.
  */
  uninstall --wait/bool=false -> none:
    if wait: client-closed_.wait: closed-clients_ > 0 and clients_.is-empty
    if not is-installed_: return
    is-installed_ = false
    services_.do: | service/Service_ | ServiceManager_.instance.unlisten service
    clients_.keys.do: ServiceManager_.instance.close it --by-provider

  /** The process of $client; null if the client is not open. */
  pid --client/int -> int?:
    return clients_.get client

  /** The resource of $client with this $handle; null if the client has no such resource. */
  resource client/int handle/int -> ServiceResource?:
    return (resources_.get client --if-absent=: return null).get handle

  /** Calls $block with each resource. */
  resources-do [block] -> none:
    // The block may close resources.
    all := []
    resources_.do --values: all.add-all it.values
    all.do block

  opened_ client/int pid/int -> List:
    clients_[client] = pid
    catch --trace: on-opened client
    return [client, name, major, minor, patch, tags]

  closed_ client/int --by-provider/bool -> none:
    (resources_.get client --if-absent=(: {:})).values.do: | resource/ServiceResource |
      catch --trace:
        if by-provider: resource.close
        else: resource.close-for-client_
    clients_.remove client
    closed-clients_++
    client-closed_.raise
    catch --trace: on-closed client

  add-resource_ client/int resource/ServiceResource --notifiable/bool -> int:
    if not clients_.contains client: throw "Client closed"
    ServiceManager_.instance.quotas_.add-resource client
    last-handle_ = (last-handle_ + 1) % HANDLE-LIMIT_
    // Odd handles are those whose resources can notify.
    handle := last-handle_ * 2 + (notifiable ? 1 : 0)
    (resources_.get client --init=: {:})[handle] = resource
    return handle

  remove-resource_ client/int handle/int -> none:
    resources := resources_.get client
    if not resources or not resources.contains handle: return
    resources.remove handle
    ServiceManager_.instance.quotas_.remove-resource client
    if resources.is-empty: resources_.remove client

  /** Closes the resources of $client that were made for $request. */
  take-back_ client/int request/int -> none:
    resources/Map? := resources_.get client
    if not resources: return
    made := resources.values.filter: | resource/ServiceResource | resource.request_ == request
    made.do: | resource/ServiceResource | catch --trace: resource.close-for-client_

/** A service that a provider offers. */
class Service_:
  provider/ServiceProvider
  selector/ServiceSelector
  handler/ServiceHandler
  id/int? := ?
  is-id-fixed/bool
  priority/int
  tags/List?

  constructor .provider .selector .handler --.id --.priority --.tags:
    is-id-fixed = id != null
