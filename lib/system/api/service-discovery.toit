import system.services show ServiceClient ServiceSelector

/** The service that finds all others. Every process can open it. */
interface ServiceDiscoveryService:
  static SELECTOR ::= ServiceSelector
      --uuid="dc58d7e1-1b1f-4a93-a9ac-bd45a47d7de8"
      --major=0
      --minor=3

  /**
  The providers of the service $uuid: a list of two, or of three if the caller may open none of them.

  The first is the list of candidates, seven entries each: process, id, name, major and
    minor version, priority, tags. The second is null, or with $wait the handle of a
    resource that sends a new list of candidates whenever a provider appears.
  */
  discover uuid/string --wait/bool -> List?
  static DISCOVER-INDEX /int ::= 0

  /** Requests a message to this process when the process $pid ends. */
  watch pid/int -> none
  static WATCH-INDEX /int ::= 3

  /** Announces a provider of this process. */
  listen id/int uuid/string -> none
      --name/string
      --major/int
      --minor/int
      --priority/int
      --tags/List?
  static LISTEN-INDEX /int ::= 1

  /** Withdraws the provider that $listen announced. */
  unlisten id/int -> none
  static UNLISTEN-INDEX /int ::= 2

class ServiceDiscoveryServiceClient extends ServiceClient implements ServiceDiscoveryService:
  static SELECTOR ::= ServiceDiscoveryService.SELECTOR
  static SYSTEM-PID_ ::= -1
  static SERVICE-ID_ ::= 0

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** See $super. The provider has a fixed place, so there is nothing to discover. */
  open -> ServiceDiscoveryServiceClient:
    open_ --pid=SYSTEM-PID_ --id=SERVICE-ID_
    return this

  /** See $ServiceDiscoveryService.discover. */
  discover uuid/string --wait/bool -> List?:
    return invoke_ ServiceDiscoveryService.DISCOVER-INDEX [uuid, wait]

  /** See $ServiceDiscoveryService.watch. */
  watch pid/int -> none:
    invoke_ ServiceDiscoveryService.WATCH-INDEX pid

  /** See $ServiceDiscoveryService.listen. */
  listen id/int uuid/string -> none
      --name/string
      --major/int
      --minor/int
      --priority/int
      --tags/List?:
    invoke_ ServiceDiscoveryService.LISTEN-INDEX [id, uuid, name, major, minor, priority, tags]

  /** See $ServiceDiscoveryService.unlisten. */
  unlisten id/int -> none:
    invoke_ ServiceDiscoveryService.UNLISTEN-INDEX id
