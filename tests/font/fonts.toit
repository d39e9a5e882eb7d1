// Fonts: the built-in one, those of packages, and texts drawn with them.

import bitmap show *
import expect show *
import font show Font
import icons show Icon

/** A block with three characters: "a" is a pixel, "b" a pixel to the right and above, "c" is a square of 9 pixels. */
BLOCK ::= #[
  0x97, 0xf0, 0x17, 0x70, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0x92, 'x', 0, 'f', 0, 0, 0, 't', 0x7f, 0, 0, 0,
  2, 1, 1, 0, 0, 'a', 1, 0xb8,
  4, 1, 1, 2, 1, 'b', 1, 0xb8,
  10, 9, 9, 0, 0xff, 'c', 3, 0xfe, 0xeb, 0x18,
  0xff,
]

main:
  test-builtin
  test-sizes
  test-orientations
  test-missing
  test-clipping
  test-icons
  test-bad-blocks
  test-mutated-blocks
  // expect: done
  print "done"

/** The lines of a text that is drawn on an image of 8 times 8 pixels, between bars. */
drawn font/Font text/string x/int=0 y/int=8 --orientation/int=0 --size/int=8 -> string:
  bits := ByteArray size * size / 8
  bitmap-draw-text x y 1 orientation text font bits size
  bytes := ByteArray size * size
  bytemap-draw-text x y 1 orientation text font bytes size
  lines := List size: | y |
    string.from-runes
        List size: | x |
          bit := bits[y / 8 * size + x] >> y % 8 & 1
          expect-equals bit bytes[y * size + x]
          bit == 0 ? '.' : '#'
  return lines.join "|"

test-builtin -> none:
  sans10 := Font.get "sans10"
  expect-equals 9 (sans10.pixel-width "X")
  expect-equals [9, 11, 0, 0] (sans10.text-extent "X")
  expect-equals [3, 14, -1, -3] (sans10.text-extent "j")
  expect-equals [0, 0, 0, 0] (sans10.text-extent "")
  expect-equals
      (sans10.pixel-width "Straße") + (sans10.pixel-width " 7")
      sans10.pixel-width "Straße 7"
  expect ([' ', '~', 'é', 'ÿ'].every: sans10.contains it)
  expect-not (sans10.contains '\n')
  expect-not (sans10.contains 0x2713)
  expect-throw "OUT_OF_RANGE": sans10.contains -1
  expect-throw "OUT_OF_RANGE": sans10.contains 0x110000
  unknown := Font.get "comic"
  expect-throw "WRONG_OBJECT_TYPE": unknown.text-extent "a"
  expect-throw "WRONG_OBJECT_TYPE": bitmap-draw-text 0 8 1 0 "a" unknown (ByteArray 8) 8
  expect-not sans10.hash-code == (Font.get "sans10").hash-code
  expect-equals
      "................|................|..####......#...|.#....#...###...|.#....#.....#...|......#.....#...|.....#......#...|....#.......#..."
          + "|...#........#...|..#.........#...|.#..........#...|.#..........#...|.######.....#...|................|................|................"
      drawn sans10 "21" 0 13 --size=16

test-sizes -> none:
  font := Font [BLOCK]
  expect-equals 2 (font.pixel-width "a")
  expect-equals 16 (font.pixel-width "abc")
  expect-equals 4 (font.pixel-width "abc" 1 2)
  expect-equals 0 (font.pixel-width "abc" 1 1)
  expect-throw "OUT_OF_BOUNDS": font.pixel-width "abc" 2 1
  expect-throw "OUT_OF_BOUNDS": font.text-extent "abc" 0 4
  expect-equals [1, 1, 0, 0] (font.text-extent "a")
  expect-equals [1, 1, 2, 1] (font.text-extent "b")
  expect-equals [15, 9, 0, -1] (font.text-extent "abc")
  font.close
  font.close
  expect-not-null (catch: font.pixel-width "a")

