// The machine in the cellar: a thermometer, whose temperature changes twice a second.
import monitor
import .climate show Watch
import .climate-provider show ClimateProvider

class Thermometer extends ClimateProvider:
  temperature_/int := 180
  watches_ ::= []

  constructor: super "house/climate"

  temperature -> int: return temperature_

  watch -> Watch:
    watch := CellarWatch this
    watches_.add watch
    return watch

  change by/int -> none:
    temperature_ += by
    // A watch for which too many temperatures wait misses this one.
    watches_.do: it.temperatures_.try-send temperature_

class CellarWatch implements Watch:
  thermometer_/Thermometer
  temperatures_/monitor.Channel ::= monitor.Channel 10

  constructor .thermometer_:

  next -> int: return temperatures_.receive

  // Called however the watch ends: also when contact with its machine is lost.
  close -> none:
    thermometer_.watches_.remove this

main:
  thermometer := Thermometer
  thermometer.install
  while true:
    sleep --ms=500
    thermometer.change (random 7) - 3
