/** The orders of the bytes of numbers. */

/** Numbers with their lowest byte first. */
LITTLE-ENDIAN/LittleEndian ::= LittleEndian.private_
/** Numbers with their highest byte first. */
BIG-ENDIAN/BigEndian ::= BigEndian.private_

/**
An order of the bytes of a number, to read and write numbers in byte arrays.

All bytes of a number must lie in the byte array. Writing cuts off higher bits.
*/
abstract class ByteOrder:
  constructor.from-subclass_:

  /** Reverses the bytes of each 16-bit number in $byte-array. */
  static swap-16 byte-array/ByteArray -> none:
    bytes-swap_ byte-array 2

  /** Reverses the bytes of each 32-bit number in $byte-array. */
  static swap-32 byte-array/ByteArray -> none:
    bytes-swap_ byte-array 4

  /** The signed number of 1 to 8 bytes at $offset. */
  abstract read-int buffer/ByteArray size-in-bytes/int offset/int -> int

  /** The unsigned number of 1 to 8 bytes at $offset. */
  abstract read-uint buffer/ByteArray size-in-bytes/int offset/int -> int

  /** Writes the number $value in 1 to 8 bytes at $offset. */
  abstract put-uint buffer/ByteArray size-in-bytes/int offset/int value/int -> none

  /** The unsigned 8-bit number at $offset. */
  uint8 buffer/ByteArray offset/int -> int:
    return buffer[offset]

  /** The signed 8-bit number at $offset. */
  int8 buffer/ByteArray offset/int -> int:
    return read-int buffer 1 offset

  /** The unsigned 16-bit number at $offset. */
  uint16 buffer/ByteArray offset/int -> int:
    return read-uint buffer 2 offset

  /** The signed 16-bit number at $offset. */
  int16 buffer/ByteArray offset/int -> int:
    return read-int buffer 2 offset

  /** The unsigned 24-bit number at $offset. */
  uint24 buffer/ByteArray offset/int -> int:
    return read-uint buffer 3 offset

  /** The signed 24-bit number at $offset. */
  int24 buffer/ByteArray offset/int -> int:
    return read-int buffer 3 offset

  /** The unsigned 32-bit number at $offset. */
  uint32 buffer/ByteArray offset/int -> int:
    return read-uint buffer 4 offset

  /** The signed 32-bit number at $offset. */
  int32 buffer/ByteArray offset/int -> int:
    return read-int buffer 4 offset

  /** The 64-bit number at $offset. */
  int64 buffer/ByteArray offset/int -> int:
    return read-int buffer 8 offset

  /** The 32-bit float at $offset. */
  float32 buffer/ByteArray offset/int -> float:
    return float.from-bits32 (read-uint buffer 4 offset)

  /** The 64-bit float at $offset. */
  float64 buffer/ByteArray offset/int -> float:
    return float.from-bits (read-int buffer 8 offset)

  /** Writes $value in 8 bits. */
  put-int8 buffer/ByteArray offset/int value/int -> none:
    buffer[offset] = value

  /** Writes $value in 8 bits. */
  put-uint8 buffer/ByteArray offset/int value/int -> none:
    buffer[offset] = value

  /** Writes $i16 in 16 bits. */
  put-int16 buffer/ByteArray offset/int i16/int -> none:
    put-uint buffer 2 offset i16

  /** Writes $u16 in 16 bits. */
  put-uint16 buffer/ByteArray offset/int u16/int -> none:
    put-uint buffer 2 offset u16

  /** Writes $i24 in 24 bits. */
  put-int24 buffer/ByteArray offset/int i24/int -> none:
    put-uint buffer 3 offset i24

  /** Writes $u24 in 24 bits. */
  put-uint24 buffer/ByteArray offset/int u24/int -> none:
    put-uint buffer 3 offset u24

  /** Writes $i32 in 32 bits. */
  put-int32 buffer/ByteArray offset/int i32/int -> none:
    put-uint buffer 4 offset i32

  /** Writes $u32 in 32 bits. */
  put-uint32 buffer/ByteArray offset/int u32/int -> none:
    put-uint buffer 4 offset u32

  /** Writes $i64 in 64 bits. */
  put-int64 buffer/ByteArray offset/int i64/int -> none:
    put-uint buffer 8 offset i64

  /** Writes $f32 as a 32-bit float. */
  put-float32 buffer/ByteArray offset/int f32/float -> none:
    put-uint buffer 4 offset f32.bits32

  /** Writes $f64 as a 64-bit float. */
  put-float64 buffer/ByteArray offset/int f64/float -> none:
    put-uint buffer 8 offset f64.bits

/** See $LITTLE-ENDIAN. */
class LittleEndian extends ByteOrder:
  constructor.private_:
    super.from-subclass_

  read-int buffer/ByteArray size-in-bytes/int offset/int -> int:
    return bytes-read-int_ buffer offset size-in-bytes true false

  read-uint buffer/ByteArray size-in-bytes/int offset/int -> int:
    return bytes-read-int_ buffer offset size-in-bytes false false

  put-uint buffer/ByteArray size-in-bytes/int offset/int value/int -> none:
    bytes-put-int_ buffer offset size-in-bytes value false

/** See $BIG-ENDIAN. */
class BigEndian extends ByteOrder:
  constructor.private_:
    super.from-subclass_

  read-int buffer/ByteArray size-in-bytes/int offset/int -> int:
    return bytes-read-int_ buffer offset size-in-bytes true true

  read-uint buffer/ByteArray size-in-bytes/int offset/int -> int:
    return bytes-read-int_ buffer offset size-in-bytes false true

  put-uint buffer/ByteArray size-in-bytes/int offset/int value/int -> none:
    bytes-put-int_ buffer offset size-in-bytes value true

bytes-read-int_ bytes/ByteArray offset/int size/int signed/bool big-endian/bool -> int:
  #primitive.bytes.read-int

bytes-put-int_ bytes/ByteArray offset/int size/int value/int big-endian/bool -> none:
  #primitive.bytes.put-int

bytes-swap_ bytes/ByteArray size/int -> none:
  #primitive.bytes.swap
