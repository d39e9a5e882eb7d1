// Integers and floats: arithmetic, order, bits, text.

import expect show *
import math

main:
  arithmetic
  wrap-around
  mixed
  errors
  shifts
  bits
  order
  rounding
  text
  parse-integers
  parse-floats
  constants
  loops
  hashes

arithmetic:
  expect-equals 7 3 + 4
  expect-equals -1 3 - 4
  expect-equals 12 3 * 4
  expect-equals 2 11 / 4
  expect-equals -2 -11 / 4
  expect-equals 3 11 % 4
  expect-equals -3 -11 % 4
  expect-equals 3 11 % -4
  expect-equals 2.75 11.0 / 4
  expect-equals 5 (-5).abs
  expect-equals -1 (-5).sign
  expect-equals 0 0.sign
  expect-equals 3.0 9.sqrt
  expect-equals 9 9.to-int
  expect-equals -9 (-9.9).to-int

wrap-around:
  expect-equals int.MIN int.MAX + 1
  expect-equals int.MAX int.MIN - 1
  expect-equals -2 int.MAX * 2
  expect-equals int.MIN -int.MIN
  expect-equals int.MIN int.MIN / -1
  // Numbers of more than 63 bits are boxed; nothing must show it.
  big := 0x4000_0000_0000_0000
  expect-equals big big - 1 + 1
  expect (identical big big + 0)
  expect-equals 1 big.population-count

mixed:
  expect-equals 1.5 1 + 0.5
  expect-equals 0.5 1 - 0.5
  expect-equals 0.5 1 * 0.5
  expect-equals 2.0 1 / 0.5
  expect-equals 0.5 1.5 % 1
  expect 1 == 1.0
  expect 1.0 == 1
  expect-not (identical 1 1.0)
  expect 1 < 1.5 < 2
  expect-not 1 == "1"
  expect-not 1.0 == null
  // A float cannot tell these two apart, comparison must.
  expect int.MAX < int.MAX.to-float
  expect-not int.MAX == int.MAX.to-float

errors:
  expect-throw "DIVISION_BY_ZERO": 1 / 0
  expect-throw "DIVISION_BY_ZERO": 1 % 0
  expect-throw "LOOKUP_FAILED": 1 + ("2" as any)
  expect-throw "LOOKUP_FAILED": 1.0 < ("2" as any)
  expect-throw "WRONG_OBJECT_TYPE": 1 & (2.0 as any)
  expect-throw "NEGATIVE_ARGUMENT": 1 << -1
  expect-throw "OUT_OF_RANGE": 1e300.to-int
  expect-throw "OUT_OF_RANGE": float.NAN.round
  expect-throw "INVALID_ARGUMENT": float.NAN.to-int
  expect (1.0 / 0 == float.INFINITY)
  expect (0.0 / 0).is-nan

shifts:
  expect-equals 1024 1 << 10
  expect-equals int.MIN 1 << 63
  expect-equals 0 1 << 64
  expect-equals -1 -1 >> 70
  expect-equals 0 -1 >>> 64
  expect-equals int.MAX -1 >>> 1
  expect-equals -2 -4 >> 1

bits:
  expect-equals 0b1000 0b1100 & 0b1010
  expect-equals 0b1110 0b1100 | 0b1010
  expect-equals 0b0110 0b1100 ^ 0b1010
  expect-equals -1 ~0
  expect-equals 56 0xff.count-leading-zeros
  expect-equals 64 0.count-trailing-zeros
  expect-equals 3 0b101000.count-trailing-zeros
  expect-equals 1 0b111.parity
  expect 0b11.has-even-parity
  expect 0b1.has-odd-parity
  expect 64.is-power-of-two
  expect-not 0.is-power-of-two
  expect-not int.MIN.is-power-of-two
  expect (24.is-aligned 8)
  expect-throw "INVALID ARGUMENT": 24.is-aligned 3
  expect-equals -1 (255.sign-extend --bits=8)
  expect-equals 127 (127.sign-extend --bits=8)
  expect-equals 5 (5.sign-extend --bits=64)
  expect-throw "OUT_OF_RANGE": 1.sign-extend --bits=0

order:
  sorted := [float.NAN, 2, -0.0, 0.0, -1, float.INFINITY, 0.5].sort: | a b | a.compare-to b
  expect-equals [-1, -0.0, 0.0, 0.5, 2, float.INFINITY] sorted[..6]
  expect (sorted[1].bits == (-0.0).bits)
  expect sorted[6].is-nan
  expect-equals 7 (1.compare-to 1 --if-equal=: 7)
  expect-equals -1 (1.compare-to 2 --if-equal=: 7)
  expect-equals 1 (min 1 2)
  expect-equals 2 (max 1 2)
  expect-equals 1.5 (min 2 1.5)
  expect (min 1 float.NAN).is-nan
  expect (max 1 float.NAN).is-nan

rounding:
  expect-equals 3 2.5.round
  expect-equals -3 (-2.5).round
  expect-equals 2 2.4.round
  expect-equals 3.0 2.1.ceil
  expect-equals 2.0 2.9.floor
  expect-equals -3.0 (-2.1).floor
  expect-equals -2.0 (-2.9).truncate
  expect-equals 32 (round-up 17 16)
  expect-equals 16 (round-down 31 16)
  expect-throw "OUT_OF_RANGE": round-up -1 4
  expect-equals 3 math.PI.round
  expect-equals 1.797e308 (1.797e308.round --precision=2)
  expect-equals -float.INFINITY ((-float.INFINITY).round --precision=2)
  expect-equals 3.14 (math.PI.round --precision=2)

