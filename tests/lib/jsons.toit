// JSON: writing, reading, and invalid texts.

import encoding.json
import expect show *
import io
import reader

main:
  test-text
  test-numbers
  test-layout
  test-escapes
  test-converters
  test-errors
  test-streams
  test-round-trips
  test-garbage

test-text:
  expect-equals "null" (json.stringify null)
  expect-equals "[true,false]" (json.stringify [true, false])
  expect-equals """{"a":1,"b":[],"c":{}}""" (json.stringify {"a": 1, "b": [], "c": {:}})
  expect-equals "[[1.0,-0.5],[\"x\"]]" (json.stringify [[1.0, -0.5], ["x"]])
  expect-equals "[2,3]" (json.stringify [1, 2, 3][1..])
  expect-equals #['1'] (json.encode 1)

test-numbers:
  expect-identical 0 (json.parse "0")
  expect-identical -7 (json.parse "-7")
  expect-identical int.MAX (json.parse "9223372036854775807")
  expect-identical int.MIN (json.parse "-9223372036854775808")
  expect-identical 1.0 (json.parse "1.0")
  expect-identical 1000.0 (json.parse "1e3")
  expect-identical 0.015 (json.parse "1.5E-2")
  expect-identical -0.0 (json.parse "-0.0")
  expect-throw "OUT_OF_RANGE": json.parse "9223372036854775808"
  expect-throw "INTEGER_PARSING_ERROR": json.parse "-"
  expect-throw "INTEGER_PARSING_ERROR": json.parse "1-2"
  expect-throw "FLOAT_PARSING_ERROR": json.parse "1.2.3"
  expect-throw "INVALID_JSON_CHARACTER": json.parse "+1"

test-layout:
  text := " {\r\n\t\"a\" : [ 1 , 2 ] ,\n \"b\" : { } }\n "
  expect-structural-equals {"a": [1, 2], "b": {:}} (json.parse text)
  expect-equals "last" (json.parse """{"a": "first", "a": "last"}""")["a"]
  list := json.parse "[1]"
  list.add 2
  expect-equals [1, 2] list

test-escapes:
  expect-equals "\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f/\x7fé\"" (json.stringify "\"\\\b\f\n\r\t\x1f/\x7fé")
  expect-equals "\"\\/\b\f\n\r\té😀" (json.parse """ "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83d\\uDE00" """)
  expect-equals "before after" (json.parse "\"before\\u0020after\"")
  expect-equals ("x" * 5000) (json.parse "\"$("x" * 5000)\"")
  expect-throw "UNTERMINATED_JSON_STRING": json.parse "\"abc"
  expect-throw "UNTERMINATED_JSON_STRING": json.parse "\"abc\\"
  expect-throw "UNTERMINATED_JSON_STRING": json.parse "\"\\u12"
  expect-throw "BAD \\u ESCAPE IN JSON STRING": json.parse "\"\\u12x4\""
  expect-throw "UNPAIRED_SURROGATE": json.parse "\"\\ud83d      \""
  expect-throw "UNPAIRED_SURROGATE": json.parse "\"\\ude00\""
  expect-throw "INVALID_SURROGATE_PAIR": json.parse "\"\\ud83d\\u0041\""
  expect-throw "ILLEGAL_UTF_8": json.decode #['"', 0xff, '"']

class Point:
  x/int
  y/int
  constructor .x .y:
  to-json: return {"x": x, "y": y}

test-converters:
  points := [Point 1 2, Point 3 4]
  expect-equals """[{"x":1,"y":2},{"x":3,"y":4}]"""
      json.stringify points: it.to-json
  expect-equals "[[1,2],[3,4]]"
      json.stringify points: | point encoder |
        encoder.put-list 2 (: it == 0 ? point.x : point.y): unreachable
  expect-equals "[1/2,3/4]"
      json.stringify points: | point/Point encoder/json.Encoder |
        encoder.put-unquoted "$point.x/$point.y"
        null
  expect-equals "[\"1\",\"3\"]".to-byte-array
      json.encode points:: | point encoder | encoder.encode "$point.x"
  encoder := json.Encoder
  encoder.encode 1
  encoder.put-unquoted " "
  encoder.encode [2]
  expect-equals "1 [2]" encoder.to-string
  expect-equals "1 [2]".to-byte-array encoder.to-byte-array

