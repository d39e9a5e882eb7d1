// The clients of special networks, without providers of these.
// options: --simulate 7

import expect show *
import net.cellular
import net.ethernet
import net.wifi

main:
  // A container that provides one can start later.
  2.repeat:
    time := Duration.of: expect-throw "ethernet unavailable": ethernet.open
    expect (time >= (Duration --s=5)) --message="$time"
    // It has waited.
    time = Duration.of: expect-throw "ethernet unavailable": ethernet.open
    expect (time < (Duration --s=5)) --message="$time"
    ethernet.reset
  expect-throw "cellular unavailable": cellular.open {:}
  expect-throw "WiFi unavailable": wifi.open null
  expect-throw "WiFi unavailable": wifi.establish --ssid="a" --password=""
  expect-throw "WiFi unavailable": wifi.scan #[1]
  expect-throw "WiFi unavailable": wifi.configure --ssid="a" --password=""
  expect-throw "WiFi unavailable": wifi.configure --reset
  // expect: done
  print "done"