test-orientations -> none:
  font := Font [BLOCK]
  text := "ab"
  // The second pixel is four to the right of the first, and one above.
  expect-equals "........|........|........|....#...|#.......|........|........|........" (drawn font text 0 5)
  expect-equals "..#.....|........|........|........|...#....|........|........|........"
      drawn font text 4 5 --orientation=ORIENTATION-90
  expect-equals "........|........|........|.......#|...#....|........|........|........"
      drawn font text 8 3 --orientation=ORIENTATION-180
  expect-equals "........|........|........|...#....|........|........|........|....#..."
      drawn font text 3 3 --orientation=ORIENTATION-270
  expect-throw "INVALID_ARGUMENT": drawn font text --orientation=4

test-missing -> none:
  // A character that is not in the font shows its number.
  font := Font [BLOCK]
  expect-not (font.contains 'x')
  expect-equals 16 (font.pixel-width "x")
  expect-equals [14, 11, 0, 0] (font.text-extent "x")
  expect-equals
      ".##...##...##...|#..#.#..#.#..#..|#..#.#..#.#..#..|#..#.#..#.#..#..|.##...##...##...|................"
          + "|.##..####..##...|#..#....#.#..#..|#..#...#...##...|#..#..#...#..#..|.##...#....##..."
          + "|................" * 5
      drawn font "x" 0 11 --size=16
  expect-equals (drawn font "é" 0 11 --size=16) (drawn font "é" 0 11 --size=16)
  expect-not (drawn font "é" 0 11 --size=16) == (drawn font "x" 0 11 --size=16)
  // All digits are there.
  pictures := {}
  [0x01_2345, 0x06_789a, 0x0b_cdef, 0x10_ffff].do: pictures.add (drawn font (string.from-rune it) 0 11 --size=16)
  expect-equals 4 pictures.size

test-clipping -> none:
  font := Font [BLOCK]
  expect-equals "########|########|########|########|########|########|########|########" (drawn font "c" 0 8)
  expect-equals "#.......|........|........|........|........|........|........|........" (drawn font "c" -8 0)
  expect-equals "........|........|........|........|........|........|........|.......#" (drawn font "c" 7 15)
  [[-9, 8], [8, 8], [0, -1], [0, 17], [int.MAX, int.MIN], [int.MIN, int.MAX]].do: | place |
    4.repeat: | orientation/int |
      if orientation == 0 or place[0] == int.MAX:
        text := drawn font "c" place[0] place[1] --orientation=orientation
        expect-not (text.contains "#")
  // With color 0, pixels are cleared.
  bits := ByteArray 8 --initial=0xff
  bitmap-draw-text 0 8 0 0 "a" font bits 8
  expect-equals 0x7f bits[0]
  expect-throw "OUT_OF_BOUNDS": bitmap-draw-text 0 8 0 0 "a" font bits 7

test-icons -> none:
  icon := Icon 'b' (Font.from-page_ BLOCK)
  expect-equals "b" icon.stringify
  expect-equals 4 icon.pixel-width
  expect-equals [1, 1, 2, 1] icon.icon-extent

test-bad-blocks -> none:
  expect-throw "WRONG_OBJECT_TYPE": Font ["a"]
  expect-throw "INVALID_ARGUMENT": Font [#[]]
  // Each block that ends too early is refused.
  BLOCK.size.repeat: | size/int | expect-throw "INVALID_ARGUMENT": Font [BLOCK[..size]]
  (Font []).contains 'a'
  // The characters of all blocks count. A later block replaces characters of an earlier one.
  expect ((Font [BLOCK, BLOCK]).contains 'a')

test-mutated-blocks -> none:
  set-random-seed "fonts"
  refused := 0
  1_000.repeat:
    block := BLOCK.copy
    (1 + (random 4)).repeat: block[40 + (random block.size - 40)] = random 256
    error := catch:
      font := Font [block]
      drawn font "abc"
      font.text-extent "abc"
    if error: expect-equals "INVALID_ARGUMENT" error
    if error: refused++
  expect refused > 100
