// Starts as many leaf processes as the argument says, each with an installed provider and an open client, and one hub
// process for every 10,000 of them. A hub prints "idle" when all of its clients are open. Then waits forever. The cost of
// the processes is measured from outside.
import system.services show *

/** The maximum number of clients of one provider here. A group may have 16,384 clients at each provider. */
CLIENTS-MAX ::= 10_000

class Provider extends ServiceProvider implements ServiceHandler:
  constructor name/string uuid/string:
    super name --major=1 --minor=0
    provides (ServiceSelector --uuid=uuid --major=1 --minor=0) --handler=this
  handle index/int arguments/any --gid/int --client/int -> any: return null

class Client extends ServiceClient:
  constructor uuid/string:
    super (ServiceSelector --uuid=uuid --major=1 --minor=0)

/**
Returns the UUID of the interface of a leaf process.
Each has its own, since the number of providers of one interface is limited.
*/
leaf-uuid number/int -> string: return "b1c1f6a2-2f0e-4d6b-9f0e-$(%012x number)"
hub-uuid number/int -> string: return "b1c1f6a2-2f0e-4d6b-9f0f-$(%012x number)"

/** Prints "idle" when all of its clients have opened it. */
class Hub extends Provider:
  missing/int := ?
  constructor number/int .missing: super "hub" (hub-uuid number)
  on-opened client/int -> none:
    missing--
    if missing == 0: print "idle"

main arguments:
  count := int.parse arguments[0]
  hubs := (count + CLIENTS-MAX - 1) / CLIENTS-MAX
  hubs.repeat: | hub |
    spawn:: (Hub hub (min CLIENTS-MAX count - hub * CLIENTS-MAX)).install
  count.repeat: | number |
    spawn::
      (Provider "leaf" (leaf-uuid number)).install
      (Client (hub-uuid number / CLIENTS-MAX)).open --timeout=(Duration --s=60)
  if count == 0: print "idle"
  while true: sleep --ms=60_000
