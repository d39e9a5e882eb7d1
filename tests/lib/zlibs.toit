// Compression, in all formats and directions. The compressed data here was made by zlib.

import crypto.crc show crc32
import expect show *
import io
import zlib show *

import .vectors

main:
  known-data
  known-codes
  round-trips
  levels
  without-waiting
  blocks
  run-lengths
  truncated
  corrupt
  headers
  look-back
  backend
  closing

/** The output of $decoder for $data, which is written $size bytes at a time. */
decode decoder data/ByteArray --size/int=data.size -> ByteArray:
  task::
    catch:
      for from := 0; from < data.size; from += size:
        decoder.out.write data from (min data.size (from + size))
      decoder.out.close
  result := io.Buffer
  try:
    while chunk := decoder.in.read: result.write chunk
  finally:
    // The writer must not wait for a reader that has failed.
    decoder.in.close
  return result.bytes

/** The output of $encoder for $data, which is written $size bytes at a time. */
encode encoder data/io.Data --size/int=data.byte-size -> ByteArray:
  task::
    for from := 0; from < data.byte-size; from += size:
      encoder.out.write data from (min data.byte-size (from + size))
    encoder.out.close
  result := io.Buffer
  while chunk := encoder.in.read: result.write chunk
  return result.bytes

TEXT ::= "Now is the time for all good men. " * 8
ZLIB ::= unhex "78daf3cb2f57c82c5628c9485528c9cc4d5548cb2f5248ccc95148cfcf4f51c84dcdd353f01b512a009aff5cb9"
DEFLATE ::= unhex "f3cb2f57c82c5628c9485528c9cc4d5548cb2f5248ccc95148cfcf4f51c84dcdd353f01b512a00"
/** A header with an extra field, a name, a comment, and a checksum of itself. */
GZIP ::= unhex "1f8b081e0000000002ff 0300616263 6e616d6500 636f6d6d656e7400 1234"

zlib-decoders -> List:
  return [:: Decoder, :: BufferingInflater, :: CopyingInflater, :: Inflater Memory]

