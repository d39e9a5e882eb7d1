// Cyclic redundancy checks: the check values of the catalog, and the common properties of all kinds.

import crypto.crc show *
import expect show *

/** The input of all check values. */
CHECK ::= "123456789"

main:
  catalog
  polynomials-in-all-forms
  pieces
  odd-widths
  errors

catalog:
  expect-equals 0x29b1 (crc16-ccitt-false CHECK)
  expect-equals 0xbb3d (crc16-arc CHECK)
  expect-equals 0xe5cc (crc16-aug-ccitt CHECK)
  expect-equals 0x31c3 (crc16-xmodem CHECK)
  expect-equals 0x4b37 (crc16-modbus CHECK)
  expect-equals 0x906e (crc16-x25 CHECK)
  expect-equals 0xc2b7 (crc16-en13757 CHECK)
  expect-equals 0xbf05 (crc-a CHECK)
  expect-equals 0xf4 (crc8 CHECK)
  expect-equals 0xa1 (crc8-maxim CHECK)
  expect-equals 0xda (crc8-cdma2000 CHECK)
  expect-equals 0xcbf43926 (crc32 CHECK)
  expect-equals 0xe3069283 (crc32c CHECK)
  expect-equals 0xfc891918 (crc32-bzip2 CHECK)
  expect-equals 0x0376e6e7 (crc32-mpeg2 CHECK)
  expect-equals 0x995dc9bbdf1939fa (crc64-xz CHECK)
  expect-equals 0 (crc32 "")

polynomials-in-all-forms:
  reversed := Crc.little-endian 32 --polynomial=0xedb8_8320 --initial-state=0xffff_ffff --xor-result=0xffff_ffff
  normal := Crc.little-endian 32 --normal-polynomial=0x04c1_1db7 --initial-state=0xffff_ffff --xor-result=0xffff_ffff
  powers := Crc.little-endian 32
      --powers=[32, 26, 23, 22, 16, 12, 11, 10, 8, 7, 5, 4, 2, 1, 0]
      --initial-state=0xffff_ffff
      --xor-result=0xffff_ffff
  [reversed, normal, powers].do: | crc/Crc |
    expect-equals 0xedb8_8320 crc.polynomial
    expect-equals reversed crc
    expect-equals reversed.hash-code crc.hash-code
    expect crc.little-endian
    crc.add CHECK
    expect-equals 0xcbf43926 crc.get-as-int
    expect-equals #[0x26, 0x39, 0xf4, 0xcb] crc.get
  big := Crc.big-endian 16 --powers=[16, 12, 5, 0]
  expect-equals 0x1021 big.polynomial
  expect-not-equals reversed big
  big.add CHECK
  expect-equals #[0x31, 0xc3] big.get

pieces:
  text := CHECK * 30_000
  whole := crc32 text
  crc := Crc32
  crc.add text 0 7
  other := crc.clone
  [crc, other].do: | it/Crc |
    it.add text 7 100_000
    it.add text.to-byte-array 100_000
    expect-equals whole it.get-as-int
    expect-equals whole it.get-as-int
  bytes := CHECK.to-byte-array
  expect-equals 0xf4 (crc8 ("xx$CHECK".to-byte-array[2..]))

odd-widths:
  // CRC-5/USB and CRC-12/UMTS without the reflection of the result.
  usb := Crc.little-endian 5 --normal-polynomial=0x05 --initial-state=0x1f --xor-result=0x1f
  usb.add CHECK
  expect-equals 0x19 usb.get-as-int
  expect-equals #[0x19] usb.get
  dect := Crc.big-endian 12 --polynomial=0x80f
  dect.add CHECK
  expect-equals 0xf5b dect.get-as-int
  expect-equals #[0x0f, 0x5b] dect.get

errors:
  expect-throw "INVALID_ARGUMENT": Crc.big-endian 7 --polynomial=1
  expect-throw "INVALID_ARGUMENT": Crc.little-endian 2 --polynomial=1
  expect-throw "INVALID_ARGUMENT": Crc.little-endian 65 --polynomial=1
  expect-throw "Polynomial and width don't match": Crc.big-endian 8 --polynomial=0x107
  expect-throw "OUT_OF_BOUNDS": (Crc32).add CHECK 3 11
  expect-throw "OUT_OF_BOUNDS": (Crc32).add CHECK 3 2
