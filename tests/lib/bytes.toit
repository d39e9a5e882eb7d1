// Byte arrays and slices of them.

import expect show *
import io

main:
  creating
  access
  literals
  slices
  copying
  text
  searching
  large
  data
  numbers

creating:
  expect-equals #[0, 0] (ByteArray 2)
  expect-equals #[7, 7] (ByteArray 2 --initial=7)
  expect-equals #[7, 7] (ByteArray 2 --filler=7)  // @no-warn
  expect-equals #[0, 1, 4] (ByteArray 3: it * it)
  expect-equals #['b', 'c'] (ByteArray.from "abcd" 1 3)
  expect-equals 10 (ByteArray.external 10).size
  expect-throw "OUT_OF_BOUNDS": ByteArray.from "abcd" 1 9

access:
  bytes := #[1, 2, 3]
  bytes[0] = 257
  expect-equals 1 bytes[0]
  bytes[0] = -1
  expect-equals 255 bytes[0]
  expect-equals 300 (bytes[0] = 300)
  expect-throw "OUT_OF_BOUNDS": bytes[3]
  expect-throw "OUT_OF_BOUNDS": bytes[-1]
  expect-throw "OUT_OF_BOUNDS": bytes[3] = 1
  expect-equals 44 bytes.first
  expect-equals 3 bytes.last
  sum := 0
  bytes.do: sum += it
  bytes.do --reversed: sum -= it
  expect-equals 0 sum
  expect (bytes.every: it > 1)
  expect (bytes.any: it == 3)

literals:
  // Each evaluation gives a fresh array.
  2.repeat:
    bytes := #[1, 2, 3, 4, 5, 6]
    expect-equals 1 bytes[0]
    bytes[0] = 9
    expect-equals 9 bytes[0]
  x := 300
  expect-equals #[44, 1] #[x, 1]
  expect-equals 0 #[].size

