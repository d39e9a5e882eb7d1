// Large maps and sets: growth, and use as queues.
// no stress: half a million allocations

import expect show *

main:
  growth
  queues

growth:
  map := {:}
  20_000.repeat:
    map["key $it"] = it
    map[it] = "value $it"
  expect-equals 40_000 map.size
  20_000.repeat:
    expect-equals it map["key $it"]
    expect-equals "value $it" map[it]
  expect-not (map.contains "key 20000")

queues:
  // First in, first out must not become slow, nor must last in, first out.
  set := {}
  100.repeat: set.add it
  50_000.repeat:
    set.add it + 100
    set.remove set.first
  expect-equals 100 set.size
  expect-equals 50_000 set.first
  map := {:}
  50_000.repeat: map[it] = it
  50_000.repeat: map.remove map.last
  expect map.is-empty
