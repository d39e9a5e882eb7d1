/** Registers of devices. */

import io show LITTLE-ENDIAN BIG-ENDIAN ByteOrder

/**
Reads and writes numbers in the registers of a device.

A subclass implements the transfer of bytes. If the number of the register is sent before the data,
  the subclass passes the size of that number to the constructor, and overrides $write-bytes_.
*/
abstract class Registers:
  byte-size_/int
  byte-order_/ByteOrder

  /** Creates registers whose numbers take $byte-size bytes in $byte-order in front of data. */
  constructor --byte-size/int=0 --byte-order/ByteOrder=BIG-ENDIAN:
    byte-size_ = byte-size
    byte-order_ = byte-order

  /** Reads $count bytes from $register on. */
  abstract read-bytes register/int count/int -> ByteArray

  /** Deprecated. Variant of $(read-bytes register count) that calls $failure with the exception. */
  read-bytes reg count [failure] -> ByteArray:
    error := catch: return read-bytes reg count
    return failure.call error

  /** Writes $data from $register on. */
  abstract write-bytes register/int data/ByteArray -> none

  /** Writes $data, which starts with the number of the register. */
  write-bytes_ data/ByteArray -> none:
    throw "UNIMPLEMENTED"

  read-int_ order/ByteOrder size/int register/int -> int:
    return order.read-int (read-bytes register size) size 0

  read-uint_ order/ByteOrder size/int register/int -> int:
    return order.read-uint (read-bytes register size) size 0

  write_ order/ByteOrder size/int register/int value/int -> none:
    data := ByteArray byte-size_ + size
    order.put-uint data size byte-size_ value
    if byte-size_ == 0:
      write-bytes register data
    else:
      byte-order_.put-uint data byte-size_ 0 register
      write-bytes_ data

  /** Reads an unsigned 8-bit number. */
  read-u8 register/int -> int:
    return read-uint_ BIG-ENDIAN 1 register

  /** Reads a signed 8-bit number. */
  read-i8 register/int -> int:
    return read-int_ BIG-ENDIAN 1 register

  /** Reads a signed 16-bit number, the lowest byte first. */
  read-i16-le register/int -> int:
    return read-int_ LITTLE-ENDIAN 2 register

  /** Reads a signed 16-bit number, the highest byte first. */
  read-i16-be register/int -> int:
    return read-int_ BIG-ENDIAN 2 register

  /** Reads an unsigned 16-bit number, the lowest byte first. */
  read-u16-le register/int -> int:
    return read-uint_ LITTLE-ENDIAN 2 register

  /** Reads an unsigned 16-bit number, the highest byte first. */
  read-u16-be register/int -> int:
    return read-uint_ BIG-ENDIAN 2 register

  /** Deprecated. Variant of $(read-u16-be register) that calls $failure with the exception. */
  read-u16-be register/int [failure] -> int:
    return BIG-ENDIAN.uint16 (read-bytes register 2 failure) 0

  /** Reads a signed 24-bit number, the lowest byte first. */
  read-i24-le register/int -> int:
    return read-int_ LITTLE-ENDIAN 3 register

  /** Reads a signed 24-bit number, the highest byte first. */
  read-i24-be register/int -> int:
    return read-int_ BIG-ENDIAN 3 register

  /** Reads an unsigned 24-bit number, the lowest byte first. */
  read-u24-le register/int -> int:
    return read-uint_ LITTLE-ENDIAN 3 register

  /** Reads an unsigned 24-bit number, the highest byte first. */
  read-u24-be register/int -> int:
    return read-uint_ BIG-ENDIAN 3 register

  /** Reads a signed 32-bit number, the lowest byte first. */
  read-i32-le register/int -> int:
    return read-int_ LITTLE-ENDIAN 4 register

  /** Reads a signed 32-bit number, the highest byte first. */
  read-i32-be register/int -> int:
    return read-int_ BIG-ENDIAN 4 register

  /** Reads an unsigned 32-bit number, the lowest byte first. */
  read-u32-le register/int -> int:
    return read-uint_ LITTLE-ENDIAN 4 register

  /** Reads an unsigned 32-bit number, the highest byte first. */
  read-u32-be register/int -> int:
    return read-uint_ BIG-ENDIAN 4 register

  /** Writes an unsigned 8-bit number. */
  write-u8 register/int value/int -> none:
    write_ BIG-ENDIAN 1 register value

  /** Writes a signed 8-bit number. */
  write-i8 register/int value/int -> none:
    write_ BIG-ENDIAN 1 register value

  /** Writes an unsigned 16-bit number, the lowest byte first. */
  write-u16-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 2 register value

  /** Writes a signed 16-bit number, the lowest byte first. */
  write-i16-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 2 register value

  /** Writes an unsigned 16-bit number, the highest byte first. */
  write-u16-be register/int value/int -> none:
    write_ BIG-ENDIAN 2 register value

  /** Writes a signed 16-bit number, the highest byte first. */
  write-i16-be register/int value/int -> none:
    write_ BIG-ENDIAN 2 register value

  /** Writes an unsigned 24-bit number, the lowest byte first. */
  write-u24-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 3 register value

  /** Writes a signed 24-bit number, the lowest byte first. */
  write-i24-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 3 register value

  /** Writes an unsigned 24-bit number, the highest byte first. */
  write-u24-be register/int value/int -> none:
    write_ BIG-ENDIAN 3 register value

  /** Writes a signed 24-bit number, the highest byte first. */
  write-i24-be register/int value/int -> none:
    write_ BIG-ENDIAN 3 register value

  /** Writes an unsigned 32-bit number, the lowest byte first. */
  write-u32-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 4 register value

  /** Writes a signed 32-bit number, the lowest byte first. */
  write-i32-le register/int value/int -> none:
    write_ LITTLE-ENDIAN 4 register value

  /** The same as $write-i32-le. */
  write-32-le register/int value/int -> none:
    write-i32-le register value

  /** Writes an unsigned 32-bit number, the highest byte first. */
  write-u32-be register/int value/int -> none:
    write_ BIG-ENDIAN 4 register value

  /** Writes a signed 32-bit number, the highest byte first. */
  write-i32-be register/int value/int -> none:
    write_ BIG-ENDIAN 4 register value

  /** Prints the registers from $from to $to (exclusive), $width in a line. */
  dump --from=128 --to=256 --width=8 -> none:
    List.chunk-up from to width: | start end |
      line := List (end - start): "0x$(%02x read-u8 start + it)"
      print (line.join " ")
