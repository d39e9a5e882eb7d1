// Buffers, readers and writers.

import expect show *
import io

main:
  buffers
  endian-buffers
  reading
  chunked
  lines
  strings
  ungetting
  numbers
  closing
  piping

buffers:
  buffer := io.Buffer
  buffer.write "hello"
  buffer.write-byte ' '
  buffer.write "xworldx" 1 6
  expect-equals "hello world" buffer.to-string
  expect-equals 11 buffer.size
  expect-equals 'w' buffer[6]
  buffer[6] = 'W'
  buffer.put --at=0 "J"
  expect-equals "Jello World" buffer.to-string
  expect-throw "OUT_OF_BOUNDS": buffer[11]
  expect-throw "INVALID_ARGUMENT": buffer.put --at=10 "xx"
  buffer.resize 5
  buffer.pad --alignment=4 --value='.'
  expect-equals "Jello..." buffer.to-string
  buffer.clear
  expect-equals 0 buffer.size
  1000.repeat: buffer.write "$it,"
  expect-equals 3890 buffer.size
  fixed := io.Buffer (ByteArray 3)
  fixed.write "abc"
  expect-throw "BUFFER_FULL": fixed.write-byte 'd'
  expect-equals #['a', 'b', 'c'] fixed.backing-array
  buffer.close
  expect-throw "WRITER_CLOSED": buffer.write "x"

endian-buffers:
  buffer := io.Buffer
  buffer.big-endian.write-int16 -2
  buffer.little-endian.write-int24 0x123456
  buffer.big-endian.write-float64 1.5
  expect-equals #[0xff, 0xfe, 0x56, 0x34, 0x12] buffer.bytes[..5]
  expect-equals -2 (buffer.big-endian.int16 --at=0)
  expect-equals 0x123456 (buffer.little-endian.uint24 --at=2)
  expect-equals 1.5 (buffer.big-endian.float64 --at=5)
  buffer.big-endian.put-uint16 --at=0 0x4142
  expect-equals 'A' buffer[0]
  expect-throw "OUT_OF_BOUNDS": buffer.big-endian.int32 --at=10

/** Gives a text in chunks of some size. */
class Chunks extends io.Reader:
  bytes_/ByteArray
  size_/int
  at_/int := 0

  constructor text/string .size_:
    bytes_ = text.to-byte-array

  read_ -> ByteArray?:
    if at_ == bytes_.size: return null
    end := min bytes_.size at_ + size_
    chunk := bytes_[at_..end]
    at_ = end
    return chunk

reading:
  reader := io.Reader #[1, 2, 3, 4, 5]
  expect-equals 5 reader.content-size
  expect-equals 1 reader.peek-byte
  expect-equals 3 (reader.peek-byte 2)
  expect-equals 1 reader.read-byte
  expect-equals #[2, 3] (reader.read-bytes 2)
  expect-equals 3 reader.processed
  expect-equals #[4] (reader.read --max-size=1)
  reader.skip 1
  expect-equals null reader.read
  expect-equals null reader.read-all
  expect-throw io.Reader.UNEXPECTED-END-OF-READER: reader.read-byte

chunked:
  [1, 2, 3, 7, 100].do: | size |
    reader := Chunks "0123456789" size
    expect-equals 7 (reader.index-of '7')
    expect-equals -1 (reader.index-of '7' --to=7)
    expect-equals -1 (reader.index-of 'x')
    expect-throw io.Reader.UNEXPECTED-END-OF-READER: reader.index-of 'x' --throw-if-absent
    expect-equals "012" (reader.read-string 3)
    expect-equals 4 (reader.index-of '7')
    expect-equals "34" (reader.read-string-up-to '5')
    expect-equals 2 (reader.skip-up-to '7')
    expect-equals "89" reader.read-all.to-string
    expect-equals 10 reader.processed
    other := Chunks "0123456789" size
    expect (other.try-ensure-buffered 5)
    expect-not (other.try-ensure-buffered 11)
    expect-equals 10 other.buffered-size
    other.drain
    expect-equals null other.read

lines:
  reader := Chunks "one\r\ntwo\n\nfour" 3
  expect-equals "one" reader.read-line
  expect-equals "two\n" (reader.read-line --keep-newline)
  expect-equals ["", "four"] reader.read-lines
  expect-equals null reader.read-line

strings:
  [1, 2, 3, 5, 100].do: | size |
    reader := Chunks "aé🙈bc" size
    text := ""
    while part := reader.read-string: text += part
    expect-equals "aé🙈bc" text
  reader := io.Reader "🙈".to-byte-array
  expect-throw "max_size was too small to read a single UTF-8 character": reader.read-string --max-size=2

ungetting:
  reader := Chunks "abcdef" 4
  expect-equals "ab" (reader.read-string 2)
  reader.unget "xy".to-byte-array
  expect-equals "xycd" (reader.read-string 4)
  expect-equals 4 reader.processed
  expect-equals "ef" reader.read-string

numbers:
  reader := io.Reader #[0x12, 0x34, 0xff, 0xff, 0xff, 0xfe]
  expect-equals 0x1234 reader.big-endian.peek-uint16
  expect-equals 0x3412 reader.little-endian.read-uint16
  expect-equals -2 reader.big-endian.read-int32

closing:
  buffer := io.Buffer
  expect-not buffer.is-closed
  buffer.close
  expect buffer.is-closed

piping:
  buffer := io.Buffer
  buffer.write-from (Chunks "some text" 4)
  expect-equals "some text" buffer.to-string
