// The machine in the attic: each second it asks for the temperature in the cellar, and keeps the mean.
import .climate-client show ClimateClient

sum := 0
count := 0

main:
  while true:
    error := catch: log
    print "log: no temperature ($error)"
    sleep --ms=1_000

log -> none:
  climate := ClimateClient
  climate.open --timeout=(Duration --m=10)
  try:
    while true:
      sum += climate.temperature
      count++
      print "log: $(%.2f sum / 10.0 / count) °C on average of $count"
      sleep --ms=1_000
  finally:
    climate.close
