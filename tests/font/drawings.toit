// Rectangles, images and operations on whole images.

import bitmap show *
import expect show *
import io

main:
  test-rectangles
  test-bitmaps
  test-bytemaps
  test-orientations
  test-blit
  test-composit
  test-blur
  test-errors
  // expect: done
  print "done"

/** The lines of a bytemap, with a point for 0. */
lines bytes/ByteArray width/int -> List:
  return List bytes.size / width: | y |
    string.from-runes (List width: bytes[y * width + it] == 0 ? '.' : bytes[y * width + it])

/** Variant of $lines for bitmaps. */
bit-lines bytes/ByteArray width/int -> List:
  return List bytes.size / width * 8: | y |
    string.from-runes (List width: (bytes[y / 8 * width + it] >> y % 8) & 1 == 0 ? '.' : '#')

test-rectangles -> none:
  bytes := ByteArray 12
  expect (bytemap-rectangle 1 1 '#' 2 9 bytes 4)
  expect-equals ["....", ".##.", ".##."] (lines bytes 4)
  expect (bytemap-rectangle -5 2 '=' 6 1 bytes 4)
  expect-equals ["....", ".##.", "=##."] (lines bytes 4)
  [
    [4, 0, 1, 1],
    [-1, 0, 1, 1],
    [0, 3, 1, 1],
    [0, 0, 0, 1],
    [0, 0, 1, 0],
    [int.MAX, int.MIN, int.MAX, int.MAX]
  ].do: | box |
    expect-not (bytemap-rectangle box[0] box[1] 1 box[2] box[3] bytes 4)
  expect (bytemap-rectangle int.MIN int.MIN 0 int.MAX int.MAX bytes 4) == false

  bits := ByteArray 6
  expect (bitmap-rectangle 1 2 1 1 10 bits 3)
  expect-equals ["...", ".#."] (bit-lines bits 3)[1..3]
  expect-equals #[0, 0xfc, 0, 0, 0x0f, 0] bits
  bitmap-rectangle 0 7 1 3 2 bits 3
  expect-equals #[0x80, 0xfc, 0x80, 1, 0x0f, 1] bits
  bitmap-rectangle 0 0 0 3 16 bits 3
  expect-equals (ByteArray 6) bits
  bitmap-zap bits 1
  expect-equals (ByteArray 6 --initial=0xff) bits
  bytemap-zap bits 0x107
  expect-equals (ByteArray 6 --initial=7) bits

test-bitmaps -> none:
  picture := #[0b1010_0000, 0b1100_0000]
  bytes := ByteArray 12
  bitmap-draw-bitmap
      1
      1
      --color='x'
      --source=picture
      --source-width=3
      --destination=bytes
      --destination-width=4
      --bytewise
  expect-equals ["....", ".x.x", ".xx."] (lines bytes 4)
  bits := ByteArray 4
  bitmap-draw-bitmap 0 3 --color=1 --source=picture --source-width=3 --destination=bits --destination-width=4
  expect-equals ["#.#.", "##.."] (bit-lines bits 4)[3..5]
  bitmap-draw-bitmap 0 3 --color=0 --source=picture --source-width=1 --destination=bits --destination-width=4
  expect-equals ["..#.", ".#.."] (bit-lines bits 4)[3..5]
  // Lines of the source can have more bytes. The last one need not be complete.
  wide := #[0x80, 1, 2, 0xc0, 3, 4, 0xe0]
  bytes = ByteArray 12
  bitmap-draw-bitmap 0 0 --color='x' --source=wide --source-width=8 --source-line-stride=3
      --destination=bytes
      --destination-width=4
      --bytewise
  expect-equals ["x...", "xx..", "xxx."] (lines bytes 4)

