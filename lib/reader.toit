/** Deprecated. Use the readers of `io`. */

import io

/** Deprecated. Use $io.Reader.UNEXPECTED-END-OF-READER. */
UNEXPECTED-END-OF-READER-EXCEPTION ::= io.Reader.UNEXPECTED-END-OF-READER

/** Deprecated. Use $io.Reader. */
interface Reader:
  /** The next bytes, or null if there are no more. */
  read -> ByteArray?

/** Deprecated. Use $io.CloseableReader. */
interface CloseableReader implements Reader:
  /** The next bytes, or null if there are no more or the reader has been closed. */
  read -> ByteArray?

  /** Ends the reading. */
  close -> none

/** Deprecated. Use $io.Reader, which has a method $io.Reader.content-size. */
interface SizedReader implements Reader:
  /** The next bytes, or null if there are no more. */
  read -> ByteArray?

  /** The number of bytes in all. */
  size -> int

/** Deprecated. Use $io.Reader. */
class BufferedReader implements Reader:
  reader_/io.Reader

  /** Creates a reader that buffers the data of $reader. */
  constructor reader/Reader:
    reader_ = io.Reader.adapt reader

  /** See $io.Reader.clear. */
  clear -> none:
    reader_.clear

  /** See $io.Reader.ensure-buffered. */
  ensure n/int -> none:
    reader_.ensure-buffered n

  /** See $io.Reader.try-ensure-buffered. */
  can-ensure n/int -> bool:
    return reader_.try-ensure-buffered n

  /** See $io.Reader.is-buffered. */
  are-available n/int -> bool:
    return reader_.is-buffered n

  /** See $io.Reader.buffer-all. */
  buffer-all -> none:
    reader_.buffer-all

  /** See $io.Reader.buffered-size. */
  buffered -> int:
    return reader_.buffered-size

  /** See $io.Reader.processed. */
  consumed -> int:
    return reader_.processed

  /** See $io.Reader.skip. */
  skip n -> none:
    reader_.skip n

  /** See $io.Reader.peek-byte. */
  byte n -> int:
    return reader_.peek-byte n

  /** See $io.Reader.peek-bytes. */
  bytes n -> ByteArray:
    return reader_.peek-bytes n

  /** The number of bytes before the next $byte. Throws if there is no such byte. */
  index-of-or-throw byte -> int:
    return reader_.index-of byte --throw-if-absent

  /** The number of bytes before the next $byte, or null if there is no such byte. */
  index-of byte -> int?:
    index := reader_.index-of byte
    return index < 0 ? null : index

  /** The number of bytes before the first $byte in the next $to bytes, or -1. Throws if fewer bytes are left. */
  index-of byte --to/int -> int:
    reader_.ensure-buffered to
    return reader_.index-of byte --to=to

  /** See $io.Reader.read. */
  read --max-size/int?=null -> ByteArray?:
    if max-size and max-size < 0: throw "INVALID_ARGUMENT"
    return reader_.read --max-size=max-size

  /** Reads available bytes, at most $max-size. Throws if no bytes are left. */
  read-up-to max-size/int -> ByteArray:
    if max-size < 0: throw "INVALID_ARGUMENT"
    reader_.ensure-buffered 1
    return read --max-size=max-size

  /** See $(io.Reader.read-string n). */
  read-string n -> string:
    return reader_.read-string n

  /** See $(io.Reader.read-string --max-size). */
  read-string --max-size/int?=null -> string?:
    return reader_.read-string --max-size=max-size

  /** See $io.Reader.read-byte. */
  read-byte -> int:
    return reader_.read-byte

  /** See $io.Reader.read-bytes. */
  read-bytes n -> ByteArray:
    return reader_.read-bytes n

  /** See $io.Reader.peek-string. */
  peek-string n -> string:
    return reader_.peek-string n

  /** Reads the string before the next space, and skips the space. */
  read-word -> string:
    return read-until ' '

  /** See $io.Reader.read-line. */
  read-line keep-newlines=false -> string?:
    return reader_.read-line --keep-newline=keep-newlines

  /** See $io.Reader.read-string-up-to. */
  read-until delimiter -> string:
    return reader_.read-string-up-to delimiter

  /** See $io.Reader.read-bytes-up-to. */
  read-bytes-until delimiter -> ByteArray:
    return reader_.read-bytes-up-to delimiter

  /** Puts $value back, to be read next. It belongs to this reader from then on. */
  unget value/ByteArray -> none:
    reader_.unget value --hand-over
