// Interpolation and formats.

import expect show *

class Point:
  x/int
  y/int
  constructor .x .y:
  stringify: return "($x,$y)"

main:
  x := 42
  point := Point 1 2
  list := [7, [8]]
  expect-equals "x=42, (1,2)" "x=$x, $point"
  expect-equals "1+7+8" "$point.x+$list[0]+$list[1][0]"
  expect-equals "null true [7, [8]]" "$null $true $list"
  expect-equals "nested inner 42" "nested $("inner $x")"
  expect-equals "\$x" "\$x"

  expect-equals "  42" "$(%4d x)"
  expect-equals "42  |" "$(%-4d x)|"
  expect-equals " 42 |" "$(%^4d x)|"
  expect-equals "0042" "$(%04d x)"
  expect-equals "2a 2A 52 101010" "$(%x x) $(%X x) $(%o x) $(%b x)"
  expect-equals "ffffffffffffffff" "$(%x -1)"
  expect-equals "18446744073709551615" "$(%u -1)"
  expect-equals "3.14" "$(%.2f 3.14159)"
  expect-equals "  3.1" "$(%5.1f 3.14159)"
  expect-equals "42.0" "$(%f x)"
  expect-equals "3" "$(%d 3.9)"
  expect-equals "é" "$(%c 'é')"
  expect-equals "   é" "$(%4s "é")"

  expect-equals "  ab" (string.format "4s" "ab")
  expect-throw "MISSING_TYPE_IN_FORMAT 5": string.format "5" x
  expect-throw "WRONG_TYPE_IN_FORMAT 5i": string.format "5i" x
  expect-throw "MISSING_PRECISION_IN_FORMAT 5.f": string.format "5.f" x
  expect-throw "UNEXPECTED_TRAILING_CHARACTERS_IN_FORMAT dx": string.format "dx" x
  expect-throw "ZERO_PADDING_ONLY_WITH_RIGHT_ALIGNMENT -04d": string.format "-04d" x
