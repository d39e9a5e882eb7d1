// helper
// Helpers of the programs about cryptography and compression.

import io

/** The bytes for the hexadecimal $digits. Spaces may stand between them. */
unhex digits/string -> ByteArray:
  digits = digits.replace --all " " ""
  return ByteArray digits.size / 2: int.parse --radix=16 digits[it * 2..it * 2 + 2]

/** The hexadecimal digits of $bytes. */
hex bytes/ByteArray -> string:
  text := ""
  bytes.do: text += "$(%02x it)"
  return text

/** $size bytes, each different from its neighbors. */
ramp size/int -> ByteArray:
  return ByteArray size: it

/** Data that is neither a string nor a byte array. */
class Wrapped implements io.Data:
  data_/io.Data

  constructor .data_:

  byte-size -> int:
    return data_.byte-size

  byte-at index/int -> int:
    return data_.byte-at index

  byte-slice from/int to/int -> io.Data:
    return Wrapped (data_.byte-slice from to)

  write-to-byte-array bytes/ByteArray --at/int from/int to/int -> none:
    data_.write-to-byte-array bytes --at=at from to
