/** Deprecated. Use the writers of `io`. */

import io
import reader

/** Deprecated. Use $io.Writer.adapt. */
class Writer:
  writer_/any

  /** Wraps an object with a `write` method that returns the number of bytes written. */
  constructor .writer_:

  /** Writes the rest of $reader. */
  write-from reader/reader.Reader -> none:
    while data := reader.read: write data

  /**
  Writes all of $data from $from to $to (exclusive), in as many steps as necessary. Returns the
    number of bytes.
  */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    position := from
    while position < to:
      position += writer_.write (data.byte-slice position to)
      if position < to: yield
    return to - from

  /** Calls the method `close-write` of the wrapped object. */
  close-write -> none:
    writer_.close-write

  /** Calls the method `close` of the wrapped object. */
  close -> none:
    writer_.close
