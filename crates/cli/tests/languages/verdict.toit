// Takes the verdicts of two clients in C, written by hand.
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="0e6d1d55-8a4f-4c4e-9f5e-0a3b5c1d7e90" --major=1 --minor=0

class VerdictProvider extends ServiceProvider implements ServiceHandler:
  given_ ::= monitor.Channel 2

  constructor:
    super "test/verdict" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index != 0: unreachable
    given_.send "$arguments[0]: $(arguments[1] == "" ? "content" : arguments[1])"
    return null

main:
  provider := VerdictProvider
  provider.install
  given := List 2: provider.given_.receive
  given.sort --in-place
  given.do: print it
  provider.uninstall --wait
