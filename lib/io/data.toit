/** Bytes that can be read at any position: byte arrays, strings, and others. */
interface Data:
  /** The number of bytes. */
  byte-size -> int

  /** A view of the bytes from $from to $to (exclusive). */
  byte-slice from/int to/int -> Data

  /** The byte at $index. */
  byte-at index/int -> int

  /** Copies the bytes from $from to $to (exclusive) into $byte-array, from the index $at on. */
  write-to-byte-array byte-array/ByteArray --at/int from/int to/int -> none

/** The $data itself if natives can read it, otherwise a byte array with a copy of its bytes. */
data-bytes_ data/Data -> any:
  if has-native-bytes_ data: return data
  size := data.byte-size
  bytes := ByteArray size
  data.write-to-byte-array bytes --at=0 0 size
  return bytes

has-native-bytes_ data/any -> bool:
  #primitive.bytes.has-bytes
