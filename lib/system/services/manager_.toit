import .client
import .protocol_
import .provider
import .resource
import .selector

/**
The providers of this process, and their clients.

Calls bypass the manager: they go from the machine straight to the handler. The manager handles
  opening and closing.
*/
class ServiceManager_ implements RequestHandler_ SystemMessageHandler_ SlowConsumerHandler_ UnusedAnswerHandler_:
  static instance/ServiceManager_ ::= ServiceManager_.private_

  /** The services that are installed, by their ids. */
  services_/Map ::= {:}
  /** The provider of each client. */
  providers_/Map ::= {:}
  /** The service that each client has opened. */
  opened_/Map ::= {:}
  /** The clients of each process. */
  clients-by-pid_/Map ::= {:}
  /** The request that has opened each client. */
  requests_/Map ::= {:}
  quotas_/Quotas_ ::= Quotas_
  last-client_/int := ?

  constructor.private_:
    last-client_ = random ID-LIMIT_
    [RPC-OPEN_, RPC-CLOSE_, RPC-CLOSE-RESOURCE_, RPC-ACCOUNT_, RPC-DEFINITION_].do: request-handlers_[it] = this
    set-system-message-handler_ SYSTEM-RPC-NOTIFY-TERMINATED_ this
    slow-consumer-handler_ = this
    unused-answer-handler_ = this

  listen service/Service_ -> none:
    id := service.is-id-fixed ? service.id : random-id_
    if services_.contains id: throw "Already registered"
    service.id = id
    services_[id] = service
    providers-change_ 1
    provider := service.provider
    try:
      discovery_.listen id service.selector.uuid
          --name=provider.name
          --major=provider.major
          --minor=provider.minor
          --priority=service.priority
          --tags=service.tags
    finally: | is-exception _ |
      if is-exception: forget_ service

  unlisten service/Service_ -> none:
    if not services_.contains service.id: return
    discovery_.unlisten service.id
    forget_ service

  forget_ service/Service_ -> none:
    services_.remove service.id
    providers-change_ -1

  /** See $RequestHandler_.on-request. */
  on-request procedure/int arguments gid/int pid/int -> any:
    if procedure == RPC-OPEN_: return open gid pid arguments[0] arguments[1] arguments[2] arguments[3]
    if procedure == RPC-ACCOUNT_: return account gid
    if procedure == RPC-DEFINITION_: return definition gid arguments
    client/int := procedure == RPC-CLOSE_ ? arguments : arguments[0]
    provider/ServiceProvider? := providers_.get client
    // Only the process that opened a client can close it or its resources.
    if not provider or (provider.pid --client=client) != pid: return null
    if procedure == RPC-CLOSE_:
      close client
    else:
      resource := provider.resource client arguments[1]
      if resource: critical-do: resource.close-for-client_
    return null

  open gid/int pid/int id/int uuid/string major/int minor/int -> List:
    service/Service_ := services_.get id --if-absent=: throw "Unknown service:$id"
    service = validate_ service.provider uuid major minor
    client := new-client_
    quotas_.add-client client --pid=pid --gid=gid
    clients/Set := clients-by-pid_.get pid --init=: {}
    clients.add client
    requests_[client] = current-request_
    providers_[client] = service.provider
    opened_[client] = service
    client-add_ client service.handler pid
    try:
      return service.provider.opened_ client pid
    finally:
      // A caller that has been canceled does not get the id of the client, and so cannot close it.
      if Task.current.is-canceled: close client

  /**
  All clients, for the system. Each client takes four places: service, client, process, and number of
    resources.
  */
  account gid/int -> List:
    if gid != SYSTEM-GID_: throw "No such procedure registered: $RPC-ACCOUNT_"
    result := []
    opened_.do: | client/int service/Service_ |
      provider := service.provider
      resources := provider.resources_.get client
      result.add-all [service.id, client, provider.pid --client=client, resources ? resources.size : 0]
    return result

  /**
  The compressed definition of the service $id, which generated handlers carry.

  Handlers that are written by hand throw, since no method has this index.
  */
  definition gid/int id/int -> any:
    service/Service_ := services_.get id --if-absent=: throw "Unknown service:$id"
    return service.handler.handle DEFINITION-INDEX_ null --gid=gid --client=-1

  /** The service of $provider that a client asks for. */
  validate_ provider/ServiceProvider uuid/string major/int minor/int -> Service_:
    found/Service_? := null
    provider.services_.do: | service/Service_ | if service.selector.uuid == uuid and not found: found = service
    if not found: throw "$provider does not provide service:$uuid"
    selector := found.selector
    if major != selector.major: throw "$provider does not provide service:$uuid@$(major).x"
    if minor > selector.minor: throw "$provider does not provide service:$uuid@$(major).$(minor).x"
    return found

  close client/int --by-provider/bool=false -> none:
    provider/ServiceProvider? := providers_.get client
    if not provider: return
    providers_.remove client
    opened_.remove client
    requests_.remove client
    client-remove_ client
    pid := provider.pid --client=client
    clients-by-pid_.get pid --if-present=: | clients/Set |
      clients.remove client
      if clients.is-empty: clients-by-pid_.remove pid
    // The closing is completed even if the caller is canceled or ends meanwhile.
    critical-do:
      provider.closed_ client --by-provider=by-provider
      quotas_.remove-client client

  /** See $SystemMessageHandler_.on-message. */
  on-message type/int gid/int pid/int message/any -> none:
    clients/Set? := clients-by-pid_.get pid
    if clients: clients.to-list.do: close it

  /** See $UnusedAnswerHandler_.on-unused-answer. */
  on-unused-answer pid/int request/int -> none:
    clients/Set? := clients-by-pid_.get pid
    if not clients: return
    clients.to-list.do: | client/int |
      if (requests_.get client) == request:
        close client
      else:
        provider/ServiceProvider? := providers_.get client
        if provider: provider.take-back_ client request

  /** See $SlowConsumerHandler_.on-slow-consumer. */
  on-slow-consumer client/int handle/int -> none:
    provider/ServiceProvider? := providers_.get client
    if not provider: return
    resource := provider.resource client handle
    if not resource: return
    print-on-stderr_ "$provider: closed a resource whose client takes no notifications"
    resource.close-for-client_

  new-client_ -> int:
    while true:
      last-client_ = (last-client_ + 1) % ID-LIMIT_
      if not providers_.contains last-client_: return last-client_

  random-id_ -> int:
    while true:
      id := random ID-LIMIT_
      if not services_.contains id: return id

