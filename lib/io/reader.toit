import reader as old

import .byte-order

/** A source of bytes. Subclasses implement $read_. */
abstract class Reader implements old.Reader:
  /** Thrown when there are fewer bytes than requested. */
  static UNEXPECTED-END-OF-READER ::= "UNEXPECTED_END_OF_READER"

  is-closed_/bool := false
  // Data from the source that has not been read yet.
  pending-chunks_/Deque ::= Deque
  // The number of bytes of the first chunk that have been read.
  pending-used_/int := 0
  pending-size_/int := 0
  taken_/int := 0

  constructor:

  /** Creates a reader of the bytes of $data. */
  constructor data/ByteArray:
    return ByteArrayReader_ data

  /** Wraps an object that has a `read` method which returns a byte array or null. */
  constructor.adapt r/any:
    return ReaderAdapter_ r

  /** The next bytes of the source, null if there are no more. */
  abstract read_ -> ByteArray?

  /** The total number of bytes of the source, null if it is unknown. */
  content-size -> int?:
    return null

  /** The number of bytes read so far. */
  processed -> int:
    return taken_

  /** The number of bytes that can be read without reading from the source. */
  buffered-size -> int:
    return pending-size_

  /** Whether $n bytes can be read without reading from the source. */
  is-buffered n/int -> bool:
    return pending-size_ >= n

  /** Gets the next bytes from the source. Returns whether there are any. */
  fetch_ -> bool:
    if is-closed_: return false
    while true:
      data := read_
      if not data: return false
      if data.is-empty: continue
      pending-chunks_.add data
      pending-size_ += data.size
      return true

  /** Reads from the source until $n bytes are buffered. Returns whether there are that many. */
  try-ensure-buffered n/int -> bool:
    if n < 0: throw "INVALID_ARGUMENT"
    while pending-size_ < n: if not fetch_: return false
    return true

  /** Reads from the source until $n bytes are buffered. Throws if there are fewer. */
  ensure-buffered n/int -> none:
    if not try-ensure-buffered n: throw UNEXPECTED-END-OF-READER

  /** Reads and buffers all bytes of the source. */
  buffer-all -> none:
    while fetch_: null

  /** Drops the buffered bytes that have not been read. */
  clear -> none:
    pending-chunks_.clear
    pending-used_ = 0
    pending-size_ = 0

  /** Counts $n buffered bytes as read. */
  consume_ n/int -> none:
    pending-size_ -= n
    taken_ += n
    pending-used_ += n
    while not pending-chunks_.is-empty and pending-used_ >= pending-chunks_.first.size:
      pending-used_ -= pending-chunks_.remove-first.size

  /** A copy of $n bytes that are buffered. */
  gather_ n/int -> ByteArray:
    result := ByteArray n
    copied := 0
    skipped := pending-used_
    pending-chunks_.do: | chunk/ByteArray |
      if copied == n: return result
      count := min (n - copied) (chunk.size - skipped)
      result.replace copied chunk skipped (skipped + count)
      copied += count
      skipped = 0
    return result

  /** Reads available bytes, at most $max-size. Returns null if there are no more. */
  read --max-size/int?=null -> ByteArray?:
    if pending-size_ == 0 and not fetch_: return null
    chunk/ByteArray := pending-chunks_.first
    size := chunk.size - pending-used_
    if max-size: size = min size max-size
    result := chunk[pending-used_..pending-used_ + size]
    consume_ size
    return result

  /** Reads all bytes that are left. Returns null if there are none. */
  read-all -> ByteArray?:
    buffer-all
    return pending-size_ == 0 ? null : (read-bytes pending-size_)

  /** Reads all bytes that are left and drops them. */
  drain -> none:
    while read: null

  /** Reads one byte. */
  read-byte -> int:
    byte := peek-byte
    consume_ 1
    return byte

  /** Reads $n bytes. */
  read-bytes n/int -> ByteArray:
    result := peek-bytes n
    consume_ n
    return result

  /** The byte that follows the next $n bytes, without reading it. */
  peek-byte n/int=0 -> int:
    if n < 0: throw "INVALID_ARGUMENT"
    ensure-buffered n + 1
    position := pending-used_ + n
    pending-chunks_.do: | chunk/ByteArray |
      if position < chunk.size: return chunk[position]
      position -= chunk.size
    unreachable

  /** The next $n bytes, without reading them. */
  peek-bytes n/int -> ByteArray:
    ensure-buffered n
    if n == 0: return ByteArray 0
    first/ByteArray := pending-chunks_.first
    if pending-used_ + n <= first.size: return first[pending-used_..pending-used_ + n]
    return gather_ n

  /** Reads $n bytes and drops them. */
  skip n/int -> none:
    if n < 0: throw "INVALID_ARGUMENT"
    rest := n
    while rest > 0:
      if pending-size_ == 0 and not fetch_: throw UNEXPECTED-END-OF-READER
      count := min rest pending-size_
      consume_ count
      rest -= count

  /**
  The number of bytes before the next $byte, without reading them.

  Looks no further than $to bytes. If the byte is not found, returns -1, or throws if
    $throw-if-absent.
  */
  index-of byte/int --to/int?=null --throw-if-absent/bool=false -> int:
    start := 0
    while to == null or start < to:
      if start == pending-size_ and not fetch_: break
      position := index-in-buffered_ byte start
      if position >= 0 and (to == null or position < to): return position
      start = pending-size_
    if throw-if-absent: throw UNEXPECTED-END-OF-READER
    return -1

  /** The number of buffered bytes before the first $byte that is not before $start, or -1. */
  index-in-buffered_ byte/int start/int -> int:
    offset := -pending-used_
    pending-chunks_.do: | chunk/ByteArray |
      if offset + chunk.size > start:
        found := chunk.index-of byte --from=(max 0 start - offset)
        if found >= 0: return offset + found
      offset += chunk.size
    return -1

  /**
  Drops all bytes up to and including the next $delimiter. Returns their number.

  If there is none within $to bytes, drops all of these, or throws if $throw-if-absent.
  */
  skip-up-to delimiter/int --to/int?=null --throw-if-absent/bool=false -> int:
    position := index-of delimiter --to=to --throw-if-absent=throw-if-absent
    count := position >= 0 ? position + 1 : (to ? (min to pending-size_) : pending-size_)
    skip count
    return count

  /** Reads $n bytes as a string. */
  read-string n/int -> string:
    text := peek-string n
    consume_ n
    return text

  /** The next $n bytes as a string, without reading them. */
  peek-string n/int -> string:
    return (peek-bytes n).to-string

  /**
  Reads available bytes, at most $max-size, without splitting a rune. Returns null if there are no
    more.
  */
  read-string --max-size/int?=null -> string?:
    if max-size and max-size < 0: throw "INVALID_ARGUMENT"
    if pending-size_ == 0 and not fetch_: return null
    available := pending-chunks_.first.size - pending-used_
    size := max-size ? (min available max-size) : available
    whole := size - (cut-rune-bytes_ size)
    if whole == 0:
      // The chunk ends within its first rune.
      whole = utf-8-length_ peek-byte
      if max-size and whole > max-size: throw "max_size was too small to read a single UTF-8 character"
    return read-string whole

  /** The number of bytes at the end of the next $size bytes that belong to an incomplete rune. */
  cut-rune-bytes_ size/int -> int:
    for back := 1; back <= (min size 4); back++:
      byte := peek-byte size - back
      if byte & 0xc0 != 0x80: return (utf-8-length_ byte) > back ? back : 0
    return 0

  /** The number of bytes of a rune whose first byte is $byte. */
  static utf-8-length_ byte/int -> int:
    if byte < 0xc0: return 1
    if byte < 0xe0: return 2
    return byte < 0xf0 ? 3 : 4

  /** Reads a line. Returns null if there is none. The last line need not end in a newline. */
  read-line --keep-newline/bool=false -> string?:
    position := index-of '\n'
    if position < 0: return pending-size_ == 0 ? null : (read-string pending-size_)
    line := read-string position + 1
    if keep-newline: return line
    return (line.trim --right "\n").trim --right "\r"

  /** Reads all lines that are left. */
  read-lines --keep-newlines/bool=false -> List:
    result := []
    do --lines --keep-newlines=keep-newlines: result.add it
    return result

  /** Calls $block with each line that is left. */
  do --lines/True --keep-newlines/bool=false [block] -> none:
    while line := read-line --keep-newline=keep-newlines: block.call line

  /** Reads the string before the next $delimiter, and skips the delimiter. */
  read-string-up-to delimiter/int -> string:
    return (read-bytes-up-to delimiter).to-string

  /** Reads the bytes before the next $delimiter, and skips the delimiter. */
  read-bytes-up-to delimiter/int -> ByteArray:
    length := index-of delimiter --throw-if-absent
    result := read-bytes length
    skip 1
    return result

  /** Puts $value back, to be read next. If $hand-over, it belongs to this reader from then on. */
  unget value/ByteArray --hand-over/bool=false -> none:
    if value.is-empty: return
    if pending-used_ > 0:
      rest := pending-chunks_.remove-first[pending-used_..]
      pending-used_ = 0
      pending-chunks_.add-first rest
    pending-chunks_.add-first (hand-over ? value : value.copy)
    pending-size_ += value.size
    taken_ -= value.size

  /** Closes this reader: after the buffered bytes, further reads find the end. */
  mark-closed_ -> none:
    is-closed_ = true

  /** Deprecated. Use $mark-closed_. */
  close-reader_ -> none:
    mark-closed_

  /** Returns an object that reads numbers from this reader, their lowest byte first. */
  little-endian -> EndianReader:
    return EndianReader --reader=this --byte-order=LITTLE-ENDIAN

  /** Returns an object that reads numbers from this reader, their highest byte first. */
  big-endian -> EndianReader:
    return EndianReader --reader=this --byte-order=BIG-ENDIAN

