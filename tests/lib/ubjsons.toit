// Universal binary JSON.

import encoding.ubjson
import expect show *

main:
  test-known-bytes
  test-round-trips
  test-forms-of-others
  test-streams
  test-errors
  test-garbage

test-known-bytes:
  expect-bytes-equal #['Z'] (ubjson.encode null)
  expect-bytes-equal #['T'] (ubjson.encode true)
  expect-bytes-equal #['F'] (ubjson.encode false)
  expect-bytes-equal #['U', 255] (ubjson.encode 255)
  expect-bytes-equal #['i', 0x80] (ubjson.encode -128)
  expect-bytes-equal #['I', 1, 0] (ubjson.encode 256)
  expect-bytes-equal #['I', 0xff, 0x7f] (ubjson.encode -129)
  expect-bytes-equal #['l', 0, 0, 0x80, 0] (ubjson.encode 0x8000)
  expect-bytes-equal #['L', 0, 0, 0, 0, 0x80, 0, 0, 0] (ubjson.encode 0x8000_0000)
  expect-bytes-equal #['D', 0x3f, 0xf0, 0, 0, 0, 0, 0, 0] (ubjson.encode 1.0)
  expect-bytes-equal #['S', 'U', 2, 0xc3, 0xa9] (ubjson.encode "é")
  expect-bytes-equal #['[', '#', 'U', 2, 'U', 7, 'Z'] (ubjson.encode [7, null])
  expect-bytes-equal #['{', '#', 'U', 1, 'U', 1, 'k', 'T'] (ubjson.encode {"k": true})
  expect-bytes-equal #['[', '$', 'U', '#', 'U', 2, 8, 9] (ubjson.encode #[8, 9])

test-round-trips:
  numbers := [0, 127, 128, 255, 256, -1, -128, -129, 32767, 32768, -32768, -32769, 65536,
      int.MAX-32, int.MAX-32 + 1, int.MIN-32, int.MIN-32 - 1, int.MAX, int.MIN]
  numbers.do: expect-identical it (ubjson.decode (ubjson.encode it))
  [0.0, -0.0, 1.5, -1e300, float.INFINITY, float.NAN, float.MIN-POSITIVE].do:
    expect-identical it (ubjson.decode (ubjson.encode it))
  value := {
    "": [[], {:}, "", #[]],
    "text": "x" * 300,
    "bytes": ByteArray 70000: it,
    "deep": [[[[{"a": {"b": [null, true, false, -7.25]}}]]]],
  }
  expect-structural-equals value (ubjson.decode (ubjson.encode value))
  slice := [1, 2, 3, 4][1..3]
  expect-equals [2, 3] (ubjson.decode (ubjson.encode slice))

test-forms-of-others:
  expect-equals [1, -2] (ubjson.decode #['[', 'U', 1, 'i', 0xfe, ']'])
  expect-equals [1, -2] (ubjson.decode #['[', '$', 'i', '#', 'U', 2, 1, 0xfe])
  expect-equals [null, null] (ubjson.decode #['[', '$', 'Z', '#', 'U', 2])
  expect-structural-equals {"a": 1} (ubjson.decode #['{', 'U', 1, 'a', 'U', 1, '}'])
  expect-structural-equals {"a": 1, "b": 2}
      ubjson.decode #['{', '$', 'U', '#', 'U', 2, 'U', 1, 'a', 1, 'U', 1, 'b', 2]
  expect-equals [1, 2] (ubjson.decode #['N', '[', 'N', 'U', 1, 'N', 'N', 'U', 2, 'N', ']', 'N'])
  expect-equals "x" (ubjson.decode #['C', 'x'])
  expect-equals 1.5 (ubjson.decode #['d', 0x3f, 0xc0, 0, 0])

test-streams:
  encoder := ubjson.Encoder
  encoder.encode "one"
  first := encoder.to-byte-array
  encoder.encode [2]
  expect-bytes-equal (ubjson.encode "one") first
  decoder := ubjson.Decoder encoder.to-byte-array
  expect-not decoder.is-done
  expect-equals "one" decoder.decode
  expect-not decoder.is-done
  expect-equals [2] decoder.decode
  expect decoder.is-done

class Other:

test-errors:
  expect-throw ubjson.INVALID-OBJECT-ERROR: ubjson.encode Other
  expect-throw ubjson.INVALID-OBJECT-ERROR: ubjson.encode [{"x": Other}]
  expect-throw ubjson.INVALID-OBJECT-ERROR: ubjson.encode {1: 2}
  endless := []
  endless.add endless
  expect-throw "NESTING_TOO_DEEP": ubjson.encode endless
  expect-throw "NESTING_TOO_DEEP": ubjson.decode (ByteArray 100_000 --initial='[')

  expect-throw ubjson.INVALID-INPUT-ERROR: ubjson.decode #['Z', 'Z']
  expect-throw ubjson.INVALID-INPUT-ERROR: ubjson.decode #['S', 'i', 0xff]
  expect-throw ubjson.INVALID-INPUT-ERROR: ubjson.decode #['[', '#', 'l', 0x7f, 0, 0, 0]
  expect-throw ubjson.INVALID-INPUT-ERROR: ubjson.decode #['[', '$', 'U', 1]
  expect-throw ubjson.INVALID-CHARACTER-ERROR: ubjson.decode #['?']
  expect-throw ubjson.INVALID-CHARACTER-ERROR: ubjson.decode #['{', 'S', 'U', 1, 'a']
  expect-throw "OUT_OF_BOUNDS": ubjson.decode #[]
  expect-throw "OUT_OF_BOUNDS": ubjson.decode #['D', 1, 2]
  expect-throw "OUT_OF_BOUNDS": ubjson.decode #['S', 'U', 9, 'a']
  expect-throw "ILLEGAL_UTF_8": ubjson.decode #['S', 'U', 1, 0xff]

/** Each truncated or changed input is decoded or refused. */
test-garbage:
  bytes := ubjson.encode {"list": [1, 300, -70000, 1.5, null], "bytes": #[1, 2, 3], "text": "text"}
  bytes.size.repeat: | size |
    expect-not-null (catch: ubjson.decode bytes[..size])
  bytes.size.repeat: | position |
    copy := bytes.copy
    8.repeat:
      copy[position] = bytes[position] ^ (1 << it)
      catch: ubjson.decode copy
