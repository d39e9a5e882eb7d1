// The deprecated libraries for reading and writing.

import binary
import bytes
import expect show *
import io
import reader
import reader_writer
import writer

main:
  test-buffered-reader
  test-writer
  test-buffer
  test-producers
  test-pipe
  test-binary

/** Returns the words of a text one at a time. */
class Words implements reader.Reader:
  words_/List
  position_/int := 0
  constructor text/string:
    words_ = text.split " "
  read -> ByteArray?:
    return position_ == words_.size ? null : words_[position_++].to-byte-array

test-buffered-reader:
  r := reader.BufferedReader (Words "ab cde  fg\nhi\r\nj k")
  expect-equals 0 r.buffered
  expect (r.can-ensure 3)
  expect (r.are-available 5)
  expect-not (r.are-available 6)
  expect-equals 5 r.buffered
  expect-equals 'c' (r.byte 2)
  expect-equals #['a', 'b', 'c'] (r.bytes 3)
  expect-equals 4 (r.index-of 'e')
  expect-equals 6 (r.index-of-or-throw 'g')
  expect-equals -1 (r.index-of 'g' --to=6)
  expect-null (r.index-of '?')
  expect-equals 0 r.consumed
  expect-equals "abc" (r.read-string 3)
  r.unget #['x', 'y']
  expect-equals 1 r.consumed
  expect-equals 'x' r.read-byte
  expect-equals #['y'] (r.read --max-size=10)
  expect-equals #['d'] (r.read-up-to 1)
  r.skip 1
  expect-equals "fg" r.read-line
  expect-equals "hi\r\n" (r.read-line true)
  expect-equals "j" (r.peek-string 1)
  expect-equals "j" (r.read-until 'k')
  expect-null r.read
  expect-throw reader.UNEXPECTED-END-OF-READER-EXCEPTION: r.ensure 1
  expect-throw reader.UNEXPECTED-END-OF-READER-EXCEPTION: r.index-of-or-throw 'z'
  expect-throw reader.UNEXPECTED-END-OF-READER-EXCEPTION: r.read-up-to 1

  r = reader.BufferedReader (bytes.Reader "one two".to-byte-array)
  expect-equals "one" r.read-word
  r.buffer-all
  r.clear
  expect-null (r.read-string --max-size=4)

/** Takes two bytes at a time. */
class Slow:
  taken/io.Buffer := io.Buffer
  is-closed/bool := false
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    count := min 2 (to - from)
    taken.write data from from + count
    return count
  close: is-closed = true

test-writer:
  slow := Slow
  w := writer.Writer slow
  expect-equals 5 (w.write "hello")
  expect-equals 3 (w.write #[1, 2, 3, 4, 5] 1 4)
  w.write-from (Words "x yz")
  expect-equals "hello\x02\x03\x04xyz" slow.taken.to-string
  w.close
  expect slow.is-closed

test-buffer:
  buffer := bytes.Buffer.with-initial-size 2
  buffer.write-int16-big-endian 0x0102
  buffer.write-int32-little-endian 0x03040506
  buffer.write-int64-big-endian -2
  buffer.put-int16-little-endian 0 0x0708
  buffer.put-int32-big-endian 2 0x090a0b0c
  buffer.put-byte 6 1
  expect-equals #[8, 7, 9, 10, 11, 12, 1, 255, 255, 255, 255, 255, 255, 254] buffer.bytes
  buffer.clear
  buffer.write-byte 'x'
  buffer.grow 2
  buffer.write-from (bytes.Reader #['y'])
  buffer.reserve 100
  expect-equals 4 buffer.size
  expect buffer.buffer.size >= 104
  expect-equals "x\0\0y" buffer.to-string
  buffer.close
  expect-equals 4 buffer.buffer.size
  expect-throw "OUT_OF_BOUNDS": buffer.put-byte 4 0

test-producers:
  producer := bytes.ByteArrayProducer #[1, 2, 3, 4] 1 3
  expect-equals 2 producer.size
  [bytes.BufferSizeCounter, bytes.Buffer].do: | consumer/bytes.BufferConsumer |
    consumer.write-producer producer
    consumer.write "abc" 1
    consumer.write-int64-little-endian 1
    consumer.put-int64-little-endian 0 1
    consumer.write-byte 1
    consumer.grow 3
    consumer.reserve 7
    expect-equals 16 consumer.size
    consumer.clear
    expect-equals 0 consumer.size
  expect-equals 7 (bytes.Reader (ByteArray 7)).size

test-pipe:
  pipe := reader_writer.ReaderWriter 4
  done := false
  task::
    expect-equals 10 (pipe.write "0123456789")
    pipe.close
    expect-throw "CLOSED": pipe.write "x"
    done = true
  collected := ""
  while data := pipe.reader.read:
    expect data.size <= 4
    collected += data.to-string
  expect-equals "0123456789" collected
  while not done: yield

  pipe = reader_writer.ReaderWriter
  pipe.reader.close
  expect-throw "CLOSED": pipe.write "x"
  expect-null pipe.reader.read

test-binary:
  data := #[1, 2, 3, 4]
  binary.byte-swap-16 data
  expect-equals #[2, 1, 4, 3] data
  binary.byte-swap-32 data
  expect-equals #[3, 4, 1, 2] data
  expect-equals 0x0304 (binary.BIG-ENDIAN.uint16 data 0)
  expect-equals -128 binary.INT8-MIN