/** A reader that can be closed. */
abstract class CloseableReader extends Reader:
  /** Closes this reader. Buffered data can still be read, unless $clear-buffered. */
  close --clear-buffered/bool=false -> none:
    if clear-buffered: clear
    if is-closed_: return
    close_
    is-closed_ = true

  /** Whether this reader has been closed. */
  is-closed -> bool:
    return is-closed_

  /** Closes the source. */
  abstract close_ -> none

/** Gives a class a reader named $in. */
abstract mixin InMixin:
  _in_/In_? := null

  /** The reader. */
  in -> Reader:
    if not _in_: _in_ = In_ this
    return _in_

  /** Closes the reader: after the buffered bytes, further reads find the end. */
  mark-reader-closed_ -> none:
    in.mark-closed_

  /** Deprecated. Use $mark-reader-closed_. */
  close-reader_ -> none:
    mark-reader-closed_

  /** See $Reader.read_. */
  abstract read_ -> ByteArray?

/** Gives a class a reader named $in that can be closed. */
abstract mixin CloseableInMixin:
  _in_/CloseableIn_? := null

  /** The reader. */
  in -> CloseableReader:
    if not _in_: _in_ = CloseableIn_ this
    return _in_

  /** Closes the reader: after the buffered bytes, further reads find the end. */
  mark-reader-closed_ -> none:
    in.mark-closed_

  /** See $Reader.read_. */
  abstract read_ -> ByteArray?

  /** See $CloseableReader.close_. */
  abstract close-reader_ -> none

