// Numbers and their texts, at random.

import expect show *
import io show LITTLE-ENDIAN

main:
  set-random-seed "numbers"
  test-floats
  test-ints

random-bits -> int:
  bytes := ByteArray 8: random 256
  return LITTLE-ENDIAN.int64 bytes 0

test-floats:
  2000.repeat:
    value := float.from-bits random-bits
    if value.is-finite:
      expect-identical value (float.parse value.stringify)
      expect-identical -value (float.parse (-value).stringify)
  // Simple decimals are printed as they are written.
  2000.repeat:
    text := "$(random 100000).$(random 1000)5"
    expect-equals text (float.parse text).stringify
  [1.0, 0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 9007199254740993.0].do:
    expect-identical it (float.parse it.stringify)
  // Halfway between two floats: the even one.
  expect-identical 9007199254740992.0 (float.parse "9007199254740993")
  expect-identical 9007199254740996.0 (float.parse "9007199254740995")
  expect-identical 0.0 (float.parse "2e-324")
  expect-identical 5e-324 (float.parse "3e-324")
  expect-identical float.INFINITY (float.parse "1.8e308")

test-ints:
  2000.repeat:
    value := random-bits >> (random 64)
    expect-equals value (int.parse value.stringify)
    radix := 2 + (random 35)
    expect-equals value (int.parse (value.stringify radix) --radix=radix)
  [int.MAX, int.MIN].do: expect-equals it (int.parse it.stringify)
  ["9223372036854775808", "-9223372036854775809", "99999999999999999999999"].do: | text |
    expect-throw "OUT_OF_RANGE": int.parse text
