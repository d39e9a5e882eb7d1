// Base64, hexadecimal digits, URLs, and TISON.

import encoding.base64
import encoding.hex
import encoding.tison
import encoding.url
import expect show *
import io

main:
  test-base64
  test-hex
  test-url
  test-query
  test-tison

/** Data that natives cannot read. */
class Slow implements io.Data:
  bytes_/ByteArray
  constructor .bytes_:
  byte-size: return bytes_.size
  byte-slice from/int to/int: return Slow bytes_[from..to]
  byte-at index/int: return bytes_[index]
  write-to-byte-array bytes/ByteArray --at/int from/int to/int: bytes.replace at bytes_ from to

test-base64:
  // The examples of RFC 4648.
  {
    "": "",
    "f": "Zg==",
    "fo": "Zm8=",
    "foo": "Zm9v",
    "foob": "Zm9vYg==",
    "fooba": "Zm9vYmE=",
    "foobar": "Zm9vYmFy"
  }.do: | text encoded |
    expect-equals encoded (base64.encode text)
    expect-equals text (base64.decode encoded).to-string
    in-url := encoded.trim --right "=="
    in-url = in-url.trim --right "="
    expect-equals in-url (base64.encode --url-mode text)
    expect-equals text (base64.decode --url-mode in-url).to-string
  all := ByteArray 256: it
  expect-equals all (base64.decode (base64.encode all))
  expect-equals all (base64.decode --url-mode (base64.encode --url-mode all))
  expect-equals "+/+/" (base64.encode #[0xfb, 0xff, 0xbf])
  expect-equals "-_-_" (base64.encode --url-mode #[0xfb, 0xff, 0xbf])
  expect-equals "Zm9v" (base64.encode (Slow "foo".to-byte-array))
  expect-equals #['f', 'o', 'o'] (base64.decode (Slow "Zm9v".to-byte-array))
  ["Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm-v", "Zm9vé"].do: | text |
    expect-throw "OUT_OF_RANGE": base64.decode text
  expect-throw "OUT_OF_RANGE": base64.decode --url-mode "Zg=="
  expect-throw "OUT_OF_RANGE": base64.decode --url-mode "Zm+v"

test-hex:
  expect-equals "00ff10a5" (hex.encode #[0, 255, 16, 165])
  expect-equals "412a" (hex.encode "A*")
  expect-equals "0102" (hex.encode (Slow #[1, 2]))
  expect-equals #[0xde, 0xad, 0xbe, 0xef] (hex.decode "DEADbeef")
  expect-equals #[7, 0xca, 0xfe] (hex.decode "7cafe")
  expect-equals #[] (hex.decode "")
  all := ByteArray 256: it
  expect-equals all (hex.decode (hex.encode all))
  expect-throw "INTEGER_PARSING_ERROR": hex.decode "g"
  expect-throw "INVALID_ARGUMENT": hex.decode "12g4"
  expect-throw "INVALID_ARGUMENT": hex.decode "12 4"

test-url:
  expect-equals "a%20b%2Fc~%C3%A9" (url.encode "a b/c~é")
  expect-equals "%00%FF" (url.encode #[0, 255])
  expect-equals "a b/c~é+" (url.decode "a%20b%2fc~%C3%A9+")
  expect-equals #[0, 255] (url.decode-binary "%00%fF")
  all := ByteArray 256: it
  expect-equals all (url.decode-binary (url.encode all))
  expect-throw "INVALID_ARGUMENT": url.decode "%x0"
  expect-throw "OUT_OF_BOUNDS": url.decode "abc%2"
  expect-throw "ILLEGAL_UTF_8": url.decode "%ff"

test-query:
  query := url.QueryString.parse "https://host/a%20b?x=1&y=a+b%2B&&x=2&z&x=3&=e&q=a=b#frag%C3%A9?#"
  expect-equals "https://host/a b" query.resource
  expect-structural-equals {"x": ["1", "2", "3"], "y": "a b+", "z": "", "": "e", "q": "a=b"} query.parameters
  expect-equals "fragé?#" query.fragment
  empty := url.QueryString.parse ""
  expect-equals "" empty.resource
  expect empty.parameters.is-empty
  expect-equals "x?y" (url.QueryString.parse "#x?y").fragment

class Other:

test-tison:
  value := {
    "text": "é" * 100,
    "numbers": [0, -1, int.MAX, int.MIN, 1.5, -0.0],
    "bytes": ByteArray 50_000: it,
    7: null,
    #[1]: {true: false},
  }
  bytes := tison.encode value
  expect-structural-equals value (tison.decode bytes)
  expect-structural-equals value (tison.decode (Slow bytes))
  // Large byte arrays are not taken away, as a message would.
  expect-equals 50_000 value["bytes"].size
  for size := 0; size < bytes.size; size += 97:
    expect-throw "WRONG_OBJECT_TYPE": tison.decode bytes[..size]
  expect-throw "WRONG_OBJECT_TYPE": tison.decode (bytes + #[0])
  expect-throw "WRONG_OBJECT_TYPE": tison.decode #[]
  expect-throw "SERIALIZATION_FAILED": tison.encode [Other]
  endless := []
  endless.add endless
  expect-throw "NESTING_TOO_DEEP": tison.encode endless