known-data:
  zlib-decoders.do: | maker/Lambda |
    [1, 2, 3, 10, ZLIB.size].do: | size |
      expect-equals TEXT (decode maker.call ZLIB --size=size).to-string
    // Data after the end is ignored.
    expect-equals TEXT (decode maker.call ZLIB + #[1, 2, 3]).to-string
  expect-equals TEXT (decode (BufferingInflater --zlib-header=false) DEFLATE).to-string
  trailer := ByteArray 8
  io.LITTLE-ENDIAN.put-uint32 trailer 0 (crc32 TEXT)
  io.LITTLE-ENDIAN.put-uint32 trailer 4 TEXT.size
  [1, 7, 1000].do: | size |
    expect-equals TEXT (decode GzipDecoder GZIP + DEFLATE + trailer --size=size).to-string
  trailer[7] ^= 1
  expect-throw "Size mismatch": decode GzipDecoder GZIP + DEFLATE + trailer
  trailer[0] ^= 1
  expect-throw "Checksum mismatch": decode GzipDecoder GZIP + DEFLATE + trailer

/** Symbols so different in frequency that their codes have up to fifteen bits. */
known-codes:
  skewed := skewed-data
  [1, 9].do: | level |
    compressed := encode (Encoder --level=level) skewed
    zlib-decoders.do: expect-equals skewed (decode it.call compressed)
    expect-equals skewed (decode BufferingInflater compressed --size=5)

skewed-data -> ByteArray:
  data := io.Buffer
  a := 1
  b := 1
  17.repeat: | symbol |
    data.write (ByteArray a --initial=symbol)
    next := a + b
    a = b
    b = next
  // Spreads them, so that runs do not hide them.
  bytes := data.bytes
  return ByteArray bytes.size: bytes[it * 7919 % bytes.size]

samples -> List:
  return [
    #[],
    #[7],
    "Hello, World!".to-byte-array,
    ByteArray 1000 --initial='e',
    ByteArray 70_000: it * it >> 5,
    ByteArray 3000: "abcabcabcd"[it % 10],
    (TEXT * 300).to-byte-array,
  ]

round-trips:
  encoders := [
    :: Encoder,
    :: RunLengthZlibEncoder,
    :: UncompressedZlibEncoder,
    :: UncompressedZlibEncoder --split-writes=false,
  ]
  samples.do: | data/ByteArray |
    encoders.do: | maker/Lambda |
      whole := encode maker.call data
      expect-equals data (decode Decoder whole)
      expect-equals data (decode BufferingInflater whole)
      expect-equals data (decode Decoder (encode maker.call data --size=333))
      expect-equals whole (encode maker.call (Wrapped data))
    [:: RunLengthGzipEncoder, :: UncompressedGzipEncoder].do: | maker/Lambda |
      expect-equals data (decode GzipDecoder (encode maker.call data))

levels:
  data := (TEXT * 300).to-byte-array
  sizes := List 10: (encode (Encoder --level=it) data).size
  expect sizes[0] > data.size
  expect sizes[1] < data.size / 20
  expect sizes[9] <= sizes[1]
  expect-throw "ILLEGAL_ARGUMENT": Encoder --level=10
  expect-throw "ILLEGAL_ARGUMENT": Encoder --level=-2

without-waiting:
  encoder := Encoder
  expect-equals #[] (encoder.in.read --wait=false)
  expect-equals TEXT.size (encoder.out.try-write TEXT)
  encoder.out.close
  compressed := #[]
  while chunk := encoder.in.read --wait=false: compressed += chunk
  expect-equals encoder.in.processed compressed.size
  decoder := BufferingInflater
  text := ""
  compressed.do: | byte |
    expect-equals 1 (decoder.out.try-write #[byte])
    while true:
      chunk := decoder.in.read --wait=false
      if not chunk or chunk.is-empty: break
      text += chunk.to-string
  expect-equals TEXT text
  expect-null (decoder.in.read --wait=false)
  // The old way.
  old := RunLengthZlibEncoder
  old.write "aaaaaaaaaa"
  old.close
  expect-equals "aaaaaaaaaa" (decode Decoder old.reader.read).to-string

blocks:
  encoder := UncompressedZlibEncoder --split-writes=false
  expect-equals 5000 (encoder.out.try-write (ByteArray 5000 --initial=9))
  expect-equals 0 (encoder.out.try-write #[1])
  first := encoder.in.read
  expect-equals #[0x08, 0x1d, 0x00, 0x88, 0x13, 0x77, 0xec] first[..7]
  expect-equals 5007 first.size
  encoder.out.close
  expect-equals 9 encoder.in.read.size
  expect-null encoder.in.read

run-lengths:
  // The end alone; then a literal, a copy of three bytes from one byte before, and the end.
  expect-equals "081d030000000001" (hex (encode RunLengthZlibEncoder #[]))
  expect-equals "081d4b040200" (hex (encode RunLengthZlibEncoder "aaaa")[..6])
  // Copies have at most 257 bytes, and the rest must be long enough for one.
  [257, 258, 259, 260, 261, 262, 1000].do: | count |
    text := "H" + "e" * count + "llo"
    whole := encode RunLengthZlibEncoder text
    expect whole.size <= 22
    expect-equals text (decode BufferingInflater whole).to-string
    [1, 2, 3].do: expect-equals whole (encode RunLengthZlibEncoder text --size=it)

truncated:
  zlib-decoders.do: | maker/Lambda |
    for size := 0; size < ZLIB.size; size += 3:
      expect-throw "UNEXPECTED_END_OF_READER": decode maker.call ZLIB[..size]

corrupt:
  zlib-decoders.do: | maker/Lambda |
    ZLIB.size.repeat:
      wrong := ZLIB.copy
      wrong[it] ^= 1 << it % 8
      // Only changes of the level and of the window's size may stay unnoticed.
      text := null
      error := catch: text = decode maker.call wrong
      expect (error != null or text == TEXT.to-byte-array)
  seed := 1
  200.repeat:
    garbage := ByteArray 100:
      seed = seed * 1103515245 + 12345 & 0x7fff_ffff
      seed >> 16
    catch: decode (BufferingInflater --zlib-header=false) garbage

headers:
  expect-throw "header=0177 Not a deflate stream": decode BufferingInflater #[0x77, 0x01]
  expect-throw "Corrupt data": decode BufferingInflater #[0x78, 0x00]
  expect-throw "Preset dictionary not supported": decode BufferingInflater #[0x78, 0xbb]
  expect-throw "Not a gzip stream": decode GzipDecoder ZLIB
  expect-throw "Unsupported compression method": decode GzipDecoder #[0x1f, 0x8b, 7]
  expect-throw "Corrupt data": decode Decoder #[0x77, 0x01]
  expect-throw "INVALID_ARGUMENT": InflaterBackend Memory --gzip

/** A history that checks its arguments. */
class Memory implements InflateHistory:
  all_/ByteArray := #[]
  window-size/int := 32768

  record bytes/ByteArray -> none:
    all_ += bytes

  look-back distance/int [block] -> none:
    if not 0 < distance <= all_.size: throw "Corrupt data"
    expect distance <= window-size
    block.call all_ (all_.size - distance)

look-back:
  data := ByteArray 40_000: it * it * 31 >> 7
  data = data + data[10_000..30_000] + data[20_000..]
  compressed := encode (Encoder --level=9) data
  expect-equals data (decode (Inflater Memory) compressed)
  expect-equals data (decode BufferingInflater compressed --size=100)
  expect-equals data (decode Decoder compressed --size=100)
  // Bytes beyond the window cannot be found again.
  expect-throw "Corrupt data": decode (BufferingInflater --window-size=256) compressed

backend:
  inflater := InflaterBackend Memory --zlib-header-footer=false
  expect-equals #[] inflater.read
  expect-equals DEFLATE.size + 3 (inflater.write DEFLATE + #[1, 2, 3])
  expect-equals 0 (inflater.write #[4])
  text := ""
  while chunk := inflater.read: text += chunk.to-string
  expect-equals TEXT text
  expect-equals #[1, 2, 3] inflater.rest

closing:
  [:: Encoder, :: RunLengthZlibEncoder, :: UncompressedGzipEncoder].do: | maker/Lambda |
    encoder := maker.call
    encoder.out.write "text"
    encoder.out.close
    encoder.out.close
    expect-throw "WRITER_CLOSED": encoder.out.write "more"
    expect-throw "ALREADY_CLOSED": encoder.write "more"
    encoder = maker.call
    encoder.in.close
    expect-throw "READER_CLOSED": encoder.out.write "text"
  // Closing the reader ends the wait of the writer.
  encoder := UncompressedZlibEncoder
  error := null
  task:: error = catch: encoder.out.write (ByteArray 10_000)
  yield
  encoder.in.close
  while not error: yield
  expect-equals "READER_CLOSED" error