test-bytemaps -> none:
  picture := "ab_c_d".to-byte-array
  draw := : | options/Lambda |
    bytes := ByteArray 12 --initial='-'
    options.call bytes
    lines bytes 4
  expect-equals ["----", "-ab_", "-c_d"]
      draw.call:: | bytes |
        bitmap-draw-bytemap 1 1 --source=picture --source-width=3 --destination=bytes --destination-width=4
  expect-equals ["----", "-ab-", "-c-d"]
      draw.call:: | bytes | bitmap-draw-bytemap 1 1 --transparent-index='_'
          --source=picture
          --source-width=3
          --destination=bytes
          --destination-width=4
  palette := ByteArray 3 * 'c': 'A' + it / 3 - 'a'
  expect-equals ["AB?-", "c?d-", "----"]
      draw.call:: | bytes | bitmap-draw-bytemap 0 0 --palette=palette
          --source=picture
          --source-width=3
          --destination=bytes
          --destination-width=4
  // Opacity.
  alpha := #[0, 64, 128, 255]
  bytes := ByteArray 5 --initial=100
  bitmap-draw-bytemap
      0
      0
      --alpha=alpha
      --source=#[0, 1, 2, 3, 4]
      --source-width=5
      --destination=bytes
      --destination-width=5
  expect-equals #[100, 74, 50, 3, 4] bytes
  expect-throw "Specified both alpha and transparent-index":
    bitmap-draw-bytemap 0 0 --alpha=alpha --transparent-index=0 --source=#[] --source-width=1
        --destination=bytes
        --destination-width=5
  // An image on itself.
  bytes = "abcd".to-byte-array
  bitmap-draw-bytemap 1 0 --source=bytes --source-width=4 --destination=bytes --destination-width=4
  expect-equals "aabc" bytes.to-string

test-orientations -> none:
  pictures := [ORIENTATION-0, ORIENTATION-90, ORIENTATION-180, ORIENTATION-270].map: | orientation/int |
    bytes := ByteArray 36
    bitmap-draw-bytemap 3 3 --orientation=orientation --source="abcd".to-byte-array --source-width=2
        --destination=bytes
        --destination-width=6
    (lines bytes 6).join "|"
  expect-equals "......|......|......|...ab.|...cd.|......" pictures[0]
  expect-equals "......|...bd.|...ac.|......|......|......" pictures[1]
  expect-equals "......|.dc...|.ba...|......|......|......" pictures[2]
  expect-equals "......|......|......|.ca...|.db...|......" pictures[3]

