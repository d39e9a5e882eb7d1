/** Slices of strings: views that share the memory of a string. */

import io
import .string

/**
A view of a part of a string that begins and ends at rune borders. A slice of a slice refers to the
  original string, not to the first slice.
*/
class StringSlice_ extends string:
  str_/String_
  from_/int
  to_/int

  constructor .str_ .from_ .to_:
    super.from-subclass_

/** A view of some bytes of a string. It may begin and end inside a rune. */
class StringByteSlice_ implements io.Data:
  bytes_/string
  from_/int
  to_/int

  constructor .bytes_ .from_ .to_:

  /** See $byte-size. */
  size -> int:
    return byte-size

  byte-size -> int:
    return to_ - from_

  byte-slice from/int to/int -> io.Data:
    if not 0 <= from <= to <= byte-size: throw "OUT_OF_BOUNDS"
    return StringByteSlice_ bytes_ (from_ + from) (from_ + to)

  byte-at index/int -> int:
    if not 0 <= index < byte-size: throw "OUT_OF_BOUNDS"
    return bytes_.byte-at from_ + index

  write-to-byte-array byte-array/ByteArray --at/int from/int to/int -> none:
    if not 0 <= from <= to <= byte-size: throw "OUT_OF_BOUNDS"
    bytes_.write-to-byte-array byte-array --at=at (from_ + from) (from_ + to)
