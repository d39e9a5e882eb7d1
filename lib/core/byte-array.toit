import io
import ..io.data show data-bytes_

import .byte-array-slice_

/**
A sequence of bytes of fixed size.

Numbers that are stored in it are cut to their lowest 8 bits. Literals look like `#[1, 2, 3]`.
*/
interface ByteArray extends io.Data:
  /** Deprecated. Use $(constructor size --initial). */
  constructor size/int --filler/int:
    return byte-array-new_ size filler

  /** Creates a byte array of $size bytes, each of the $initial value. */
  constructor size/int --initial/int=0:
    return byte-array-new_ size initial

  /** Creates a byte array whose bytes are the results of $initializer for each index. */
  constructor size/int [initializer]:
    bytes := byte-array-new_ size 0
    for i := 0; i < size; i++: bytes[i] = initializer.call i
    return bytes

  /** Creates a byte array with the bytes of $bytes from $from to $to (exclusive). */
  constructor.from bytes/io.Data from/int=0 to/int=bytes.byte-size:
    if not 0 <= from <= to <= bytes.byte-size: throw "OUT_OF_BOUNDS"
    result := byte-array-new_ (to - from) 0
    bytes.write-to-byte-array result --at=0 from to
    return result

  /** Creates a byte array outside the heap, which can be handed over without copying. */
  constructor.external size/int:
    return byte-array-new-external_ size

  /** The number of bytes. */
  size -> int

  /** Whether there are no bytes. */
  is-empty -> bool

  /** Whether $other is a byte array with the same bytes. */
  operator == other -> bool

  /** The hash code of the bytes. A string with the same bytes shares it. */
  hash-code -> int

  /** Calls $block with each byte. */
  do [block] -> none

  /** Calls $block with each byte, from the last to the first. */
  do --reversed/True [block] -> none

  /** Whether all bytes satisfy $predicate. */
  every [predicate] -> bool

  /** Whether at least one byte satisfies $predicate. */
  any [predicate] -> bool

  /** The first byte. There must be one. */
  first -> int

  /** The last byte. There must be one. */
  last -> int

  /** Reverses the order of the bytes. */
  reverse --in-place/True -> none

  /** A copy with the bytes in opposite order. */
  reverse -> ByteArray

  /** The byte at the index $n. */
  operator [] n/int -> int

  /** Stores the lowest 8 bits of $value at the index $n. */
  operator []= n/int value/int -> int

  /** A view of the bytes from $from to $to (exclusive), which keeps all of them alive. */
  operator [..] --from/int=0 --to/int=size -> ByteArray

  /** The string of the UTF-8 bytes from $from to $to (exclusive). They must be valid. */
  to-string from/int=0 to/int=size -> string

  /** Deprecated. Use $io.ByteOrder.float64. */
  to-float from/int --big-endian/bool?=true -> float

  /** Like $to-string, with the replacement character where the bytes are not valid. */
  to-string-non-throwing from/int=0 to/int=size -> string

  /** Whether the bytes from $from to $to (exclusive) are valid UTF-8. */
  is-valid-string-content from/int=0 to/int=size -> bool

  /** A new byte array with the bytes of this one, then those of $other. */
  operator + other/ByteArray -> ByteArray

  /** A copy of the bytes from $from to $to (exclusive). */
  copy from/int=0 to/int=size -> ByteArray

  /** Overwrites the bytes at $index and after with those of $source from $from to $to (exclusive). */
  replace index/int source/io.Data from/int=0 to/int=source.byte-size -> none

  /** Stores $value in the places from $from to $to (exclusive). */
  fill --from/int=0 --to/int=size value

  /** Stores the results of $block, called with 0, 1, 2 and so on, in the places from $from to $to (exclusive). */
  fill --from/int=0 --to/int=size [block]

  /** The index of the first $byte from $from to $to (exclusive), or -1. */
  index-of byte/int --from/int=0 --to/int=size -> int

  /** See $io.Data.byte-size. */
  byte-size -> int

  /** See $io.Data.byte-slice. */
  byte-slice from/int to/int -> io.Data

  /** See $io.Data.byte-at. */
  byte-at index/int -> int

  /** See $io.Data.write-to-byte-array. */
  write-to-byte-array byte-array/ByteArray --at/int from/int to/int -> none

