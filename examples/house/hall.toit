// The machine in the hall: a panel that shows each change of the temperature in the cellar. It does not know where the
// thermometer is, and finds it again when the cellar has been away.
import .climate-client show ClimateClient

main:
  while true:
    error := catch: show
    print "panel: no temperature ($error)"
    sleep --ms=1_000

show -> none:
  climate := ClimateClient
  // Waits until there is a thermometer.
  climate.open --timeout=(Duration --m=10)
  try:
    watch := climate.watch
    while true:
      print "panel: $(%.1f watch.next / 10.0) °C"
  finally:
    climate.close
