// Names that programs import from files of the core library, and natives that they name.

import core.collections
import core.collections show Deque List Map Set
import core.comparable show Comparable
import core.entry show program-name
import core.exceptions show catch
import core.numbers show float int num
import core.objects show Lambda
import core.string show string
import core.time show Duration Time TimeInfo set-timezone
import core.timer show sleep
import core.utils
import core.utils show Profiler critical-do hex-char-to-value identical max min random set-random-seed with-timeout
import encoding.yaml.encoder show YamlEncoder
import expect show *

main:
  expect-equals [1] (collections.List.from {1})
  expect-equals 2 (utils.max 1 2)
  set-random-seed "names"
  expect (random 10) < 10
  with-timeout --ms=10_000: critical-do: expect (identical 1 (min 1 2))
  expect-equals 10 (hex-char-to-value 'a')
  sleep --ms=0
  vectors
  bytes

vectors:
  expect-equals 0 (int-vector-equals 0 -1)
  expect-equals 0b1111_1111 (int-vector-equals -1 -1)
  expect-equals 0b1111_1110 (int-vector-equals 1 2)
  expect-equals 0b0111_1111 (int-vector-equals int.MIN 0)
  expect-equals 0b1111_0000 (int-vector-equals 0x1234_5678_0000_0000 0x1234_5678_abab_cdcd)
  expect-equals "text".hash-code (string-hash-code "text")

int-vector-equals a/int b/int -> int:
  #primitive.core.int-vector-equals

string-hash-code text/string -> int:
  #primitive.core.string-hash-code

bytes:
  buffer := ByteArray 4
  put-little-endian null buffer 2 1 0x1234
  expect-equals #[0, 0x34, 0x12, 0] buffer
  put-big-endian null buffer 3 1 0x1234
  expect-equals #[0, 0, 0x12, 0x34] buffer
  put-big-endian null buffer 0 4 0x1234
  expect-throw "OUT_OF_BOUNDS": put-little-endian null buffer 9 0 1
  expect-throw "OUT_OF_BOUNDS": put-little-endian null buffer 2 3 1
  expect-throw "OUT_OF_BOUNDS": put-big-endian null buffer 2 int.MAX 1

put-little-endian receiver buffer/ByteArray size/int offset/int value/int -> none:
  #primitive.core.put-uint-little-endian

put-big-endian receiver buffer/ByteArray size/int offset/int value/int -> none:
  #primitive.core.put-uint-big-endian