text:
  expect-equals "-9223372036854775808" int.MIN.stringify
  expect-equals "zz" (1295.to-string --radix=36)
  expect-equals "-101" ((-5).to-string --radix=2)
  expect-equals "18446744073709551615" ((-1).to-string --uint64)
  expect-throw "OUT_OF_RANGE": 1.to-string --radix=37
  [-1, 0, 1, 37, int.MAX].do: | radix | expect-throw "OUT_OF_RANGE": 1.stringify radix
  expect-equals "1.0" 1.0.stringify
  expect-equals "-0.0" (-0.0).stringify
  expect-equals "0.1" 0.1.stringify
  expect-equals "1e23" 1e23.stringify
  expect-equals "1e-07" 1e-7.stringify
  expect-equals "-1.5e-09" (-1.5e-9).stringify
  expect-equals "1e-100" 1e-100.stringify
  expect-equals "1e21" 1e21.stringify
  expect-equals "nan" float.NAN.stringify
  expect-equals "-inf" (-float.INFINITY).stringify
  expect-equals "3.14" (math.PI.to-string --precision=2)
  expect-equals "3.0" (math.PI.to-string --precision=0)
  expect-equals "2.0 4.0 2.0" "$(2.5.to-string --precision=0) $(3.7.to-string --precision=0) $(%.0f 2.5)"
  // A tie goes to the even digit.
  expect-equals "165230783442034.12" (165230783442034.125.to-string --precision=2)
  expect-equals "0.2 0.8" "$(0.25.to-string --precision=1) $(0.75.to-string --precision=1)"
  expect-equals "3.141592653589793" (math.PI.to-string --precision=null)
  expect-throw "OUT_OF_RANGE": 1.0.to-string --precision=65

parse-integers:
  expect-equals 42 (int.parse "42")
  expect-equals -42 (int.parse "-42")
  expect-equals 255 (int.parse "0xfF")
  expect-equals 5 (int.parse "0b101")
  expect-equals 255 (int.parse "ff" --radix=16)
  expect-equals 1_000 (int.parse "1_000")
  expect-equals 34 (int.parse "12345"[2..4])
  expect-equals 7 (int.parse #['7'])
  expect-equals int.MIN (int.parse "-9223372036854775808")
  expect-throw "OUT_OF_RANGE": int.parse "9223372036854775808"
  expect-throw "INTEGER_PARSING_ERROR": int.parse ""
  ["1_", "_1", "-_1", "1__2", "0x_1", "0x1__0"].do: | text | expect-throw "INTEGER_PARSING_ERROR": int.parse text
  expect-throw "INTEGER_PARSING_ERROR": int.parse "1__0" --radix=16
  expect-throw "INTEGER_PARSING_ERROR": int.parse "1x"
  expect-throw "INVALID_RADIX": int.parse "1" --radix=1
  expect-equals 99 (int.parse "x" --if-error=: 99)
  expect-equals "INTEGER_PARSING_ERROR" (parse-error "x")

parse-error text:
  int.parse text --if-error=: return it
  unreachable

parse-floats:
  expect-equals 2.5 (float.parse "2.5")
  expect-equals -2e10 (float.parse "-2e10")
  expect-equals 1.5 (float.parse "0x1.8")
  expect-throw "FLOAT_PARSING_ERROR": float.parse "2.5 "
  expect (float.parse "nan").is-nan
  ["inf", "Infinity", "+inf"].do: expect-equals float.INFINITY (float.parse it)
  expect-equals -float.INFINITY (float.parse "-inf")
  ["1_000", "1_", "1_0.5", "_1", "0x1_0", "infi", "-"].do: | text |
    expect-throw "FLOAT_PARSING_ERROR": float.parse text
  expect-equals null (float.parse "x" --if-error=: null)
  expect-identical 2 (num.parse "2")
  expect-identical 2.0 (num.parse "2.0")
  expect-identical 9223372036854775808.0 (num.parse "9223372036854775808")
  expect-throw "NUMBER_PARSING_ERROR": num.parse "two"

constants:
  expect-equals 0x7fff_ffff_ffff_ffff int.MAX
  expect-equals -128 int.MIN-8
  expect-equals 0xffff_ffff int.MAX-U32
  expect-equals float.INFINITY float.MAX-FINITE * 2
  expect-equals 0.0 float.MIN-POSITIVE / 2
  expect-equals 0x4000_0000_0000_0000 2.0.bits
  expect-equals 2.0 (float.from-bits 0x4000_0000_0000_0000)
  expect-equals 0x4000_0000 2.0.bits32
  expect-equals 2.0 (float.from-bits32 0x4000_0000)
  expect-throw "OUT_OF_RANGE": float.from-bits32 -1

loops:
  sum := 0
  5.repeat: sum += it
  expect-equals 10 sum
  (-3).repeat: unreachable
  first := find-square-above 50
  expect-equals 8 first

find-square-above limit:
  100.repeat: if it * it > limit: return it
  return null

hashes:
  expect-equals 1.hash-code 1.0.hash-code
  expect-equals 0.0.hash-code (-0.0).hash-code
  expect-equals (1 << 62).hash-code (1 << 62).to-float.hash-code
  expect-not-equals 1.hash-code 2.hash-code
