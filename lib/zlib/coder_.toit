/** The common part of all encoders and decoders: a reader, a writer, and their synchronization. */

import io
import monitor

/** An encoder or decoder. */
interface Backend_:
  /** The next bytes: an empty byte array if input must be written first, null if there are no more. */
  read -> ByteArray?

  /** Takes bytes of $data from $from on. Returns the number of bytes taken, 0 if output must be read first. */
  write data/io.Data from/int to/int -> int

  /** Ends the input. */
  close -> none

/** The reader of an encoder's or decoder's output. */
class CompressionReader extends io.CloseableReader:
  coder_/Coder_
  // Output that was taken from the backend to check whether there is any.
  next_/ByteArray? := null

  constructor.private_ .coder_:

  /**
  Reads available bytes, at most $max-size. Returns null if there are no more.

  Unless $wait, returns an empty byte array if input must be written first.
  */
  read --max-size/int?=null --wait/bool=true -> ByteArray?:
    if not (wait or is-closed_ or next_ or buffered-size > 0):
      next_ = coder_.take_
      if next_ and next_.is-empty:
        next_ = null
        return #[]
    return super --max-size=max-size

  read_ -> ByteArray?:
    if not next_: return coder_.read_
    data := next_
    next_ = null
    return data

  close_ -> none:
    coder_.close-reader_

/** The writer of an encoder's or decoder's input. */
class CompressionWriter_ extends io.CloseableWriter:
  coder_/Coder_

  constructor .coder_:

  try-write_ data/io.Data from/int to/int -> int:
    return coder_.try-write_ data from to

  wait-for-more-room_ -> none:
    coder_.wait-for-room_

  close_ -> none:
    coder_.close-writer_

/** An encoder or decoder. */
abstract class Coder_:
  backend_/Backend_
  is-reader-closed_/bool := false
  is-writer-closed_/bool := false
  in_/CompressionReader? := null
  out_/CompressionWriter_? := null
  // The number of times that the backend was read or the reader closed, and the same for writing. A
  // task waits until the number differs from the one before its attempt, since raising the signal
  // can switch tasks.
  reads_/int := 0
  writes_/int := 0
  reads-before-write_/int := 0
  signal_/monitor.Signal ::= monitor.Signal

  constructor .backend_:

  /** The reader of the output. */
  in -> CompressionReader:
    if not in_: in_ = CompressionReader.private_ this
    return in_

  /** Deprecated. Use $in. */
  reader -> CompressionReader:
    return in

  /** The writer of the input. If it takes no bytes, output must be read first. */
  out -> io.CloseableWriter:
    if not out_: out_ = CompressionWriter_ this
    return out_

  /** Deprecated. Use the methods $io.Writer.write and $io.Writer.try-write of $out. */
  write --wait/bool=true data/io.Data from/int=0 to/int=data.byte-size -> int:
    if not wait: return try-write_ data from to
    position := from
    while position < to:
      written := try-write_ data position to
      position += written
      if written == 0: wait-for-room_
    return to - from

  /** Deprecated. Close $out. */
  close -> none:
    close-writer_

  read_ -> ByteArray?:
    while true:
      writes := writes_
      data := take_
      if not data or not data.is-empty: return data
      signal_.wait: writes_ != writes

  /** The backend's output. Writing tasks can continue, even if it is empty. */
  take_ -> ByteArray?:
    data := backend_.read
    reads_++
    signal_.raise
    return data

  try-write_ data/io.Data from/int to/int -> int:
    if is-reader-closed_: throw "READER_CLOSED"
    if is-writer-closed_: throw "ALREADY_CLOSED"
    reads-before-write_ = reads_
    try:
      return backend_.write data from to
    finally:
      // Also after an error, so that a reading task learns of it.
      writes_++
      signal_.raise

  wait-for-room_ -> none:
    signal_.wait: reads_ != reads-before-write_

  close-reader_ -> none:
    is-reader-closed_ = true
    reads_++
    signal_.raise

  close-writer_ -> none:
    if is-writer-closed_: return
    is-writer-closed_ = true
    backend_.close
    writes_++
    signal_.raise
