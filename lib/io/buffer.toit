import .byte-order
import .data
import .writer

/** A writer that collects the written data in a byte array, which grows as needed. */
class Buffer extends CloseableWriter:
  static INITIAL-CAPACITY_ ::= 64

  backing_/ByteArray := ?
  size_/int := 0
  initial-capacity_/int
  is-growable_/bool := ?

  /** Creates an empty buffer. */
  constructor:
    return Buffer.with-capacity INITIAL-CAPACITY_

  /** Creates a buffer that writes into $bytes. If $growable, it takes a larger array when $bytes is full. */
  constructor bytes/ByteArray --growable/bool=false:
    backing_ = bytes
    initial-capacity_ = bytes.size
    is-growable_ = growable

  /** Creates a buffer with room for $size bytes. */
  constructor.with-capacity size/int --growable/bool=true:
    backing_ = ByteArray size
    initial-capacity_ = size
    is-growable_ = growable

  /** Whether the buffer can get another byte array when this one is full. */
  is-growable -> bool:
    return is-growable_

  /** The number of bytes in the buffer. */
  size -> int:
    return size_

  /** See $size. */
  processed -> int:
    return size_

  /** The byte array that is written into; it can be larger than $size. */
  backing-array -> ByteArray:
    return backing_

  /** A view of the bytes written. */
  bytes -> ByteArray:
    return backing_[..size_]

  /** The string of the bytes written. */
  to-string -> string:
    return backing_.to-string 0 size_

  /** Makes room for $amount more bytes. */
  reserve amount/int -> none:
    wanted := size_ + amount
    if wanted <= backing_.size: return
    if not is-growable_: throw "BUFFER_FULL"
    grown := ByteArray (max wanted (max (backing_.size * 2) INITIAL-CAPACITY_))
    grown.replace 0 backing_ 0 size_
    backing_ = grown

  /** Sets the size to $new-size. Drops bytes at the end, or appends zeros. */
  resize new-size/int -> none:
    if new-size > size_:
      grow-by new-size - size_
    else:
      size_ = new-size

  /** Appends $amount times $value. */
  grow-by amount/int --value/int=0 -> none:
    reserve amount
    backing_.fill --from=size_ --to=(size_ + amount) value
    size_ += amount

  /** Appends $value until there are $size bytes. */
  pad-to --size/int --value/int=0 -> none:
    if size > size_: grow-by (size - size_) --value=value

  /** Appends $value until the size is a multiple of $alignment. */
  pad --alignment/int --value/int=0 -> none:
    rest := size_ % alignment
    if rest != 0: grow-by (alignment - rest) --value=value

  /** Drops all bytes. */
  clear -> none:
    size_ = 0
    if is-growable_: backing_ = ByteArray initial-capacity_

  /** Overwrites the bytes from $at on with those of $data. All overwritten bytes must be in the buffer already. */
  put --at/int data/Data from/int=0 to/int=data.byte-size -> none:
    if not 0 <= at <= at + (to - from) <= size_: throw "INVALID_ARGUMENT"
    data.write-to-byte-array backing_ --at=at from to

  /** The byte at $index. */
  operator [] index/int -> int:
    return backing_[checked_ index]

  /** Overwrites the byte at $index. */
  operator []= index/int value/int -> int:
    return backing_[checked_ index] = value

  checked_ index/int -> int:
    if not 0 <= index < size_: throw "OUT_OF_BOUNDS"
    return index

  /** See $super. */
  write data/Data from/int=0 to/int=data.byte-size --flush/bool=false -> int:
    if is-closed_: throw "WRITER_CLOSED"
    count := try-write_ data from to
    if flush: this.flush
    return count

  /** See $super. */
  write-byte value/int --flush/bool=false -> none:
    if is-closed_: throw "WRITER_CLOSED"
    reserve 1
    backing_[size_++] = value

  try-write_ data/Data from/int to/int -> int:
    count := to - from
    reserve count
    data.write-to-byte-array backing_ --at=size_ from to
    size_ += count
    return count

  close_ -> none:
    if is-growable_ and backing_.size != size_: backing_ = backing_.copy 0 size_

  /** Returns an object that writes and reads numbers in this buffer, their lowest byte first. */
  little-endian -> EndianBuffer:
    return EndianBuffer --buffer=this --byte-order=LITTLE-ENDIAN

  /** Returns an object that writes and reads numbers in this buffer, their highest byte first. */
  big-endian -> EndianBuffer:
    return EndianBuffer --buffer=this --byte-order=BIG-ENDIAN

