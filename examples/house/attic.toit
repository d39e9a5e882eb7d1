// The machine in the attic: each second it asks for the temperature in the cellar, and keeps the mean.
import .climate-client show ClimateClient

main:
  sum := 0
  count := 0
  while true:
    error := catch:
      climate := ClimateClient
      climate.open --timeout=(Duration --m=10)
      while true:
        sum += climate.temperature
        count++
        print "log: $(%.2f sum / 10.0 / count) °C on average of $count"
        sleep --ms=1_000
    print "log: no temperature ($error)"