test-errors:
  expect-throw "INVALID_JSON_OBJECT": json.encode (Point 1 2)
  expect-throw "INVALID_JSON_OBJECT": json.stringify {1: 2}
  expect-throw "INVALID_JSON_OBJECT": json.stringify [#[1]]
  expect-throw "INVALID_JSON_NUMBER": json.stringify {"x": float.NAN}
  endless := {:}
  endless["self"] = endless
  expect-throw "NESTING_TOO_DEEP": json.stringify endless
  expect-throw "NESTING_TOO_DEEP": json.stringify (Point 1 2): it
  expect-throw "NESTING_TOO_DEEP": json.parse ("[" * 100_000)
  expect-throw "NESTING_TOO_DEEP": json.parse ("{\"a\":" * 100_000)
  expect-equals 500 (json.stringify (json.parse ("[" * 250 + "]" * 250))).size

  // Within a list or map, a number ends at the next character.
  ["[1", "[1.5", "{\"a\": -", "[[3], 12", "[1e"].do: | text |
    expect-throw "UNEXPECTED_END_OF_INPUT": json.parse text
    expect-throw "UNEXPECTED_END_OF_INPUT": json.decode-stream (io.Reader text.to-byte-array)
  expect-throw "FLOAT_PARSING_ERROR": json.parse "3.1e"

  ["", " ", "[", "[1 ", "[1,", "{\"a\"", "{\"a\":", "tru"].do: | text |
    expect-throw "OUT_OF_BOUNDS": json.parse text
    expect-throw (text.trim == "" ? "EMPTY_READER" : "OUT_OF_BOUNDS"):
      json.decode-stream (io.Reader text.to-byte-array)
  ["[1 2]", "[1,]", "[,1]", "{1:2}", "{\"a\" 1}", "{\"a\":1,}", "trux", "nul!", "1 2", "[]]", "?", "'a'"].do: | text |
    expect-throw "INVALID_JSON_CHARACTER": json.parse text

/** Returns a piece at a time. */
class Pieces implements reader.Reader:
  pieces_/List := ?
  constructor .pieces_:
  read -> ByteArray?:
    if pieces_.is-empty: return null
    result := pieces_.first
    pieces_ = pieces_[1..]
    return result.to-byte-array

test-streams:
  text := """{"key": ["text \\u00e9 \\n", 123.5e1, null], "next": true} [false]"""
  expected := json.parse text[..text.size - 8]
  (text.size + 1).repeat: | cut |
    pieces := Pieces [text[..cut], "", text[cut..]]
    buffered := io.Reader.adapt pieces
    expect-structural-equals expected (json.decode-stream buffered)
    expect-equals [false] (json.decode-stream buffered)
    expect-throw "EMPTY_READER": json.decode-stream buffered
  expect-equals [false] (json.decode-stream (Pieces ["[fa", "lse]"]))
  numbers := reader.BufferedReader (Pieces ["12", "3 4", "5"])
  expect-equals 123 (json.decode-stream numbers)
  expect-equals 45 (json.decode-stream numbers)

  buffer := io.Buffer
  big := List 1000: "element $it"
  json.encode-stream --writer=buffer big
  expect-equals (json.encode big) buffer.bytes
  buffer = io.Buffer
  json.encode-stream --writer=buffer [Point 1 2]: it.x
  json.encode-stream --writer=buffer [Point 1 2]:: it.y
  expect-equals "[1][2]" buffer.to-string

test-round-trips:
  set-random-seed "json"
  300.repeat:
    value := random-value 4
    text := json.stringify value
    expect-structural-equals value (json.parse text)
    expect-equals text (json.stringify (json.parse text))

random-value depth/int -> any:
  kind := random (depth == 0 ? 5 : 7)
  if kind == 0: return null
  if kind == 1: return (random 2) == 0
  if kind == 2: return (random 1 << 31) * (random 1 << 31) - (random 1 << 20)
  if kind == 3: return (random 1 << 31) / 1024.0 - 1e6
  if kind == 4: return string.from-runes (List (random 10): (random 5) == 0 ? 0x1f600 : (random 0x300))
  if kind == 5: return List (random 5): random-value depth - 1
  map := {:}
  (random 5).repeat: map["key $(random 100)"] = random-value depth - 1
  return map

/** Each changed text is read or refused. */
test-garbage:
  set-random-seed "garbage"
  bytes := json.encode {"list": [1, -2.5, "té\\xt\n", null, true], "map": {"a": {:}, "b": []}}
  2000.repeat:
    copy := bytes.copy
    (random 3).repeat: copy[random copy.size] = random 256
    catch: json.decode copy[..random copy.size + 1]
