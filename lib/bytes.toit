/** Deprecated. Building and reading binary data; `io` does both. */

import io
import io show BIG-ENDIAN LITTLE-ENDIAN ByteOrder
import reader

/** Deprecated. Use $(io.Reader.constructor data). */
class Reader implements reader.SizedReader:
  data_/ByteArray? := ?
  size/int

  /** Creates a reader that returns $data in one piece. */
  constructor data/ByteArray:
    data_ = data
    size = data.size

  /** See $reader.Reader.read. */
  read -> ByteArray?:
    result := data_
    data_ = null
    return result

/** Deprecated. A producer of bytes whose number is known before they are written. */
interface Producer:
  /** The number of bytes. */
  size -> int

  /** Writes the bytes to $byte-array, starting at $offset. */
  write-to byte-array/ByteArray offset/int -> none

/** Deprecated. A part of a byte array as a producer. */
class ByteArrayProducer implements Producer:
  bytes_/ByteArray
  from_/int
  to_/int

  /** Creates a producer of the bytes of $byte-array from $from to $to (exclusive). */
  constructor byte-array/ByteArray from/int=0 to/int=byte-array.size:
    bytes_ = byte-array
    from_ = from
    to_ = to

  /** See $Producer.size. */
  size -> int:
    return to_ - from_

  /** See $Producer.write-to. */
  write-to destination/ByteArray offset/int -> none:
    destination.replace offset bytes_ from_ to_

/** Deprecated. A consumer of bytes. Bytes that have been written can be overwritten. */
abstract class BufferConsumer:
  /** The number of bytes. */
  abstract size -> int

  /** Appends $byte. */
  abstract write-byte byte/int -> none

  /** Overwrites the byte at $offset. */
  abstract put-byte offset/int data/int -> none

  /** Appends the bytes of $data from $from to $to (exclusive). Returns the number of bytes. */
  abstract write data/io.Data from/int=0 to/int=data.byte-size -> int

  /** Appends the bytes of $producer. */
  abstract write-producer producer/Producer -> none

  /** Appends $amount zeros. */
  abstract grow amount/int -> none

  /** Makes room for $amount more bytes. */
  abstract reserve amount/int -> none

  /** Ends the data. */
  abstract close -> none

  /** Drops all bytes. */
  abstract clear -> none

  write-number_ order/ByteOrder size/int data/int -> none:
    bytes := ByteArray size
    order.put-uint bytes size 0 data
    write bytes

  put-number_ order/ByteOrder size/int offset/int data/int -> none:
    bytes := ByteArray size
    order.put-uint bytes size 0 data
    size.repeat: put-byte offset + it bytes[it]

  /** Appends 64 bits, the highest byte first. */
  write-int64-big-endian data/int -> none:
    write-number_ BIG-ENDIAN 8 data

  /** Appends 32 bits, the highest byte first. */
  write-int32-big-endian data/int -> none:
    write-number_ BIG-ENDIAN 4 data

  /** Appends 16 bits, the highest byte first. */
  write-int16-big-endian data/int -> none:
    write-number_ BIG-ENDIAN 2 data

  /** Overwrites 64 bits at $offset, the highest byte first. */
  put-int64-big-endian offset/int data/int -> none:
    put-number_ BIG-ENDIAN 8 offset data

  /** Overwrites 32 bits at $offset, the highest byte first. */
  put-int32-big-endian offset/int data/int -> none:
    put-number_ BIG-ENDIAN 4 offset data

  /** Overwrites 16 bits at $offset, the highest byte first. */
  put-int16-big-endian offset/int data/int -> none:
    put-number_ BIG-ENDIAN 2 offset data

  /** Appends 64 bits, the lowest byte first. */
  write-int64-little-endian data/int -> none:
    write-number_ LITTLE-ENDIAN 8 data

  /** Appends 32 bits, the lowest byte first. */
  write-int32-little-endian data/int -> none:
    write-number_ LITTLE-ENDIAN 4 data

  /** Appends 16 bits, the lowest byte first. */
  write-int16-little-endian data/int -> none:
    write-number_ LITTLE-ENDIAN 2 data

  /** Overwrites 64 bits at $offset, the lowest byte first. */
  put-int64-little-endian offset/int data/int -> none:
    put-number_ LITTLE-ENDIAN 8 offset data

  /** Overwrites 32 bits at $offset, the lowest byte first. */
  put-int32-little-endian offset/int data/int -> none:
    put-number_ LITTLE-ENDIAN 4 offset data

  /** Overwrites 16 bits at $offset, the lowest byte first. */
  put-int16-little-endian offset/int data/int -> none:
    put-number_ LITTLE-ENDIAN 2 offset data

/** Deprecated. A consumer that only counts, to find out how large a buffer must be. */
class BufferSizeCounter extends BufferConsumer:
  size/int := 0

  put-byte offset/int byte/int -> none:

  write-byte byte/int -> none:
    size++

  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    size += to - from
    return to - from

  write-producer producer/Producer -> none:
    size += producer.size

  grow amount/int -> none:
    size += amount

  reserve amount/int -> none:

  close -> none:

  clear -> none:
    size = 0

/** Deprecated. Use $io.Buffer. */
class Buffer extends BufferConsumer:
  buffer_/io.Buffer

  /** Creates an empty buffer. */
  constructor:
    buffer_ = io.Buffer

  /** Creates an empty buffer with room for $init-size bytes. */
  constructor.with-initial-size init-size/int:
    buffer_ = io.Buffer.with-capacity init-size

  /** See $super. */
  size -> int:
    return buffer_.size

  /** The byte array that holds the bytes; it can be larger than $size. */
  buffer -> ByteArray:
    return buffer_.backing-array

  /** A view of the bytes. */
  bytes -> ByteArray:
    return buffer_.bytes

  /** The bytes as a string. */
  to-string -> string:
    return buffer_.to-string

  /** See $super. */
  write-byte byte/int -> none:
    buffer_.write-byte byte

  /** See $super. */
  put-byte offset/int byte/int -> none:
    buffer_.backing-array[offset] = byte

  /** Appends the rest of $r. */
  write-from r/reader.Reader -> none:
    while data := r.read: write data

  /** See $super. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    return buffer_.write data from to

  /** See $super. */
  write-producer producer/Producer -> none:
    offset := size
    grow producer.size
    producer.write-to buffer offset

  /** See $super. */
  grow amount/int -> none:
    buffer_.grow-by amount

  /** See $super. */
  reserve amount/int -> none:
    buffer_.reserve amount

  /** See $super. */
  close -> none:
    buffer_.close

  /** See $super. */
  clear -> none:
    buffer_.clear
