// Strings: runes and bytes, slices, search, change, comparison.

import expect show *

main:
  indexing
  slices
  iteration
  searching
  matching
  trimming
  padding
  splitting
  replacing
  comparing
  converting
  growing

indexing:
  expect-equals 5 "hello".size
  expect-equals 'e' "hello"[1]
  expect-equals 7 "Amélie".size
  expect-equals 6 ("Amélie".size --runes)
  expect-equals 'é' "Amélie"[2]
  expect-equals null "Amélie"[3]
  expect-equals 0xa9 ("Amélie".at --raw 3)
  expect-equals '🙈' "a🙈"[1]
  expect-throw "OUT_OF_BOUNDS": "abc"[3]
  expect-throw "OUT_OF_BOUNDS": "abc"[-1]
  expect-throw "AS_CHECK_FAILED": "abc"["x" as any]
  expect "".is-empty
  expect-not "x".is-empty

slices:
  text := "the quick brown fox jumps over the lazy dog"
  expect-equals "the" text[..3]
  expect-equals "dog" text[text.size - 3..]
  long := text[4..30]
  expect long is StringSlice_
  expect-equals "quick brown fox jumps over" long
  expect-equals long.hash-code long.copy.hash-code
  expect long.copy is String_
  inner := long[6..25]
  expect-equals "brown fox jumps ove" inner
  expect-equals 'b' inner[0]
  expect (identical long long.copy)
  expect (identical text[..] text)
  expect-not-null (literal-index_ "a literal")
  expect-null (literal-index_ "no literal: $text")
  expect-throw "OUT_OF_BOUNDS": text[5..4]
  expect-throw "OUT_OF_BOUNDS": text[..text.size + 1]
  expect-throw "OUT_OF_BOUNDS": long[-1..]
  umlauts := "äöüäöüäöüäöüäöüäöü"
  expect-throw "ILLEGAL_UTF_8": umlauts[1..]
  expect-throw "ILLEGAL_UTF_8": umlauts[..33]
  expect-throw "ILLEGAL_UTF_8": "ä".copy 1
  expect-equals "ö" umlauts[2..4]
  expect-equals 2 (umlauts.rune-index 3)
  expect-equals "ä" (umlauts.copy --force-valid 1 3)
  // A slice as key finds what the whole string put there.
  map := {"quick brown fox jumps": 1}
  expect-equals 1 map[text[4..25]]

