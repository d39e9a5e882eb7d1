// Strings: literals, escapes, interpolation with formats, several lines, slices of them.
import expect show *

main:
  escapes
  interpolation
  formats
  several-lines
  lines-in-interpolations
  slices
  characters
  raw

escapes:
  expect-equals 9 "\t\n\r\\\"\$\0\a\b".size
  expect-equals "é" "\u00e9"
  expect-equals "é" "\x{e9}"
  expect-equals "A" "\x41"
  expect-equals "😀" "\u{1F600}"
  expect-equals 2 "é".size

class Labeled:
  label := "L"
  inner := {"k": [1, 2]}
  stringify: return "<$label>"
  operator [] i: return "at $i"

interpolation:
  x := 5
  o := Labeled
  expect-equals "x=5" "x=$x"
  expect-equals "5.5" "$x.5"
  expect-equals "L!" "$o.label!"
  expect-equals "<L>" "$o"
  expect-equals "at 3, at x" "$o[3], $o["x"]"
  expect-equals "2" "$o.inner["k"][1]"
  expect-equals "8" "$(x + 3)"
  expect-equals "55" "$x$x"
  expect-equals "a-b" "a$("-")b"
  expect-equals "nested <5>" "nested $("<$x>")"
  expect-equals "\$x" "\$x"
  expect-equals "3 1" "$([1, 2, 3].size) $(x > 2 ? 1 : 2)"

formats:
  expect-equals "  5" "$(%3d 5)"
  expect-equals "005" "$(%03d 5)"
  expect-equals "5  |" "$(%-3d 5)|"
  expect-equals "ff FF" "$(%x 255) $(%X 255)"
  expect-equals "101" "$(%b 5)"
  expect-equals "3.14" "$(%.2f 3.14159)"
  expect-equals "   3.1" "$(%6.1f 3.14159)"
  expect-equals "  abc" "$(%5s "abc")"
  expect-equals "abc  " "$(%-5s "abc")"
  expect-equals " abc " "$(%^5s "abc")"
  expect-equals "A" "$(%c 65)"

several-lines:
  text := """one
    two "quoted"
      three"""
  expect-equals ["one", "    two \"quoted\"", "      three"].size (text.split "\n").size
  indented := """
    first
      second
    third $(1 + 1)
    """
  expect-equals "first\n  second\nthird 2\n" indented
  joined := """
    a\
    b"""
  expect (joined.starts-with "a")

lines-in-interpolations:
  x := [1, 2, 3]
  expect-equals "a [2, 4, 6] b" "a $(x.map:
    it * 2) b"
  expect-equals "1" "$(
    1
  )"
  expect-equals "[1, 2] {a: 1}" "$([
    1,
    2,
  ]) $({
    "a": 1,
  })"
  expect-equals "6 of 3" "$(x.reduce: | a b |
    // The sum.
    a + b) of $x.size"
  expect-equals "yes" "$(x.is-empty
      ? "no"
      : "yes")"
  expect-equals "<(3) and [4]>" "<$("($(
    3))") and $("[$(%d
      4)]")>"
  expect-equals "2" "$x[
    1]"
  expect-equals " 7" "$(%2d
    3 +
      4)"
  expect-equals "a\n1 b" """
    a
    $("$(
      1)") b"""

slices:
  text := "hello world"
  expect-equals "hello" text[..5]
  expect-equals "world" text[6..]
  expect-equals "lo w" text[3..7]
  expect-equals text text[..]
  expect-equals "" text[4..4]
  expect-throw "OUT_OF_BOUNDS": text[5..4]
  expect-equals 'h' text[0]
  bytes := #[1, 2, 3, 4]
  expect-equals #[2, 3] bytes[1..3]
  list := [1, 2, 3, 4]
  part := list[1..3]
  expect-equals [2, 3] part

characters:
  expect-equals 97 'a'
  expect-equals 10 '\n'
  expect-equals 233 'é'
  expect-equals 39 '\''
  expect-equals #['a', 'b'] "ab".to-byte-array

raw:
  expect-equals "\\d" "\\d"
  expect-equals 3 "日".size
  expect-equals 1 ("日".size --runes)
