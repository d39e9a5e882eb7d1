// Starts as many processes as the argument says, each with an installed provider and an open
// client, and waits forever once all are idle. Their cost is measured from outside.
import system.services show *

class Provider extends ServiceProvider implements ServiceHandler:
  constructor name/string uuid/string:
    super name --major=1 --minor=0
    provides (ServiceSelector --uuid=uuid --major=1 --minor=0) --handler=this
  handle index/int arguments/any --gid/int --client/int -> any: return null

class Client extends ServiceClient:
  constructor uuid/string:
    super (ServiceSelector --uuid=uuid --major=1 --minor=0)

HUB ::= "b1c1f6a2-2f0e-4d6b-9f0e-0b7a0e2f4c66"
LEAF ::= "b1c1f6a2-2f0e-4d6b-9f0e-0b7a0e2f4c67"

class Hub extends Provider:
  missing/int := ?
  constructor .missing: super "hub" HUB
  on-opened client/int -> none:
    missing--
    if missing == 0: print "idle"

main arguments:
  count := int.parse arguments[0]
  hub := Hub count
  hub.install
  count.repeat:
    spawn::
      (Provider "leaf" LEAF).install
      (Client HUB).open --timeout=(Duration --s=60)
  if count == 0: print "idle"
