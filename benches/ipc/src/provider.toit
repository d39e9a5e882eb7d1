// The provider in Toit that `benches/ipc` measures.
import system.services show *

SELECTOR ::= ServiceSelector
    --uuid="6a7d9e4e-3f1f-4d0b-9a55-0d8c8f6f6f02"
    --major=1
    --minor=0

class Provider extends ServiceProvider implements ServiceHandler:
  constructor:
    super "bench/toit" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return arguments
    return arguments.size

main:
  (Provider).install
