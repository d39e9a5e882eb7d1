/** Deprecated. A buffer between a task that writes and a task that reads. */

import io
import reader show CloseableReader

/** Deprecated. A buffer between a task that writes and a task that reads. */
class ReaderWriter:
  pipe_/Pipe_

  /** Creates a buffer that holds up to $buffer-size bytes. */
  constructor buffer-size/int=64:
    pipe_ = Pipe_ buffer-size

  /** Creates a reader of the written bytes. */
  reader -> CloseableReader:
    return PipeReader_ pipe_

  /** Writes $data from $from to $to (exclusive). Waits for room if necessary. Returns the number of bytes. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    position := from
    while position < to: position += pipe_.put data position to
    return to - from

  /** Ends the writing. The written data can still be read. */
  close -> none:
    pipe_.close-writer

class PipeReader_ implements CloseableReader:
  pipe_/Pipe_

  constructor .pipe_:

  read -> ByteArray?:
    return pipe_.take

  close -> none:
    pipe_.close-reader

/** Bytes on their way from a writer to a reader. */
monitor Pipe_:
  capacity_/int
  buffer_/io.Buffer
  is-writer-closed_/bool := false
  is-reader-closed_/bool := false

  constructor .capacity_:
    buffer_ = io.Buffer.with-capacity capacity_

  /** Waits for room, and adds as much of $data as fits. Returns the number of bytes added. */
  put data/io.Data from/int to/int -> int:
    if is-writer-closed_: throw "CLOSED"
    await: is-reader-closed_ or buffer_.size < capacity_
    if is-reader-closed_: throw "CLOSED"
    count := min (to - from) (capacity_ - buffer_.size)
    buffer_.write data from from + count
    return count

  /** Waits for bytes, and takes all available ones. */
  take -> ByteArray?:
    await: is-writer-closed_ or is-reader-closed_ or buffer_.size > 0
    if is-reader-closed_ or buffer_.size == 0: return null
    result := buffer_.bytes.copy
    buffer_.clear
    return result

  close-writer -> none:
    is-writer-closed_ = true

  close-reader -> none:
    is-reader-closed_ = true