test-blit -> none:
  blit-text := : | options/Lambda |
    bytes := ByteArray 6 --initial='-'
    options.call bytes
    bytes.to-string
  source := "abcdef".to-byte-array
  expect-equals "abcdef" (blit-text.call:: blit source it 6)
  expect-equals "cbafed" (blit-text.call:: blit source it 3 --destination-pixel-stride=-1)
  expect-equals "abd-e-"
      blit-text.call:: | bytes |
        blit "abd".to-byte-array bytes[..3] 3
        blit "e".to-byte-array bytes[4..] 1
  expect-equals "a-c-e-" (blit-text.call:: blit source it 3 --source-pixel-stride=2 --destination-pixel-stride=2)
  expect-equals "aaaaaa" (blit-text.call:: blit source it 6 --source-pixel-stride=0 --source-line-stride=6)
  expect-equals "ABCDEF" (blit-text.call:: blit source it 6 --mask=0xdf)
  upper := ByteArray 256: 'a' <= it <= 'z' ? it - 32 : it
  expect-equals "ABCDEF" (blit-text.call:: lut source it upper)
  lut #[] #[] upper
  // Shifts turn the bits of a byte, in both directions.
  [[0, 0x81], [1, 0xc0], [-1, 0x03], [4, 0x18], [9, 0xc0], [-9, 0x03]].do: | pair |
    one := #[0]
    blit #[0x81] one 1 --shift=pair[0]
    expect-equals #[pair[1]] one
  operations := [OVERWRITE, OR, ADD, AND, XOR].map: | operation/int |
    bytes := #[0xf0, 0x0f]
    blit #[0x3c, 0xff] bytes 2 --operation=operation
    bytes
  expect-structural-equals [#[0x3c, 0xff], #[0xfc, 0xff], #[0xff, 0xff], #[0x30, 0x0f], #[0xcc, 0xf0]] operations
  sums := #[0xff, 0x00, 0xff, 0xff]
  blit #[2, 3] sums 2 --destination-pixel-stride=2 --operation=ADD-16-LE
  expect-equals #[0x01, 0x01, 0xff, 0xff] sums
  // Lines that overlap, in several steps.
  many := ByteArray 3_000
  blit (ByteArray 3_000 --initial=1) many 1_500 --source-line-stride=1 --destination-line-stride=1 --operation=ADD
  expect-equals [1, 2, 255, 255, 2, 1] [many[0], many[1], many[254], many[2_745], many[2_998], many[2_999]]
  // Other data than byte arrays.
  bytes := ByteArray 6
  blit "größe"[0..6] bytes 6
  expect-equals "größ" bytes.to-string

test-composit -> none:
  // Frame and painting, half opaque, opaque and transparent.
  bytes := #[0, 0, 0, 0]
  composit-bytes bytes #[255, 128, 0, 128] (ByteArray 4 --initial=100) #[0, 0, 255, 128] #[9, 9, 9, 200] false
  expect-equals #[100, 50, 9, 125] bytes
  composit-bytes bytes #[0] null #[255] #[1, 2, 3, 4] false
  expect-equals #[1, 2, 3, 4] bytes
  // Each bit has an opacity.
  composit-bytes bytes #[0xf0] #[0xff, 0xff, 0xff, 0xff] #[0x11, 0, 0, 0] #[0, 0, 0, 0] true
  expect-equals #[0xe0, 0xf2, 0xf3, 0xf4] bytes
  expect-throw "OUT_OF_BOUNDS": composit-bytes bytes #[1, 2] bytes #[0] bytes false
  expect-throw "OUT_OF_BOUNDS": composit-bytes bytes #[1] #[1] #[0] bytes false
  expect-throw "OUT_OF_BOUNDS": composit-bytes bytes #[1] bytes #[0] #[1] false
  expect-throw "OUT_OF_BOUNDS": composit-bytes bytes #[1] bytes #[] bytes false

test-blur -> none:
  line := ByteArray 9
  line[4] = 160
  blurred := line.copy
  bytemap-blur blurred 9 3 1
  expect-equals #[0, 0, 10, 40, 60, 40, 10, 0, 0] blurred
  blurred = line.copy
  bytemap-blur blurred 1 1 2
  expect-equals #[0, 0, 0, 40, 80, 40, 0, 0, 0] blurred
  blurred = line.copy
  bytemap-blur blurred 9 1
  expect-equals line blurred
  // Too short to be blurred.
  bytemap-blur blurred 9 6
  expect-equals line blurred
  expect-throw "OUT_OF_BOUNDS": bytemap-blur line 9 7
  expect-throw "OUT_OF_BOUNDS": bytemap-blur line 2 2

test-errors -> none:
  bytes := ByteArray 15
  expect-throw "OUT_OF_BOUNDS": bitmap-rectangle 0 0 1 1 1 bytes 16
  expect-throw "OUT_OF_BOUNDS": bitmap-rectangle 0 0 1 1 1 bytes 0
  expect-throw "OUT_OF_BOUNDS": bitmap-rectangle 0 0 1 1 1 bytes -1
  expect-throw "OUT_OF_RANGE": bitmap-rectangle 0 0 1 -1 1 bytes 5
  expect-throw "OUT_OF_RANGE": bytemap-rectangle 0 0 1 1 -1 bytes 5
  draw := : | orientation/int width/int stride/int |
    bitmap-draw-bytemap 0 0 --orientation=orientation --source=#[1, 2] --source-width=width --source-line-stride=stride
        --destination=bytes
        --destination-width=5
  expect-throw "INVALID_ARGUMENT": draw.call 4 1 1
  expect-throw "INVALID_ARGUMENT": draw.call -1 1 1
  expect-throw "OUT_OF_BOUNDS": draw.call 0 0 1
  expect-throw "OUT_OF_BOUNDS": draw.call 0 2 1
  draw.call 0 3 3
  copy := : | pixels/int stride/int operation/int table/ByteArray? |
    blit #[1, 2] bytes pixels --destination-pixel-stride=stride --operation=operation --lookup-table=table
  expect-throw "OUT_OF_BOUNDS": copy.call 1 1 6 null
  expect-throw "OUT_OF_BOUNDS": copy.call 1 1 -1 null
  expect-throw "INVALID_ARGUMENT": copy.call -1 1 0 null
  expect-throw "INVALID_ARGUMENT": copy.call 1 -1 ADD-16-LE null
  expect-throw "INVALID_ARGUMENT": copy.call 1 1 0 #[1]
  expect-throw "INVALID_ARGUMENT": blit #[1] bytes 1 --source-line-stride=0 --destination-line-stride=0
  copy.call int.MAX / 4 1 0 null
  copy.call int.MAX / 4 0 0 null
  expect-throw "INVALID_ARGUMENT":
    blit #[1] bytes int.MAX --source-pixel-stride=0 --destination-pixel-stride=0 --source-line-stride=1
  expect-equals (ByteArray 15) bytes