/**
The numbers of clients and resources that other processes and groups have in this process.

Without a limit, a process or group could use up the memory of this process.
*/
class Quotas_:
  static CLIENTS-PER-PROCESS ::= 4_096
  static CLIENTS-PER-GROUP   ::= 16_384
  static RESOURCES-PER-PROCESS ::= 16_384
  static RESOURCES-PER-GROUP   ::= 65_536

  /** The process and the group of each client. */
  pids_/Map ::= {:}
  gids_/Map ::= {:}
  /** The numbers of clients and resources, by process and by group. */
  clients-of-process_/Map ::= {:}
  clients-of-group_/Map ::= {:}
  resources-of-process_/Map ::= {:}
  resources-of-group_/Map ::= {:}

  add-client client/int --pid/int --gid/int -> none:
    require_ clients-of-process_ pid CLIENTS-PER-PROCESS: "this process has $it clients open here"
    require_ clients-of-group_ gid CLIENTS-PER-GROUP: "this container has $it clients open here"
    count_ clients-of-process_ pid 1
    count_ clients-of-group_ gid 1
    pids_[client] = pid
    gids_[client] = gid

  remove-client client/int -> none:
    count_ clients-of-process_ pids_[client] -1
    count_ clients-of-group_ gids_[client] -1
    pids_.remove client
    gids_.remove client

  add-resource client/int -> none:
    pid := pids_[client]
    gid := gids_[client]
    require_ resources-of-process_ pid RESOURCES-PER-PROCESS: "this process has $it resources here"
    require_ resources-of-group_ gid RESOURCES-PER-GROUP: "this container has $it resources here"
    count_ resources-of-process_ pid 1
    count_ resources-of-group_ gid 1

  remove-resource client/int -> none:
    count_ resources-of-process_ pids_[client] -1
    count_ resources-of-group_ gids_[client] -1

  require_ counts/Map key/int limit/int [text] -> none:
    count := counts.get key --if-absent=: 0
    if count >= limit: throw "QUOTA_EXCEEDED: $(text.call count)"

  count_ counts/Map key/int change/int -> none:
    count := (counts.get key --if-absent=: 0) + change
    if count == 0: counts.remove key
    else: counts[key] = count

client-add_ client/int handler/ServiceHandler pid/int -> none:
  #primitive.services.client-add

client-remove_ client/int -> none:
  #primitive.services.client-remove

/** The id of the request that the current task works on; null if there is none. */
current-request_ -> int?:
  #primitive.services.current-request

providers-change_ change/int -> none:
  #primitive.services.providers-change
