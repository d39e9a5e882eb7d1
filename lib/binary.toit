/** Deprecated. Byte orders are part of `io`, limits of $int. */

import io
import io show ByteOrder LittleEndian BigEndian

export ByteOrder LittleEndian BigEndian

/** Deprecated. Use $int.MIN-8. */
INT8-MIN ::= int.MIN-8
/** Deprecated. Use $int.MAX-8. */
INT8-MAX ::= int.MAX-8
/** Deprecated. Use $int.MIN-16. */
INT16-MIN ::= int.MIN-16
/** Deprecated. Use $int.MAX-16. */
INT16-MAX ::= int.MAX-16
/** Deprecated. Use $int.MIN-24. */
INT24-MIN ::= int.MIN-24
/** Deprecated. Use $int.MAX-24. */
INT24-MAX ::= int.MAX-24
/** Deprecated. Use $int.MIN-32. */
INT32-MIN ::= int.MIN-32
/** Deprecated. Use $int.MAX-32. */
INT32-MAX ::= int.MAX-32
/** Deprecated. Use $int.MAX-U8. */
UINT8-MAX ::= int.MAX-U8
/** Deprecated. Use $int.MAX-U16. */
UINT16-MAX ::= int.MAX-U16
/** Deprecated. Use $int.MAX-U24. */
UINT24-MAX ::= int.MAX-U24
/** Deprecated. Use $int.MAX-U32. */
UINT32-MAX ::= int.MAX-U32

/** Deprecated. Use $io.LITTLE-ENDIAN. */
LITTLE-ENDIAN/LittleEndian ::= io.LITTLE-ENDIAN
/** Deprecated. Use $io.BIG-ENDIAN. */
BIG-ENDIAN/BigEndian ::= io.BIG-ENDIAN

/** Deprecated. Use $io.ByteOrder.swap-16. */
byte-swap-16 byte-array/ByteArray -> none:
  ByteOrder.swap-16 byte-array

/** Deprecated. Use $io.ByteOrder.swap-32. */
byte-swap-32 byte-array/ByteArray -> none:
  ByteOrder.swap-32 byte-array