/** The common part of byte arrays and their slices; natives read both. */
abstract class ByteArrayBase_ implements ByteArray:
  /** The maximum number of bytes that the text of a byte array shows. */
  static STRINGIFY-MAX_ ::= 50

  abstract size -> int
  abstract operator [..] --from/int=0 --to/int=size -> ByteArray

  operator [] n/int -> int:
    #primitive.bytes.at

  operator []= n/int value/int -> int:
    #primitive.bytes.put

  is-empty -> bool:
    return size == 0

  operator == other -> bool:
    #primitive.bytes.equals

  hash-code -> int:
    #primitive.bytes.hash

  do [block] -> none:
    size := this.size
    for i := 0; i < size; i++: block.call this[i]

  do --reversed/True [block] -> none:
    for i := size - 1; i >= 0; i--: block.call this[i]

  every [predicate] -> bool:
    do: if not predicate.call it: return false
    return true

  any [predicate] -> bool:
    do: if predicate.call it: return true
    return false

  first -> int:
    return this[0]

  last -> int:
    return this[size - 1]

  reverse --in-place/True -> none:
    #primitive.bytes.reverse

  reverse -> ByteArray:
    result := copy
    result.reverse --in-place
    return result

  to-string from/int=0 to/int=size -> string:
    #primitive.bytes.to-string

  to-string-non-throwing from/int=0 to/int=size -> string:
    #primitive.bytes.to-string-lossy

  is-valid-string-content from/int=0 to/int=size -> bool:
    #primitive.bytes.is-utf-8

  to-float from/int --big-endian/bool?=true -> float:
    order := big-endian ? io.BIG-ENDIAN : io.LITTLE-ENDIAN
    return order.float64 this from

  operator + other/ByteArray -> ByteArray:
    result := byte-array-new_ (size + other.size) 0
    result.replace 0 this
    result.replace size other
    return result

  copy from/int=0 to/int=size -> ByteArray:
    #primitive.bytes.copy

  replace index/int source/io.Data from/int=0 to/int=source.byte-size -> none:
    #primitive.bytes.replace: | error |
      if error != "WRONG_BYTES_TYPE": throw error
      if not 0 <= from <= to <= source.byte-size: throw "OUT_OF_BOUNDS"
      source.write-to-byte-array this --at=index from to

  fill --from/int=0 --to/int=size value:
    byte-array-fill_ this from to value

  fill --from/int=0 --to/int=size [block]:
    for i := from; i < to; i++: this[i] = block.call i - from

  index-of byte/int --from/int=0 --to/int=size -> int:
    return byte-array-index-of_ this byte from to

  byte-size -> int:
    return size

  byte-slice from/int to/int -> io.Data:
    return this[from..to]

  byte-at index/int -> int:
    return this[index]

  write-to-byte-array byte-array/ByteArray --at/int from/int to/int -> none:
    byte-array.replace at this from to

  stringify -> string:
    shown := min size STRINGIFY-MAX_
    texts := List shown: "0x$(%02x this[it])"
    if shown < size: texts.add "..."
    return "#[$(texts.join ", ")]"

/** Bytes in a block of their own. Large blocks lie outside the heap. */
class ByteArray_ extends ByteArrayBase_:
  constructor size/int --filler/int=0:
    return byte-array-new_ size filler

  /** Deprecated. Use $ByteArray.external. */
  constructor.external_ size/int:
    return byte-array-new-external_ size

  constructor.private_:

  size -> int:
    #primitive.bytes.size

  operator [..] --from/int=0 --to/int=size -> ByteArray:
    return ByteArraySlice_ this from to

byte-array-new_ size/int filler/int -> ByteArray_:
  #primitive.bytes.new

byte-array-new-external_ size/int -> ByteArray_:
  #primitive.bytes.new-external

byte-array-fill_ bytes/ByteArray from/int to/int value/int -> none:
  #primitive.bytes.fill

byte-array-index-of_ bytes/ByteArray byte/int from/int to/int -> int:
  #primitive.bytes.index-of
