import .byte-order
import .data
import .reader

/** A destination of bytes. Subclasses implement $try-write_. */
abstract class Writer:
  is-closed_/bool := false
  processed_/int := 0

  constructor:

  /** Wraps an object with a `write` method that returns the number of bytes written. */
  constructor.adapt writer:
    return WriterAdapter_ writer

  /** Writes as much of $data from $from to $to (exclusive) as is possible now. Returns the number of bytes. */
  abstract try-write_ data/Data from/int to/int -> int

  /** The number of bytes written so far. */
  processed -> int:
    return processed_

  /** Writes all of $data from $from to $to (exclusive). Waits for room if necessary. Returns the number of bytes. */
  write data/Data from/int=0 to/int=data.byte-size --flush/bool=false -> int:
    position := from
    while position < to:
      written := try-write data position to
      position += written
      if written == 0:
        if is-closed_: throw "WRITER_CLOSED"
        wait-for-more-room_
    if flush: this.flush
    return to - from

  /** Writes as much of $data from $from to $to (exclusive) as is possible now. Returns the number of bytes. */
  try-write data/Data from/int=0 to/int=data.byte-size -> int:
    if is-closed_: throw "WRITER_CLOSED"
    written := try-write_ data from to
    processed_ += written
    return written

  /** Writes one byte. */
  write-byte value/int --flush/bool=false -> none:
    byte := ByteArray 1 --initial=value
    write byte --flush=flush

  /** Writes the rest of $reader. */
  write-from reader/Reader --flush/bool=false -> none:
    if is-closed_: throw "WRITER_CLOSED"
    while data := reader.read: write data
    if flush: this.flush

  /** Passes on buffered data. Does nothing by default. */
  flush -> none:

  /** Waits until there may be room again. */
  wait-for-more-room_ -> none:
    yield

  /** Closes this writer: further writes throw. */
  mark-closed_ -> none:
    is-closed_ = true

  /** Deprecated. Use $mark-closed_. */
  close-writer_ -> none:
    mark-closed_

  /** Returns an object that writes numbers to this writer, their lowest byte first. */
  little-endian -> EndianWriter:
    return EndianWriter --writer=this --byte-order=LITTLE-ENDIAN

  /** Returns an object that writes numbers to this writer, their highest byte first. */
  big-endian -> EndianWriter:
    return EndianWriter --writer=this --byte-order=BIG-ENDIAN

/** A writer that can be closed. */
abstract class CloseableWriter extends Writer:
  /** Closes this writer: further writes throw. */
  close -> none:
    if is-closed_: return
    close_
    is-closed_ = true

  /** Whether this writer has been closed. */
  is-closed -> bool:
    return is-closed_

  /** Closes the destination. */
  abstract close_ -> none

/** Gives a class a writer named $out. */
abstract mixin OutMixin:
  _out_/Out_? := null

  /** The writer. */
  out -> Writer:
    if not _out_: _out_ = Out_ this
    return _out_

  /** Closes the writer: further writes throw. */
  mark-writer-closed_ -> none:
    out.mark-closed_

  /** Deprecated. Use $mark-writer-closed_. */
  close-writer_ -> none:
    mark-writer-closed_

  /** See $Writer.try-write_. */
  abstract try-write_ data/Data from/int to/int -> int

/** Gives a class a writer named $out that can be closed. */
abstract mixin CloseableOutMixin:
  _out_/CloseableOut_? := null

  /** The writer. */
  out -> CloseableWriter:
    if not _out_: _out_ = CloseableOut_ this
    return _out_

  /** Closes the writer: further writes throw. */
  mark-writer-closed_ -> none:
    out.mark-closed_

  /** See $Writer.try-write_. */
  abstract try-write_ data/Data from/int to/int -> int

  /** See $CloseableWriter.close_. */
  abstract close-writer_ -> none

class Out_ extends Writer:
  owner_/OutMixin

  constructor .owner_:

  try-write_ data/Data from/int to/int -> int:
    return owner_.try-write_ data from to

class CloseableOut_ extends CloseableWriter:
  owner_/CloseableOutMixin

  constructor .owner_:

  try-write_ data/Data from/int to/int -> int:
    return owner_.try-write_ data from to

  close_ -> none:
    owner_.close-writer_

/** A writer on top of an object with a `write` method. */
class WriterAdapter_ extends Writer:
  writer_/any

  constructor .writer_:

  try-write_ data/Data from/int to/int -> int:
    return writer_.write data from to

/** Writes numbers in a byte order. */
class EndianWriter:
  writer_/Writer
  byte-order_/ByteOrder

  constructor --writer/Writer --byte-order/ByteOrder:
    writer_ = writer
    byte-order_ = byte-order

  put_ size/int value/int -> none:
    bytes := ByteArray size
    byte-order_.put-uint bytes size 0 value
    writer_.write bytes

  /** Writes $value as a signed 8-bit number. */
  write-int8 value/int -> none:
    put_ 1 value

  /** Writes $value as an unsigned 8-bit number. */
  write-uint8 value/int -> none:
    put_ 1 value

  /** Writes $value as a signed 16-bit number. */
  write-int16 value/int -> none:
    put_ 2 value

  /** Writes $value as an unsigned 16-bit number. */
  write-uint16 value/int -> none:
    put_ 2 value

  /** Writes $value as a signed 24-bit number. */
  write-int24 value/int -> none:
    put_ 3 value

  /** Writes $value as an unsigned 24-bit number. */
  write-uint24 value/int -> none:
    put_ 3 value

  /** Writes $value as a signed 32-bit number. */
  write-int32 value/int -> none:
    put_ 4 value

  /** Writes $value as an unsigned 32-bit number. */
  write-uint32 value/int -> none:
    put_ 4 value

  /** Writes $value as a 64-bit number. */
  write-int64 value/int -> none:
    put_ 8 value

  /** Writes $value as a 32-bit float. */
  write-float32 value/float -> none:
    put_ 4 value.bits32

  /** Writes $value as a 64-bit float. */
  write-float64 value/float -> none:
    put_ 8 value.bits