class In_ extends Reader:
  owner_/InMixin

  constructor .owner_:

  read_ -> ByteArray?:
    return owner_.read_

class CloseableIn_ extends CloseableReader:
  owner_/CloseableInMixin

  constructor .owner_:

  read_ -> ByteArray?:
    return owner_.read_

  close_ -> none:
    owner_.close-reader_

/** A reader of a byte array. */
class ByteArrayReader_ extends Reader:
  data_/ByteArray? := ?
  content-size/int

  constructor data/ByteArray:
    data_ = data
    content-size = data.size

  read_ -> ByteArray?:
    result := data_
    data_ = null
    return result

/** A reader on top of an object with a `read` method. */
class ReaderAdapter_ extends Reader:
  reader_/any

  constructor .reader_:

  read_ -> ByteArray?:
    return reader_.read

/** Reads numbers in a byte order. */
class EndianReader:
  reader_/Reader
  byte-order_/ByteOrder

  constructor --reader/Reader --byte-order/ByteOrder:
    reader_ = reader
    byte-order_ = byte-order

  /** The next signed 8-bit number, without reading it. */
  peek-int8 -> int:
    return byte-order_.int8 (reader_.peek-bytes 1) 0

  /** Reads a signed 8-bit number. */
  read-int8 -> int:
    return byte-order_.int8 (reader_.read-bytes 1) 0

  /** The next unsigned 8-bit number, without reading it. */
  peek-uint8 -> int:
    return byte-order_.uint8 (reader_.peek-bytes 1) 0

  /** Reads an unsigned 8-bit number. */
  read-uint8 -> int:
    return byte-order_.uint8 (reader_.read-bytes 1) 0

  /** The next signed 16-bit number, without reading it. */
  peek-int16 -> int:
    return byte-order_.int16 (reader_.peek-bytes 2) 0

  /** Reads a signed 16-bit number. */
  read-int16 -> int:
    return byte-order_.int16 (reader_.read-bytes 2) 0

  /** The next unsigned 16-bit number, without reading it. */
  peek-uint16 -> int:
    return byte-order_.uint16 (reader_.peek-bytes 2) 0

  /** Reads an unsigned 16-bit number. */
  read-uint16 -> int:
    return byte-order_.uint16 (reader_.read-bytes 2) 0

  /** The next signed 24-bit number, without reading it. */
  peek-int24 -> int:
    return byte-order_.int24 (reader_.peek-bytes 3) 0

  /** Reads a signed 24-bit number. */
  read-int24 -> int:
    return byte-order_.int24 (reader_.read-bytes 3) 0

  /** The next unsigned 24-bit number, without reading it. */
  peek-uint24 -> int:
    return byte-order_.uint24 (reader_.peek-bytes 3) 0

  /** Reads an unsigned 24-bit number. */
  read-uint24 -> int:
    return byte-order_.uint24 (reader_.read-bytes 3) 0

  /** The next signed 32-bit number, without reading it. */
  peek-int32 -> int:
    return byte-order_.int32 (reader_.peek-bytes 4) 0

  /** Reads a signed 32-bit number. */
  read-int32 -> int:
    return byte-order_.int32 (reader_.read-bytes 4) 0

  /** The next unsigned 32-bit number, without reading it. */
  peek-uint32 -> int:
    return byte-order_.uint32 (reader_.peek-bytes 4) 0

  /** Reads an unsigned 32-bit number. */
  read-uint32 -> int:
    return byte-order_.uint32 (reader_.read-bytes 4) 0

  /** The next 64-bit number, without reading it. */
  peek-int64 -> int:
    return byte-order_.int64 (reader_.peek-bytes 8) 0

  /** Reads a 64-bit number. */
  read-int64 -> int:
    return byte-order_.int64 (reader_.read-bytes 8) 0

  /** The next 32-bit float, without reading it. */
  peek-float32 -> float:
    return byte-order_.float32 (reader_.peek-bytes 4) 0

  /** Reads a 32-bit float. */
  read-float32 -> float:
    return byte-order_.float32 (reader_.read-bytes 4) 0

  /** The next 64-bit float, without reading it. */
  peek-float64 -> float:
    return byte-order_.float64 (reader_.peek-bytes 8) 0

  /** Reads a 64-bit float. */
  read-float64 -> float:
    return byte-order_.float64 (reader_.read-bytes 8) 0
