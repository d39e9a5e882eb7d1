// Numbers at the edges of how they are stored: small and large ints, floats in place and boxed.
import expect show *

main:
  ints
  wrap-around
  int-equality
  floats
  float-bits
  comparisons
  mixed
  hashes
  large-literals

/** Ints around each power of two, where a representation might end. */
edges -> List:
  result := []
  64.repeat: | bits |
    power := 1 << bits
    [power - 1, power, power + 1, -power - 1, -power, -power + 1].do: result.add it
  return result

ints:
  edges.do: | n |
    // Stored, printed, parsed, and through a list it stays the same number.
    expect-equals n (int.parse n.stringify)
    expect-equals n [n].first
    expect-equals n n + 1 - 1
    expect-equals n -(-n)
    expect-equals n ~~n
    expect-equals n (n ^ -1) ^ -1
    expect-equals n (n | 0) & -1
    expect-equals 0 n - n
    expect-equals n n * 1
    expect-equals n n / 1
    expect-equals n.hash-code (n + 0).hash-code
    d := 3
    expect-equals n (n / d) * d + n % d

wrap-around:
  expect-equals int.MIN int.MAX + 1
  expect-equals int.MAX int.MIN - 1
  expect-equals -2 int.MAX + int.MAX
  expect-equals 0 int.MIN + int.MIN
  expect-equals int.MIN -int.MIN
  expect-equals 1 int.MAX * int.MAX
  expect-equals 0 ((1 << 32) * (1 << 32))
  expect-equals int.MIN ((1 << 62) * 2)
  expect-equals int.MIN ((1 << 62) + (1 << 62))
  expect-equals int.MAX (-(1 << 62) - 1) - (1 << 62)
  expect-equals 4611686018427387903 ((1 << 62) - 1)
  expect-equals 4611686018427387904 (1 << 62)
  expect-equals -4611686018427387905 (-(1 << 62) - 1)
  x := int.MAX
  x++
  expect-equals int.MIN x
  x--
  expect-equals int.MAX x
  sum := int.MAX - 5
  10.repeat: sum += 1
  expect-equals int.MIN + 4 sum
  expect-equals 9223372036854775807 int.MAX
  expect-equals "-9223372036854775808" int.MIN.stringify

int-equality:
  a := 1 << 62
  b := (1 << 61) * 2
  expect a == b
  expect (identical a b)
  expect-not a == a + 1
  map := {a: "x"}
  expect-equals "x" map[b]
  expect-equals -1 (a.compare-to a + 1)

/** Floats of every exponent, and those that have none. */
float-edges -> List:
  result := [0.0, -0.0, 1.0, -1.0, 0.1, 1.5, float.MAX-FINITE, float.MIN-POSITIVE, float.INFINITY, -float.INFINITY]
  for exponent := 0; exponent < 2047; exponent += 1:
    result.add (float.from-bits exponent << 52)
    result.add (float.from-bits exponent << 52 | 0xf_ffff_ffff_ffff)
    result.add (float.from-bits int.MIN | exponent << 52 | 1)
  return result

floats:
  float-edges.do: | x |
    // Equal, and bit for bit the same.
    expect-equals x [x].first
    expect (identical x -(-x))
    expect (identical x (float.from-bits x.bits))
    expect-equals x x + 0.0
    expect-equals x x * 1.0
  expect (identical -0.0 0.0 * -1.0)
  expect-not (identical 0.0 -0.0)
  expect 0.0 == -0.0
  expect-equals "-0.0" (-0.0).stringify
  expect-equals float.INFINITY 1.0 / 0.0
  expect-equals -float.INFINITY 1.0 / -0.0
  expect-equals float.INFINITY float.MAX-FINITE * 2
  expect-equals 0.0 float.MIN-POSITIVE / 2
  expect-equals 5e-324 float.MIN-POSITIVE

float-bits:
  expect-equals 0x3ff0_0000_0000_0000 1.0.bits
  expect-equals int.MIN (-0.0).bits
  expect-equals 1 float.MIN-POSITIVE.bits
  expect-equals 0x7ff0_0000_0000_0000 float.INFINITY.bits
  nan := 0.0 / 0.0
  expect nan.is-nan
  expect nan != nan
  expect-not nan == nan
  expect-not nan < nan
  expect-not nan < 1.0
  expect-not nan > 1.0
  expect-not nan <= nan
  expect (identical nan float.NAN)
  expect-equals 0 (nan.compare-to nan)
  // By `compare-to` it is the greatest of all.
  list := [3.0, nan, float.INFINITY, 1.0].sort: | a b | a.compare-to b
  expect-equals [1.0, 3.0, float.INFINITY] list[..3]
  expect list.last.is-nan

comparisons:
  expect 1 == 1.0
  expect 1.0 == 1
  expect 1 < 1.5
  expect 1.5 > 1
  expect-equals -1 (1.compare-to 2)
  expect-equals 1 (0.0.compare-to -0.0)
  // 2^53 + 1 is not a float.
  big := 9007199254740993
  expect-equals 9007199254740992.0 big.to-float

mixed:
  expect (1 + 1.0) is float
  expect-equals 2.5 5 / 2.0
  expect-equals 3 3.99.to-int
  expect-equals -3 (-3.99).to-int
  expect-throw "OUT_OF_RANGE": 1e300.to-int
  expect-equals 4.0 2.0 * 2

hashes:
  set := {}
  edges.do: set.add it
  count := set.size
  edges.do: set.add it
  expect-equals count set.size
  edges.do: expect (set.contains it)
  floats := {}
  float-edges.do: floats.add it
  float-edges.do: expect (floats.contains it)

large-literals:
  expect-equals -1 0xffff_ffff_ffff_ffff
  expect-equals int.MIN -9223372036854775808
  expect-equals 1e308 1e308
  expect-equals 0.1 + 0.2 0.30000000000000004
