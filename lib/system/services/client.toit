import monitor
import rpc
import system.api.service-discovery show ServiceDiscoveryServiceClient

import .protocol_
import .resource
import .selector

/**
The client of a service.

A class for a particular service extends this class. For each method of the service, it
  has a method that calls $invoke_.
*/
class ServiceClient:
  selector/ServiceSelector

  id_/int? := null
  pid_/int? := null
  /** The provider's description of itself: name, major, minor, patch, tags. */
  definition_/List? := null

  // Whether there were providers when this client last tried to open, but none for this container.
  may-not-open_/bool := false
  // The providers that were there when this client last tried to open.
  candidates_/List := []

  /** The time for which $open waits for a provider to appear. */
  static DEFAULT-OPEN-TIMEOUT /Duration ::= Duration --ms=100

  constructor .selector:

  /** Opens the service. Waits a little for a provider; throws if there is none. */
  open -> ServiceClient:
    return open --timeout=DEFAULT-OPEN-TIMEOUT

  /** Variant of $open that waits for the $timeout; not at all if it is null. */
  open --timeout/Duration? -> ServiceClient:
    return open --timeout=timeout --if-absent=: throw-absent_

  /**
  Opens the service, and returns this client.

  Without a provider, waits for the $timeout if there is one, and then returns the result of
    $if-absent. Uses the provider with the highest priority; throws if several have that priority.
  */
  open --timeout/Duration?=null [--if-absent] -> any:
    discovery := discovery_
    found := discovery.discover selector.uuid --wait=(timeout != null)
    may-not-open_ = found != null and found.size > 2
    if not timeout: return (found and open-best_ found[0]) ? this : if-absent.call
    watch/DiscoveryWatch_? := found and found[1] and (DiscoveryWatch_ discovery found[1])
    try:
      if found and open-best_ found[0]: return this
      if watch:
        expired := catch --unwind=(: it != DEADLINE-EXCEEDED-ERROR):
          with-timeout timeout:
            while true: if open-best_ watch.next: return this
      return if-absent.call
    finally:
      if watch: watch.close

  /** Opens the best of the $candidates. Returns whether the selector allows one of them. */
  open-best_ candidates/List -> bool:
    candidates_ = candidates
    best := -1
    for i := 0; i < candidates.size; i += CANDIDATE-SIZE_:
      if best >= 0 and candidates[i + 5] < candidates[best + 5]: break
      if not (is-allowed_ candidates i): continue
      if best >= 0: throw-ambiguous_ candidates[best + 5]
      best = i
    if best < 0: return false
    open_ --pid=candidates[best] --id=candidates[best + 1]
    return true

  throw-absent_ -> none:
    if may-not-open_:
      throw-detailed_
          "Cannot find service: this container may not open it"
          "$asked_ it is provided, but this container is not allowed to open it"
    throw-detailed_ "Cannot find service" "$asked_ $providers_"

  /** Throws because several allowed providers have the highest $priority. */
  throw-ambiguous_ priority/int -> none:
    equals := names_: candidates_[it + 5] == priority and is-allowed_ candidates_ it
    throw-detailed_ "Cannot disambiguate"
        "$asked_ several providers have the priority $priority: $equals; restrict the selector to one of them"

  /** The beginning of a text about this request. */
  asked_ -> string:
    return "$(class-name_ this) asks for service $selector.uuid, version $(selector.major).$(selector.minor).x:"

  /** The providers that were there, as text. */
  providers_ -> string:
    if candidates_.is-empty: return "no container provides it"
    return "the selector does not allow its providers: $(names_: true)"

  /** The candidates whose positions $is-wanted accepts, as text. */
  names_ [is-wanted] -> string:
    names := []
    for i := 0; i < candidates_.size; i += CANDIDATE-SIZE_:
      if not (is-wanted.call i): continue
      tags := candidates_[i + 6]
      shown := "$candidates_[i + 2]@$candidates_[i + 3].$candidates_[i + 4]"
      names.add (tags ? "$shown $tags" : shown)
    return names.join ", "

  is-allowed_ candidates/List i/int -> bool:
    return selector.is-allowed_
        --name=candidates[i + 2]
        --major=candidates[i + 3]
        --minor=candidates[i + 4]
        --tags=candidates[i + 6]

  open_ --pid/int --id/int -> none:
    if id_: throw "Already opened"
    definition := rpc.invoke pid RPC-OPEN_ [id, selector.uuid, selector.major, selector.minor]
    pid_ = pid
    id_ = definition[0]
    definition_ = definition[1..]
    add-finalizer this:: close

  /** The provider's number for this client; null if it is not open. */
  id -> int?:
    return id_

  /** The name of the provider. */
  name -> string:
    return definition_[0]

  /** The major version of the provider. */
  major -> int:
    return definition_[1]

  /** The minor version of the provider. */
  minor -> int:
    return definition_[2]

  /** The patch version of the provider. */
  patch -> int:
    return definition_[3]

  /** Closes the service, and all resources of this client. */
  close -> none:
    id := id_
    if not id: return
    id_ = null
    remove-finalizer this
    proxy-remove-all_ pid_ id
    close-there_ RPC-CLOSE_ id

  stringify -> string:
    if not definition_: return "service:$selector.uuid@$(selector.major).$(selector.minor).x"
    return "service:$name@$(major).$(minor).$(patch)"

  /**
  Calls the method $index of the service.

  The $arguments, and the result, are null, booleans, numbers, strings, byte arrays, lists, maps; or
    objects that can be converted to one of these.
  */
  invoke_ index/int arguments/any -> any:
    id := id_
    if not id: throw "Client closed"
    if arguments is rpc.RpcSerializable: arguments = (arguments as rpc.RpcSerializable).serialize-for-rpc
    return rpc.invoke pid_ RPC-INVOKE_ [id, index, arguments]

  close-resource_ handle/int -> none:
    id := id_
    // A closed client has closed its resources already.
    if id: close-there_ RPC-CLOSE-RESOURCE_ [id, handle]

  close-there_ procedure/int what/any -> none:
    // A provider that has ended has closed everything.
    catch --unwind=(: it != "NO_SUCH_PROCESS"):
      critical-do: rpc.invoke pid_ procedure what

discovery_/ServiceDiscoveryServiceClient ::= (ServiceDiscoveryServiceClient).open

/** The updates of the discovery service about one service. */
class DiscoveryWatch_ extends ServiceResourceProxy:
  news_/monitor.Channel ::= monitor.Channel 1

  constructor client/ServiceClient handle/int:
    super client handle

  on-notified_ candidates/any -> none:
    news_.send candidates

  /** The next list of candidates. Waits for it. */
  next -> List:
    return news_.receive

proxy-remove-all_ pid/int client/int -> none:
  #primitive.services.proxy-remove-all