iteration:
  slots := []
  "aé".do: slots.add it
  expect-equals ['a', 'é', null] slots
  runes := []
  "aé🙈".do --runes: runes.add it
  expect-equals ['a', 'é', '🙈'] runes
  expect-equals "aé🙈" (string.from-runes runes)
  expect-equals "é" (string.from-rune 'é')
  expect-throw "INVALID_ARGUMENT": string.from-rune 0xd800
  expect-throw "INVALID_ARGUMENT": string.from-rune -1
  mapped := "abc".flat-map: | c |
    if c == 'a': ["x", 'y', #['z']]
    else if c == 'b': null
    else: c
  expect-equals "xyzc" mapped
  expect-throw "Invalid replacement": "a".flat-map: 1.5

searching:
  text := "foobarfoo"
  expect-equals 0 (text.index-of "foo")
  expect-equals 6 (text.index-of "foo" 1)
  expect-equals -1 (text.index-of "foo" 1 8)
  expect-equals 6 (text.index-of --last "foo")
  expect-equals 0 (text.index-of --last "foo" 0 8)
  expect-equals -1 (text.index-of "gee")
  expect-equals 9 (text.index-of "gee" --if-absent=: it.size)
  expect-equals 4 (text.index-of "" 4)
  expect-equals 9 (text.index-of --last "")
  expect-throw "BAD ARGUMENTS": text.index-of "foo" -1
  expect-throw "BAD ARGUMENTS": text.index-of "foo" 0 10
  expect (text.contains "bar")
  expect-not (text.contains "bar" 4)
  expect-equals 4 ("äöx".index-of "x")
  expect-equals 4 ("äöx".index-of "x" 1)

matching:
  expect ("hello".starts-with "he")
  expect ("hello".ends-with "lo")
  expect-not ("lo".ends-with "hello")
  expect ("hello".matches "ll" --at=2)
  expect-not ("hello".matches "ll" --at=-1)
  expect-not ("hello".matches "ll" --at=99)
  expect ("hello".glob "h*o")
  expect ("hello".glob "?ello")
  expect ("hello".glob "*")
  expect ("".glob "*")
  expect-not ("hello".glob "h?o")
  expect ("h*o".glob "h\\*o")
  expect-not ("hello".glob "h\\*o")
  expect ("héllo".glob "h?llo")
  expect ("a.b.c".glob "*.*.?")

trimming:
  expect-equals "x y" "  x y\t\n".trim
  expect-equals "x " (" x ".trim --left)
  expect-equals " x" (" x ".trim --right)
  expect-equals "" "   ".trim
  expect-equals "x" "\u{3000}x\u{feff}".trim
  expect-equals "bar" ("foobar".trim --left "foo")
  expect-equals "foobar" ("foobar".trim --left "bar")
  expect-equals "foo" ("foobar".trim --right "bar")
  expect-equals 6 ("foobar".trim --right "foo" --if-absent=: "$it.size").size + 5

padding:
  expect-equals "  7" ("7".pad 3)
  expect-equals "007" ("7".pad --left 3 '0')
  expect-equals "7--" ("7".pad --right 3 '-')
  expect-equals " 7  " ("7".pad --center 4)
  expect-equals "long" ("long".pad 2)

splitting:
  expect-equals ["a", "b", "", "c"] ("a,b,,c".split ",")
  expect-equals ["a", "b", "c"] ("a,b,,c".split "," --drop-empty)
  expect-equals ["a", "b,,c"] ("a,b,,c".split --at-first ",")
  expect-equals ["", ""] (",".split ",")
  expect-equals [""] ("".split ",")
  expect-equals ["a", "é", "b"] ("aéb".split "")
  expect-equals [] ("".split "")
  expect-equals ["é", "b"] ("éb".split --at-first "")
  expect-throw "INVALID_ARGUMENT": "".split --at-first ""
  collected := []
  "1 2 3".split " ": collected.add (int.parse it)
  expect-equals [1, 2, 3] collected

replacing:
  expect-equals "fobar" ("foobar".replace "oo" "o")
  expect-equals "fxxbar" ("foobar".replace --all "o" "x")
  expect-equals "foobar" ("foobar".replace "z" "x")
  expect-equals "foxbar" ("foobar".replace "o" "x" 2)
  expect-equals "a[b]a" ("aba".replace "b": "[$it]")
  n := 0
  numbered := "x-x-x".replace --all "x":
    n++
    "$n"
  expect-equals "1-2-3" numbered
  expect-equals "Hi Ann, {{who}}!" ("Hi {{name}}, {{who}}!".substitute: it == "name" ? "Ann" : null)
  expect-equals "1 < 2" ("[ a ] < [b]".substitute --open="[" --close="]": {"a": 1, "b": 2}[it])
  expect-equals "open {{end" ("open {{end".substitute: "x")

comparing:
  expect "abc" == "ab" + "c"
  expect "abc" != "abd"
  expect-not "1" == 1
  expect "a" < "b"
  expect "a" < "aa"
  expect "é" > "z"
  expect "a" <= "a"
  expect-equals 0 ("x".compare-to "x")
  expect-equals 5 ("x".compare-to "x" --if-equal=: 5)
  expect-equals -1 ("x".compare-to "y" --if-equal=: 5)

converting:
  expect-equals #['h', 'i'] "hi".to-byte-array
  expect-equals "hi" #['h', 'i'].to-string
  expect-equals "HÉLLO".size "hÉllo".to-ascii-upper.size
  expect-equals "HÉLLO" "hÉllo".to-ascii-upper
  expect-equals "hÉllo" "HÉLLO".to-ascii-lower
  expect "abc".contains-only-ascii
  expect-not "äbc".contains-only-ascii
  expect-equals #[0x61, 0, 0x3d, 0xd8, 0x48, 0xde] "a🙈".to-utf-16
  expect-equals "a🙈" (string.from-utf-16 "a🙈".to-utf-16)
  expect-equals "\u{fffd}" (string.from-utf-16 #[0x3d, 0xd8])
  bytes := ByteArray 6
  "abc".write-to-byte-array bytes 2
  expect-equals #[0, 0, 'a', 'b', 'c', 0] bytes
  expect-throw "OUT_OF_BOUNDS": "abc".write-to-byte-array bytes 4
  expect-equals 1 (utf-8-bytes 'a')
  expect-equals 4 (utf-8-bytes '🙈')
  expect-equals "abc" "abc".to-string
  expect-equals #['b', 'c'] (ByteArray.from ("abcd".byte-slice 1 3))

growing:
  expect-equals "ababab" "ab" * 3
  expect-equals "" "ab" * 0
  expect-throw "Bad Argument": "ab" * -1
  text := ""
  1000.repeat: text += "$it,"
  expect-equals 3890 text.size
  expect (text.ends-with "998,999,")
