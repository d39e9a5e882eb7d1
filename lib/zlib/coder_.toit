/** What all encoders and decoders have in common: a reader, a writer, and waiting for each other. */

import io
import monitor

/** What encodes or decodes. */
interface Backend_:
  /** The next bytes. None if something must be written first, null if there are no more. */
  read -> ByteArray?

  /** Takes bytes of $data from $from on. Returns how many; 0 if something must be read first. */
  write data/io.Data from/int to/int -> int

  /** Says that nothing more will be written. */
  close -> none

/** The reader of what an encoder or decoder makes. */
class CompressionReader extends io.CloseableReader:
  coder_/Coder_
  // What has been taken from the backend to see whether it has anything.
  next_/ByteArray? := null

  constructor.private_ .coder_:

  /**
  Reads whatever bytes come first, at most $max-size. Returns null if there are no more.

  Unless $wait, returns no bytes if something must be written first.
  */
  read --max-size/int?=null --wait/bool=true -> ByteArray?:
    if not (wait or is-closed_ or next_ or buffered-size > 0):
      next_ = coder_.backend_.read
      if next_ and next_.is-empty:
        next_ = null
        return #[]
    return super --max-size=max-size

  read_ -> ByteArray?:
    data := next_
    next_ = null
    if not data: return coder_.read_
    coder_.changed_
    return data

  close_ -> none:
    coder_.close-reader_

/** The writer of what an encoder or decoder takes. */
class CompressionWriter_ extends io.CloseableWriter:
  coder_/Coder_

  constructor .coder_:

  try-write_ data/io.Data from/int to/int -> int:
    return coder_.try-write_ data from to

  wait-for-more-room_ -> none:
    coder_.wait_

  close_ -> none:
    coder_.close-writer_

/** An encoder or decoder. */
abstract class Coder_:
  backend_/Backend_
  is-reader-closed_/bool := false
  is-writer-closed_/bool := false
  in_/CompressionReader? := null
  out_/CompressionWriter_? := null
  // How often something was read, written or closed: who waits, waits for the next time.
  changes_/int := 0
  signal_/monitor.Signal ::= monitor.Signal

  constructor .backend_:

  /** The reader of what comes out. */
  in -> CompressionReader:
    if not in_: in_ = CompressionReader.private_ this
    return in_

  /** Deprecated. Use $in. */
  reader -> CompressionReader:
    return in

  /** The writer of what goes in. If it can write nothing, something must be read first. */
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
      if written == 0: wait_
    return to - from

  /** Deprecated. Close $out. */
  close -> none:
    close-writer_

  read_ -> ByteArray?:
    while true:
      data := backend_.read
      if not data: return null
      if not data.is-empty:
        changed_
        return data
      wait_

  try-write_ data/io.Data from/int to/int -> int:
    if is-reader-closed_: throw "READER_CLOSED"
    if is-writer-closed_: throw "ALREADY_CLOSED"
    written := backend_.write data from to
    if written > 0: changed_
    return written

  close-reader_ -> none:
    is-reader-closed_ = true
    changed_

  close-writer_ -> none:
    if is-writer-closed_: return
    is-writer-closed_ = true
    backend_.close
    changed_

  changed_ -> none:
    changes_++
    signal_.raise

  wait_ -> none:
    seen := changes_
    signal_.wait: changes_ != seen
