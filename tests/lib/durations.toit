// Durations: arithmetic, text, parsing.

import expect show *

main:
  hour := Duration --h=1
  expect-equals 3_600_000_000_000 hour.in-ns
  expect-equals 3_600_000_000 hour.in-us
  expect-equals 3_600_000 hour.in-ms
  expect-equals 3_600 hour.in-s
  expect-equals 60 hour.in-m
  expect-equals 1 hour.in-h
  sum := Duration --h=1 --m=2 --s=3 --ms=4 --us=5 --ns=6
  expect-equals 3_723_004_005_006 sum.in-ns
  expect-equals (Duration --m=90) hour + (Duration --m=30)
  expect-equals (Duration --m=30) hour - (Duration --m=30)
  expect-equals (Duration --h=-1) -hour
  expect-equals (Duration --h=2) hour * 2
  expect-equals (Duration --m=90) hour * 1.5
  expect-equals (Duration --m=20) hour / 3
  expect hour > (Duration --m=59)
  expect hour <= (Duration --m=60)
  expect-equals hour.hash-code (Duration --m=60).hash-code
  expect-equals 0 (hour.compare-to (Duration --m=60))
  expect-equals 9 (hour.compare-to hour --if-equal=: 9)
  expect Duration.ZERO.is-zero
  expect-equals hour (-hour).abs
  expect-throw "OUT_OF_RANGE": (Duration int.MIN).abs
  expect-equals {hour} {Duration --m=60}
  expect-equals 0 (Duration.of: 42).in-m

  texts
  parsing

texts:
  [
    ["0s", Duration 0],
    ["1ns", Duration 1],
    ["1.5us", Duration 1500],
    ["20ms", Duration --ms=20],
    ["1s", Duration --s=1],
    ["1m0.5s", Duration --s=60 --ms=500],
    ["1h0m0s", Duration --h=1],
    ["-1h0m0.000000001s", -(Duration --h=1 --ns=1)],
    ["2562047h47m16.854775807s", Duration int.MAX],
    ["-2562047h47m16.854775808s", Duration int.MIN],
  ].do: | test |
    expect-equals test[0] test[1].stringify

parsing:
  [
    ["90m", Duration --m=90],
    ["1h30m", Duration --m=90],
    ["2s1h", Duration --h=1 --s=2],
    ["1.25s", Duration --ms=1250],
    ["-2.5ms", Duration --us=-2500],
    [" - 1 us 1 0 ns", Duration --ns=-1010],
  ].do: | test |
    expect-equals test[1] (Duration.parse test[0])
  expect-throw "MISSING_VALUE": Duration.parse ""
  expect-throw "MISSING_VALUE": Duration.parse "-"
  expect-throw "MISSING_VALUE": Duration.parse "h"
  expect-throw "MISSING_VALUE": Duration.parse "1hm"
  expect-throw "DUPLICATE_UNIT": Duration.parse "1h1h"
  expect-throw "INVALID_CHARACTER": Duration.parse "foo"
  expect-equals null (Duration.parse "foo" --if-error=: null)
  // The text of stringify can be parsed.
  [1, 1500, 61_000_000_000, -3_600_000_000_001].do:
    duration := Duration it
    expect-equals duration (Duration.parse duration.stringify)
