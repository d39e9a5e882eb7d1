/** Decompression of the format deflate (RFC 1951), also inside the formats zlib and gzip. */

import crypto.adler32 show Adler32
import crypto.checksum show Checksum
import io
import io show LITTLE-ENDIAN

import .bit-reader_
import .coder_
import .encoders
import .huffman_

/** Stores decompressed bytes, since later data refers to them. */
interface InflateHistory:
  /** Records decompressed bytes. */
  record bytes/ByteArray -> none

  /**
  Calls $block with a byte array and the index in it of the byte recorded $distance bytes before the
    end.
  */
  look-back distance/int [block] -> none

  /** Sets the number of bytes to store. */
  window-size= bytes/int

  /** The number of bytes to store. */
  window-size -> int

/** Stores the bytes in a ring. */
class RingHistory_ implements InflateHistory:
  window-size/int := ?
  // Made once the size is certain.
  ring_/ByteArray := #[]
  end_/int := 0
  size_/int := 0

  constructor .window-size:

  record bytes/ByteArray -> none:
    if ring_.is-empty: ring_ = ByteArray window-size
    bytes = bytes[max 0 (bytes.size - ring_.size)..]
    until-edge := min bytes.size (ring_.size - end_)
    ring_.replace end_ bytes 0 until-edge
    ring_.replace 0 bytes until-edge
    end_ = (end_ + bytes.size) % (max 1 ring_.size)
    size_ = min ring_.size (size_ + bytes.size)

  look-back distance/int [block] -> none:
    if distance > size_: throw "Corrupt data"
    start := end_ - distance
    block.call ring_ (start < 0 ? start + ring_.size : start)

