// Files that come with a container.

import expect show *
import system.assets

main:
  expect assets.decode.is-empty
  entries := {"": #[], "config": #[1, 2, 3, 4, 5], "näme": ByteArray 1000: it}
  bytes := assets.encode entries
  expect-equals 0 bytes.size % 4
  expect-structural-equals entries (assets.decode bytes)
  expect-bytes-equal
      #[0xf1, 0xf9, 0x95, 0x63, 1, 0, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 2, 0, 0, 0, 7, 8, 0, 0]
      assets.encode {"a": #[7, 8]}
  expect-throw "cannot decode assets - wrong marker (0x0 != 0x6395f9f1)": assets.decode (ByteArray 8)
  expect-throw "OUT_OF_BOUNDS": assets.decode bytes[..20]
  bytes[8] = 255
  bytes[11] = 255
  expect-throw "OUT_OF_BOUNDS": assets.decode bytes
