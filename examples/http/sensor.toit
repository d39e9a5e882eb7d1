// A container that measures: it has no real sensor, so its temperature changes at random.
import system.services show *

import .thermometer show SELECTOR READ-INDEX

class Sensor extends ServiceProvider implements ServiceHandler:
  number_/int := 0
  tenths_/int := 200

  constructor:
    super "example/thermometer" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index != READ-INDEX: unreachable
    number_++
    tenths_ += (random 21) - 10
    return [number_, tenths_ / 10.0]

main:
  (Sensor).install