/**
Decompresses the written data when it is read.

Each step takes one whole part of the input: a header, a code with everything that belongs to it, a
  piece of a copy. If the input ends within the part, the step is undone and repeated with more
  input.
*/
class InflaterBackend implements Backend_:
  static OUTPUT-SIZE_ ::= 1024
  /** The amount of input that is taken at once. */
  static INPUT-SIZE_ ::= 16 * 1024

  static ZLIB-HEADER_ ::= 0
  static GZIP-HEADER_ ::= 1
  static GZIP-FIELDS_ ::= 2
  static BLOCK_       ::= 3
  static STORED_      ::= 4
  static CODES_       ::= 5
  static TRAILER_     ::= 6
  static DONE_        ::= 7

  /** The flags of the gzip header for fields that follow it. */
  static GZIP-SUM_     ::= 1 << 1
  static GZIP-EXTRA_   ::= 1 << 2
  static GZIP-NAME_    ::= 1 << 3
  static GZIP-COMMENT_ ::= 1 << 4

  static END-OF-BLOCK_ ::= 256
  static LENGTHS_ ::= [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
    35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  static DISTANCES_ ::= [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
    1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
  /** The order in which a block lists the sizes of the codes that encode code sizes. */
  static SIZE-ORDER_ ::= #[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  static FIXED-SYMBOLS_ ::= create-fixed-symbol-and-length_
  static FIXED-DISTANCES_ ::= create-fixed-distance_

  history_/InflateHistory
  input_/BitReader_ ::= BitReader_
  output_/ByteArray := ByteArray OUTPUT-SIZE_
  filled_/int := 0
  state_/int := ?
  sum_/Checksum? := null
  // Whether the last step did not have enough input.
  is-short_/bool := true
  is-closed_/bool := false

  // Fields of the gzip header that have not been read yet.
  fields_/int := 0
  // Bytes of an extra field or a stored block that have not been read yet.
  left_/int := 0
  is-last-block_/bool := false
  symbols_/HuffmanTables_ := FIXED-SYMBOLS_
  distances_/HuffmanTables_ := FIXED-DISTANCES_
  copy-size_/int := 0
  copy-distance_/int := 0

  /** Decompresses the format gzip if $gzip, zlib if $zlib-header-footer, otherwise plain deflate. */
  constructor .history_ --zlib-header-footer/bool=true --gzip/bool=false:
    if gzip and zlib-header-footer: throw "INVALID_ARGUMENT"
    state_ = gzip ? GZIP-HEADER_ : zlib-header-footer ? ZLIB-HEADER_ : BLOCK_
    if gzip: sum_ = GzipSum_
    if zlib-header-footer: sum_ = Adler32

  /** The next bytes: an empty byte array if input must be written first, null if there are no more. */
  read -> ByteArray?:
    while filled_ < OUTPUT-SIZE_ and state_ != DONE_ and not (state_ == TRAILER_ and filled_ > 0):
      input_.mark
      step_:
        input_.rewind
        if filled_ == 0 and is-closed_: throw io.Reader.UNEXPECTED-END-OF-READER
        is-short_ = true
        return take-output_
    return filled_ == 0 ? null : take-output_

  /** Takes bytes of $data from $from on. Returns the number of bytes taken, 0 if output must be read first. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    // Data after the end is ignored.
    if state_ == DONE_: return to - from
    if not is-short_: return 0
    to = min to (from + INPUT-SIZE_)
    input_.add (ByteArray.from data from to)
    is-short_ = from == to
    return to - from

  /** Ends the input. */
  close -> none:
    is-closed_ = true

  /** The whole bytes of the input that were not used. */
  rest -> ByteArray:
    input_.align
    result := #[]
    while true:
      bytes := input_.take-bytes input_.unread + 4
      if bytes.is-empty: return result
      result += bytes

  take-output_ -> ByteArray:
    if filled_ == 0: return #[]
    result := output_[..filled_]
    output_ = ByteArray OUTPUT-SIZE_
    filled_ = 0
    if sum_: sum_.add result
    history_.record result
    return result

  /** Makes a step. Calls $short if there is not enough input. */
  step_ [short] -> none:
    if copy-size_ > 0:
      copy_
    else if state_ == CODES_:
      read-code_ short
    else if state_ == STORED_:
      read-stored_ short
    else if state_ == BLOCK_:
      read-block-header_ short
    else if state_ == ZLIB-HEADER_:
      read-zlib-header_ short
    else if state_ == GZIP-HEADER_:
      read-gzip-header_ short
    else if state_ == GZIP-FIELDS_:
      read-gzip-field_ short
    else:
      read-trailer_ short

  read-zlib-header_ [short] -> none:
    header := input_.take 16 short
    if header & 0xf != 8: throw "header=$(%04x header) Not a deflate stream"
    if header & 0x2000 != 0: throw "Preset dictionary not supported"
    if ((header & 0xff) << 8 | header >> 8) % 31 != 0: throw "Corrupt data"
    history_.window-size = min history_.window-size (256 << (header >> 4 & 0xf))
    state_ = BLOCK_

  read-gzip-header_ [short] -> none:
    if (input_.take 16 short) != 0x8b1f: throw "Not a gzip stream"
    if (input_.take 8 short) != 8: throw "Unsupported compression method"
    fields_ = input_.take 8 short
    input_.skip 32 short  // The time.
    input_.skip 16 short  // The kind of compression and of system.
    state_ = GZIP-FIELDS_

  read-gzip-field_ [short] -> none:
    if left_ > 0:
      input_.skip 8 short
      left_--
    else if fields_ & GZIP-EXTRA_ != 0:
      left_ = input_.take 16 short
      fields_ ^= GZIP-EXTRA_
    else if fields_ & GZIP-NAME_ != 0:
      if (input_.take 8 short) == 0: fields_ ^= GZIP-NAME_
    else if fields_ & GZIP-COMMENT_ != 0:
      if (input_.take 8 short) == 0: fields_ ^= GZIP-COMMENT_
    else:
      if fields_ & GZIP-SUM_ != 0: input_.skip 16 short
      state_ = BLOCK_

  read-trailer_ [short] -> none:
    input_.align
    if sum_ is Adler32:
      trailer := ByteArray 4: input_.take 8 short
      if trailer != sum_.get: throw "Checksum mismatch"
    else if sum_:
      sum := input_.take 32 short
      size := input_.take 32 short
      expected := sum_.get
      if sum != (LITTLE-ENDIAN.uint32 expected 0): throw "Checksum mismatch"
      if size != (LITTLE-ENDIAN.uint32 expected 4): throw "Size mismatch"
    sum_ = null
    state_ = DONE_

  read-block-header_ [short] -> none:
    if is-last-block_:
      state_ = TRAILER_
      return
    is-last := input_.take 1 short
    type := input_.take 2 short
    if type == 0:
      input_.align
      left_ = input_.take 16 short
      if left_ ^ 0xffff != (input_.take 16 short): throw "Corrupt data"
      state_ = STORED_
    else if type == 1:
      symbols_ = FIXED-SYMBOLS_
      distances_ = FIXED-DISTANCES_
      state_ = CODES_
    else if type == 2:
      read-tables_ short
      state_ = CODES_
    else:
      throw "Corrupt data"
    is-last-block_ = is-last == 1

  read-tables_ [short] -> none:
    symbol-count := 257 + (input_.take 5 short)
    distance-count := 1 + (input_.take 5 short)
    sizes := List 4 + (input_.take 4 short): SymbolBitLen_ SIZE-ORDER_[it] (input_.take 3 short)
    tables := HuffmanTables_ sizes
    sizes = []
    count := symbol-count + distance-count
    while sizes.size < count:
      size := tables.decode input_ short
      repeats := 1
      if size == 16:
        if sizes.is-empty: throw "Corrupt data"
        size = sizes.last
        repeats = 3 + (input_.take 2 short)
      else if size == 17:
        size = 0
        repeats = 3 + (input_.take 3 short)
      else if size == 18:
        size = 0
        repeats = 11 + (input_.take 7 short)
      if sizes.size + repeats > count: throw "Corrupt data"
      repeats.repeat: sizes.add size
    symbols_ = HuffmanTables_ (List symbol-count: SymbolBitLen_ it sizes[it])
    distances_ = HuffmanTables_ (List distance-count: SymbolBitLen_ it sizes[symbol-count + it])

  read-stored_ [short] -> none:
    if left_ == 0:
      state_ = BLOCK_
      return
    bytes := input_.take-bytes (min left_ (OUTPUT-SIZE_ - filled_))
    if bytes.is-empty: short.call
    output_.replace filled_ bytes
    filled_ += bytes.size
    left_ -= bytes.size

  read-code_ [short] -> none:
    symbol := symbols_.decode input_ short
    if symbol < END-OF-BLOCK_:
      output_[filled_++] = symbol
    else if symbol == END-OF-BLOCK_:
      state_ = BLOCK_
    else:
      index := symbol - END-OF-BLOCK_ - 1
      if index >= LENGTHS_.size: throw "Corrupt data"
      // Four lengths share each number of extra bits; the last length, 258, has none.
      extra := (index < 8 or index == LENGTHS_.size - 1) ? 0 : index / 4 - 1
      size := LENGTHS_[index] + (input_.take extra short)
      index = distances_.decode input_ short
      if index >= DISTANCES_.size: throw "Corrupt data"
      extra = index < 4 ? 0 : index / 2 - 1
      copy-distance_ = DISTANCES_[index] + (input_.take extra short)
      copy-size_ = size

  /**
  Copies as much as there is room for. A copy can overlap its source, whose pattern it then repeats.
  */
  copy_ -> none:
    size := min copy-size_ (OUTPUT-SIZE_ - filled_)
    before := copy-distance_ - filled_
    if before > 0:
      history_.look-back before: | bytes/ByteArray offset/int |
        size = min size (min before (bytes.size - offset))
        output_.replace filled_ bytes offset (offset + size)
    else:
      // Copied bytes are a source too, so each round copies twice as much.
      source := filled_ - copy-distance_
      done := 0
      while done < size:
        part := min (size - done) (copy-distance_ + done)
        output_.replace (filled_ + done) output_ source (source + part)
        done += part
    filled_ += size
    copy-size_ -= size