slices:
  bytes := #[1, 2, 3, 4, 5]
  slice := bytes[1..4]
  expect-equals #[2, 3, 4] slice
  slice[0] = 9
  expect-equals 9 bytes[1]
  expect-equals #[3, 4] slice[1..]
  expect-equals slice.hash-code slice.copy.hash-code
  expect-equals "abc".hash-code #['a', 'b', 'c'].hash-code
  expect-throw "OUT_OF_BOUNDS": slice[3]
  expect-throw "OUT_OF_BOUNDS": slice[0..4]
  expect-throw "OUT_OF_BOUNDS": bytes[-1..]
  expect-throw "OUT_OF_BOUNDS": bytes[3..2]
  map := {#[1, 2]: "found"}
  expect-equals "found" map[#[0, 1, 2][1..]]

copying:
  bytes := #[0, 1, 2, 3, 4, 5, 6, 7]
  bytes.replace 2 bytes 0 4
  expect-equals #[0, 1, 0, 1, 2, 3, 6, 7] bytes
  bytes.replace 0 bytes 2 6
  expect-equals #[0, 1, 2, 3, 2, 3, 6, 7] bytes
  bytes[4..].replace 0 "hi"
  expect-equals 'i' bytes[5]
  expect-throw "OUT_OF_BOUNDS": bytes.replace 7 #[1, 2]
  // This array is longer than the chunks in which native code copies.
  long := ByteArray 5000: it
  expected := ByteArray 5000: it < 100 ? it : it - 100
  long.replace 100 long 0 4900
  expect-bytes-equal expected long
  expect-equals #[1, 2, 3] #[1] + #[2, 3]
  reversed := #[1, 2, 3].reverse
  expect-equals #[3, 2, 1] reversed
  reversed.reverse --in-place
  expect-equals #[1, 2, 3] reversed
  filled := ByteArray 4
  filled.fill --from=1 --to=3 7
  expect-equals #[0, 7, 7, 0] filled
  filled.fill: it
  expect-equals #[0, 1, 2, 3] filled
  expect-equals #[1, 2] (filled.copy 1 3)

text:
  expect-equals "#[0x01, 0xff]" #[1, 255].stringify
  expect-equals "#[]" #[].stringify
  expect ((ByteArray 100).stringify.ends-with ", ...]")
  expect-equals "héllo" "héllo".to-byte-array.to-string
  expect-throw "ILLEGAL_UTF_8": #[0xc3].to-string
  expect-throw "OUT_OF_BOUNDS": #['a'].to-string 0 2
  expect-equals "a\u{fffd}b" #['a', 0x80, 0x81, 'b'].to-string-non-throwing
  expect #['a'].is-valid-string-content
  expect-not #[0x80].is-valid-string-content

searching:
  bytes := "hello".to-byte-array
  expect-equals 2 (bytes.index-of 'l')
  expect-equals 3 (bytes.index-of 'l' --from=3)
  expect-equals -1 (bytes.index-of 'l' --to=2)
  expect-equals -1 (bytes.index-of 'x')
  expect-throw "OUT_OF_BOUNDS": bytes.index-of 'l' --from=9

large:
  bytes := ByteArray 100_000: it
  expect-equals (99_999 & 0xff) bytes.last
  copy := bytes.copy
  expect-equals bytes copy
  copy[50_000] ^= 1
  expect bytes != copy
  text := ("x" * 50_000).to-byte-array.to-string
  expect-equals 50_000 text.size

/** Data that is not a byte array or string, so native code cannot read it directly. */
class Zigzag implements io.Data:
  byte-size: return 4
  byte-slice from/int to/int -> io.Data: return (ByteArray 4: byte-at it)[from..to]
  byte-at index/int -> int: return index % 2 == 0 ? '1' : '2'
  write-to-byte-array target/ByteArray --at/int from/int to/int -> none:
    for i := from; i < to; i++: target[at + i - from] = byte-at i

data:
  bytes := ByteArray 6
  bytes.replace 1 Zigzag
  expect-equals #[0, '1', '2', '1', '2', 0] bytes
  expect-equals 1212 (int.parse Zigzag)
  expect-equals 1212.0 (float.parse Zigzag)
  expect-equals #['2', '1'] (ByteArray.from Zigzag 1 3)

numbers:
  bytes := ByteArray 12
  io.LITTLE-ENDIAN.put-int32 bytes 0 -2
  io.BIG-ENDIAN.put-uint16 bytes 4 0x1234
  expect-equals -2 (io.LITTLE-ENDIAN.int32 bytes 0)
  expect-equals 0xffff_fffe (io.LITTLE-ENDIAN.uint32 bytes 0)
  expect-equals 0x12 bytes[4]
  expect-equals 0x3412 (io.LITTLE-ENDIAN.uint16 bytes 4)
  io.BIG-ENDIAN.put-int64 bytes 4 int.MIN
  expect-equals int.MIN (io.BIG-ENDIAN.int64 bytes 4)
  io.LITTLE-ENDIAN.put-float64 bytes 2 1.5
  expect-equals 1.5 (io.LITTLE-ENDIAN.float64 bytes 2)
  io.BIG-ENDIAN.put-float32 bytes 0 -0.5
  expect-equals -0.5 (io.BIG-ENDIAN.float32 bytes 0)
  io.BIG-ENDIAN.put-int24 bytes 0 -3
  expect-equals -3 (io.BIG-ENDIAN.int24 bytes 0)
  expect-equals -1 (io.BIG-ENDIAN.int8 bytes 0)
  expect-throw "OUT_OF_BOUNDS": io.BIG-ENDIAN.int32 bytes 9
  pairs := #[1, 2, 3, 4]
  io.ByteOrder.swap-16 pairs
  expect-equals #[2, 1, 4, 3] pairs
  io.ByteOrder.swap-32 pairs
  expect-equals #[3, 4, 1, 2] pairs
