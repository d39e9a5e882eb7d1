// Registers of devices.
// expect: 0x01 0x02 0x03
// expect: 0xfe 0x00

import expect show *
import io show LITTLE-ENDIAN
import serial

class Memory extends serial.Registers:
  bytes ::= ByteArray 16
  read-bytes register/int count/int -> ByteArray:
    return bytes.copy register register + count
  write-bytes register/int data/ByteArray -> none:
    bytes.replace register data

/** Registers whose numbers are sent before the data. */
class Addressed extends serial.Registers:
  written/ByteArray? := null
  constructor:
    super --byte-size=2 --byte-order=LITTLE-ENDIAN
  read-bytes register/int count/int -> ByteArray: unreachable
  write-bytes register/int data/ByteArray -> none: unreachable
  write-bytes_ data/ByteArray -> none: written = data

main:
  memory := Memory
  memory.write-u32-be 0 0x8102_03fe
  expect-equals 0x81 (memory.read-u8 0)
  expect-equals -127 (memory.read-i8 0)
  expect-equals 0x8102 (memory.read-u16-be 0)
  expect-equals 0x8102 - 0x1_0000 (memory.read-i16-be 0)
  expect-equals 0x0281 (memory.read-u16-le 0)
  expect-equals 0x03_0281 (memory.read-u24-le 0)
  expect-equals 0x81_0203 - 0x100_0000 (memory.read-i24-be 0)
  expect-equals 0xfe03_0281 (memory.read-u32-le 0)
  expect-equals 0xfe03_0281 - 0x1_0000_0000 (memory.read-i32-le 0)
  memory.write-i8 4 -1
  memory.write-i16-le 5 -2
  memory.write-i24-be 7 -3
  memory.write-32-le 10 -4
  expect-equals #[255, 254, 255, 255, 255, 253, 252, 255, 255, 255] memory.bytes[4..14]
  expect-equals #[7] (memory.read-bytes 15 2: #[7])
  expect-equals 8 (memory.read-u16-be 15: #[0, 8])
  expect-throw "OUT_OF_BOUNDS": memory.read-u16-be 15
  expect-throw "UNIMPLEMENTED": memory.write-bytes_ #[]
  memory.write-u8 0 1
  memory.write-u8 4 0
  addressed := Addressed
  addressed.write-u16-be 0x1234 0x5678
  expect-equals #[0x34, 0x12, 0x56, 0x78] addressed.written
  memory.dump --from=0 --to=5 --width=3
