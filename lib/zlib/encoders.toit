/** Encoders for the formats zlib and gzip. */

import crypto.adler32 show Adler32
import crypto.checksum show Checksum
import crypto.crc show Crc32
import io
import io show LITTLE-ENDIAN

import .coder_
import .native_

/** Compresses into the format zlib. */
class Encoder extends Coder_:
  /** Creates an encoder. The $level is from 0 (no compression) to 9 (slowest); -1 stands for 6. */
  constructor --level/int=-1:
    if not -1 <= level <= 9: throw "ILLEGAL_ARGUMENT"
    super (NativeBackend_ (deflater-new_ level))

/** Compresses runs of bytes and of short patterns into the format zlib. It needs little memory. */
class RunLengthZlibEncoder extends Coder_:
  /** Creates an encoder. */
  constructor:
    super (RunLengthBackend_ --gzip=false)

/** Compresses runs of bytes and of short patterns into the format gzip. It needs little memory. */
class RunLengthGzipEncoder extends Coder_:
  /** Creates an encoder. */
  constructor:
    super (RunLengthBackend_ --gzip)

/** Puts bytes into the format zlib without compressing them. */
class UncompressedZlibEncoder extends Coder_:
  /**
  Creates an encoder. Unless $split-writes, the data of one write is in one block of the output.
  */
  constructor --split-writes/bool=true:
    super (UncompressedBackend_ --gzip=false --split-writes=split-writes)

/** Puts bytes into the format gzip without compressing them. */
class UncompressedGzipEncoder extends Coder_:
  /** Creates an encoder. */
  constructor:
    super (UncompressedBackend_ --gzip --split-writes)

/** The end of the format gzip: the CRC-32 sum and the size of the data. */
class GzipSum_ extends Checksum:
  crc_/Checksum
  size_/int := 0

  constructor:
    crc_ = Crc32

  constructor.private_ .crc_ .size_:

  add data/io.Data from/int to/int -> none:
    crc_.add data from to
    size_ += to - from

  get -> ByteArray:
    result := ByteArray 8
    result.replace 0 crc_.get
    LITTLE-ENDIAN.put-uint32 result 4 (size_ & 0xffff_ffff)
    return result

  clone -> GzipSum_:
    return GzipSum_.private_ crc_.clone size_

/** Encodes with a header before the data and a checksum after it. */
abstract class FramedBackend_ implements Backend_:
  // Deflate with a window of 256 bytes, without a dictionary.
  static ZLIB-HEADER_ ::= #[0x08, 0x1d]
  // Deflate without a name and a time, from an unknown system.
  static GZIP-HEADER_ ::= #[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
  /** When this many bytes are waiting, the output must be read before more is written. */
  static OUTPUT-SIZE_ ::= 256

  sum_/Checksum
  output_/io.Buffer := io.Buffer
  is-closed_/bool := false

  constructor --gzip/bool:
    sum_ = gzip ? GzipSum_ : Adler32
    output_.write (gzip ? GZIP-HEADER_ : ZLIB-HEADER_)

  /** Encodes bytes of $data from $from on. Returns the number of bytes encoded. */
  abstract encode_ data/io.Data from/int to/int -> int

  /** Encodes the buffered data and the end mark. */
  abstract finish_ -> none

  read -> ByteArray?:
    if is-closed_ and output_.size == 0: return null
    if not is-closed_ and output_.size < OUTPUT-SIZE_: return #[]
    result := output_.bytes
    output_ = io.Buffer
    return result

  write data/io.Data from/int to/int -> int:
    if output_.size >= OUTPUT-SIZE_: return 0
    size := encode_ data from to
    sum_.add data from (from + size)
    return size

  close -> none:
    is-closed_ = true
    finish_
    output_.write sum_.get

class RunLengthBackend_ extends FramedBackend_:
  /** The number of bytes that are encoded at once. */
  static INPUT-SIZE_ ::= 1024

  state_/NativeState_ ::= run-length-new_

  constructor --gzip/bool:
    super --gzip=gzip

  encode_ data/io.Data from/int to/int -> int:
    to = min to (from + INPUT-SIZE_)
    with-native-bytes_ data from to: | piece start end |
      output_.write (run-length-add_ state_ piece start end)
    return to - from

  finish_ -> none:
    output_.write (run-length-finish_ state_)

class UncompressedBackend_ extends FramedBackend_:
  /** A full block has 256 bytes, including its header of 5 bytes. */
  static BLOCK-SIZE_ ::= 251
  /** The header stores the size of a block in 16 bits. */
  static BLOCK-SIZE-MAX_ ::= 0xffff

  split-writes_/bool
  block_/io.Buffer ::= io.Buffer

  constructor --gzip/bool --split-writes/bool:
    split-writes_ = split-writes
    super --gzip=gzip

  encode_ data/io.Data from/int to/int -> int:
    room := (split-writes_ ? BLOCK-SIZE_ : BLOCK-SIZE-MAX_) - block_.size
    size := min room (to - from)
    block_.write data from (from + size)
    if block_.size >= BLOCK-SIZE_: put-block_ --last=false
    return size

  finish_ -> none:
    put-block_ --last

  put-block_ --last/bool -> none:
    output_.write-byte (last ? 1 : 0)
    output_.little-endian.write-uint16 block_.size
    output_.little-endian.write-uint16 (block_.size ^ 0xffff)
    output_.write block_.bytes
    block_.clear