/** Writes and reads numbers in a byte order, anywhere in a buffer. */
class EndianBuffer extends EndianWriter:
  buffer_/Buffer

  constructor --buffer/Buffer --byte-order/ByteOrder:
    buffer_ = buffer
    super --writer=buffer --byte-order=byte-order

  /** Returns $at. Throws if the buffer does not have $size bytes from there on. */
  place_ at/int size/int -> int:
    if not 0 <= at <= buffer_.size - size: throw "OUT_OF_BOUNDS"
    return at

  /** Overwrites the bytes from $at on with $value as a signed 8-bit number. */
  put-int8 --at/int value/int -> none:
    byte-order_.put-int8 buffer_.backing-array (place_ at 1) value

  /** The signed 8-bit number at $at. */
  int8 --at/int -> int:
    return byte-order_.int8 buffer_.backing-array (place_ at 1)

  /** Overwrites the bytes from $at on with $value as an unsigned 8-bit number. */
  put-uint8 --at/int value/int -> none:
    byte-order_.put-uint8 buffer_.backing-array (place_ at 1) value

  /** The unsigned 8-bit number at $at. */
  uint8 --at/int -> int:
    return byte-order_.uint8 buffer_.backing-array (place_ at 1)

  /** Overwrites the bytes from $at on with $value as a signed 16-bit number. */
  put-int16 --at/int value/int -> none:
    byte-order_.put-int16 buffer_.backing-array (place_ at 2) value

  /** The signed 16-bit number at $at. */
  int16 --at/int -> int:
    return byte-order_.int16 buffer_.backing-array (place_ at 2)

  /** Overwrites the bytes from $at on with $value as an unsigned 16-bit number. */
  put-uint16 --at/int value/int -> none:
    byte-order_.put-uint16 buffer_.backing-array (place_ at 2) value

  /** The unsigned 16-bit number at $at. */
  uint16 --at/int -> int:
    return byte-order_.uint16 buffer_.backing-array (place_ at 2)

  /** Overwrites the bytes from $at on with $value as a signed 24-bit number. */
  put-int24 --at/int value/int -> none:
    byte-order_.put-int24 buffer_.backing-array (place_ at 3) value

  /** The signed 24-bit number at $at. */
  int24 --at/int -> int:
    return byte-order_.int24 buffer_.backing-array (place_ at 3)

  /** Overwrites the bytes from $at on with $value as an unsigned 24-bit number. */
  put-uint24 --at/int value/int -> none:
    byte-order_.put-uint24 buffer_.backing-array (place_ at 3) value

  /** The unsigned 24-bit number at $at. */
  uint24 --at/int -> int:
    return byte-order_.uint24 buffer_.backing-array (place_ at 3)

  /** Overwrites the bytes from $at on with $value as a signed 32-bit number. */
  put-int32 --at/int value/int -> none:
    byte-order_.put-int32 buffer_.backing-array (place_ at 4) value

  /** The signed 32-bit number at $at. */
  int32 --at/int -> int:
    return byte-order_.int32 buffer_.backing-array (place_ at 4)

  /** Overwrites the bytes from $at on with $value as an unsigned 32-bit number. */
  put-uint32 --at/int value/int -> none:
    byte-order_.put-uint32 buffer_.backing-array (place_ at 4) value

  /** The unsigned 32-bit number at $at. */
  uint32 --at/int -> int:
    return byte-order_.uint32 buffer_.backing-array (place_ at 4)

  /** Overwrites the bytes from $at on with $value as a 64-bit number. */
  put-int64 --at/int value/int -> none:
    byte-order_.put-int64 buffer_.backing-array (place_ at 8) value

  /** The 64-bit number at $at. */
  int64 --at/int -> int:
    return byte-order_.int64 buffer_.backing-array (place_ at 8)

  /** Overwrites the bytes from $at on with $value as a 32-bit float. */
  put-float32 --at/int value/float -> none:
    byte-order_.put-float32 buffer_.backing-array (place_ at 4) value

  /** The 32-bit float at $at. */
  float32 --at/int -> float:
    return byte-order_.float32 buffer_.backing-array (place_ at 4)

  /** Overwrites the bytes from $at on with $value as a 64-bit float. */
  put-float64 --at/int value/float -> none:
    byte-order_.put-float64 buffer_.backing-array (place_ at 8) value

  /** The 64-bit float at $at. */
  float64 --at/int -> float:
    return byte-order_.float64 buffer_.backing-array (place_ at 8)
