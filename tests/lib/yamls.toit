// YAML: writing, reading, and invalid texts.

import encoding.yaml
import expect show *
import io

main:
  test-scalars
  test-layout
  test-reading
  test-streams
  test-errors
  test-round-trips
  test-strings
  test-tabs
  test-converters
  test-garbage

test-scalars:
  {
    "~": null, "null": null, "": null, "# nothing": null,
    "true": true, "FALSE": false,
    "12": 12, "-12": -12, "+12": 12, "0x1F": 31, "0o17": 15, "017": 17,
    "9223372036854775807": int.MAX, "9223372036854775808": 9223372036854775808.0,
    "1.5": 1.5, "-1e3": -1000.0, ".5": 0.5, "1.": 1.0, "-.inf": -float.INFINITY,
    "yes": "yes", "1_000": "1_000", "0x": "0x", "1.2.3": "1.2.3", "-": [null], "1-2": "1-2", "0b1": "0b1",
    "2001-01-01": "2001-01-01", "e5": "e5", "+": "+", ".": ".", "--1": "--1", "+-1": "+-1",
    "!!str 12": "12", "!!int '12'": 12, "!!float 3": 3.0, "!!null ''": null, "! 12": "12", "!other 12": 12,
    "'it''s'": "it's", "\"a\\tb\\x41\\u00e9\\U0001F600\\_\"": "a\tbAé😀\u{a0}",
  }.do: | text/string value |
    if value is List: expect-equals value (yaml.parse text)
    else: expect-identical value (yaml.parse text)

  expect (yaml.parse ".NaN").is-nan

test-layout:
  value := {
    "list": [1, [2, [3]], {"a": 1, "b": [4]}, [], {:}],
    "map": {"a": {"b": {"c": null}}},
    "text": "two\nlines",
    "true": true,
  }
  text := """
      list:
        - 1
        - - 2
          - - 3
        - a: 1
          b:
            - 4
        - []
        - {}
      map:
        a:
          b:
            c:
      text: "two\\nlines"
      "true": true
      """
  expect-equals text (yaml.stringify value)
  expect-structural-equals value (yaml.parse text)
  ["", " x", "-", "- x", "?", "x: y", "x:", "x #y", "#x", "*x", "&x", "!x", "|", "> x", "'x", "\"x", "%x", "@x", "`x",
      "~", "null", "True", "1", "-1.5e3", ".inf", "---", "--- x", "[x", "{x", "x\n", "\t"].do: | text |
    expect-equals "\"" (yaml.stringify text)[..1]
    expect-equals text (yaml.parse (yaml.stringify text))
    expect-structural-equals {text: [text]} (yaml.parse (yaml.stringify {text: [text]}))
  ["x", "x y", "-x", "x:y", "x#y", "?x", ":x", "nulls", "1x", "é", "x'y", "C:\\x"].do: | text |
    expect-equals text (yaml.stringify text)
    expect-structural-equals {text: [text]} (yaml.parse (yaml.stringify {text: [text]}))
  expect-equals ".nan" (yaml.stringify float.NAN)
  expect-equals "-.inf" (yaml.stringify -float.INFINITY)

test-reading:
  expect-structural-equals {"a": [1, 2], "b": {"c": "d"}} (yaml.parse "{a: [1, 2], b: {c: d}}")
  expect-structural-equals {"a": [1, 2], 3: "x"} (yaml.parse "a:\n- 1\n- 2\n3: x\n")
  expect-structural-equals {"text": "a b\nc\n", "next": "1\n2\n"}
      yaml.parse "text: >\n  a\n  b\n\n  c\nnext: |\n  1\n  2\n"
  expect-structural-equals {"a": "last"} (yaml.parse "a: first\na: last")
  expect-structural-equals {"x": {"k": 1}, "y": {"k": 1}} (yaml.parse "x: &anchor {k: 1}\ny: *anchor")
  list := yaml.parse "- 1"
  list.add 2
  expect-equals [1, 2] list

test-streams:
  expect-equals [] (yaml.parse --as-stream "# nothing")
  expect-equals [1, null, "x"] (yaml.parse --as-stream "--- 1\n---\n--- x\n...\n")
  expect-equals [1] (yaml.decode --as-stream "1".to-byte-array)
  expect-equals [7] (yaml.parse "[" --as-stream --if-error=: [7])

test-errors:
  ["[", "]", "{a: b", "a: b: c", "a: [b}", "'x", "\"x", "\"\\q\"", "- a\nb: c", "a\n---\nb", "\x01", "a: @b",
      "!!int x", "!!bool 1", "\"\\ud83d\""].do: | text |
    expect-throw "INVALID_YAML_DOCUMENT": yaml.parse text
    expect-equals "INVALID_YAML_DOCUMENT" (yaml.parse text --if-error=: it)
  expect-throw "INVALID_YAML_DOCUMENT": yaml.decode #['a', 0xff]
  expect-throw "UNSUPPORTED_BYTE_ORDER": yaml.decode #['a', 0]
  expect-throw "UNSUPPORTED_YAML_VERSION": yaml.parse "%YAML 2.0\n--- x"
  expect-throw "UNRESOLVED_ALIAS": yaml.parse "*x"
  expect-throw "UNRESOLVED_ALIAS": yaml.parse "&x [*x]"
  expect-throw "NULL_KEYS_UNSUPPORTED": yaml.parse "~: 1"
  expect-throw "LIST_KEYS_UNSUPPORTED": yaml.parse "? [1]\n: 1"
  expect-throw "MAP_KEYS_UNSUPPORTED": yaml.parse "? {a: 1}\n: 1"
  expect-throw "NESTING_TOO_DEEP": yaml.parse ("- " * 5000)
  expect-throw "INVALID_YAML_OBJECT": yaml.stringify #[1]
  expect-throw "INVALID_YAML_OBJECT": yaml.stringify {1: 2}
  endless := []
  endless.add endless
  expect-throw "NESTING_TOO_DEEP": yaml.encode endless

test-round-trips:
  set-random-seed "yaml"
  100.repeat:
    value := [random-value 4]
    expect-structural-equals value (yaml.decode (yaml.encode value))

random-value depth/int -> any:
  kind := random (depth == 0 ? 5 : 7)
  if kind == 0: return null
  if kind == 1: return (random 2) == 0
  if kind == 2: return (random 1 << 31) - (random 1 << 31)
  if kind == 3: return (random 1000) / (random 1 1000).to-float
  if kind == 4: return random-text
  if kind == 5: return List (random 4): random-value depth - 1
  map := {:}
  (random 4).repeat: map["$random-text$(random 100)"] = random-value depth - 1
  return map

/** A text of characters and words that mean something to YAML. */
random-text -> string:
  parts := [" ", " ", "\t", "\n", "\r", "-", "?", ":", ",", "[", "]", "{", "}", "#", "&", "*", "!", "|", ">", "'", "\"",
      "%", "@", "`", "~", ".", "0", "1", "7", "e", "x", "o", "_", "+", "=", "<", "\\", "a", "null", "true", "nan", "inf",
      "\x00", "\x1b", "\x7f", "\u{85}", "\u{a0}", "\u{feff}", "\u{2028}", "\u{fffe}", "é", "😀"]
  return (List (random 7): parts[random parts.size]).join ""

/** Each string reads back as itself, wherever it stands. */
test-strings:
  set-random-seed "strings"
  texts := List 2000: random-text
  texts.add-all ["", " ", "a ", "a  ", "5 ", "\ufeff", "--1", "+-1", "? a", "... ", "k" * 1010, "\n" * 600]
  texts.do: | text/string |
    expect-equals text (yaml.parse (yaml.stringify text))
    [[text], {"key": text}, {text: text}, {text: [text]}, [{text: {text: 1}, "b": 2}]].do: | value |
      expect-structural-equals value (yaml.parse (yaml.stringify value))
  [0.001, -1e-7, 1e300, 1.0 / 3.0, -0.0, 5e-324, 123456789.125].do: | value/float |
    expect-identical value (yaml.parse (yaml.stringify [value]))[0]
    expect-identical value (yaml.parse (yaml.stringify {"k": value}))["k"]
  expect-equals "5.00" (yaml.stringify 5.0)
  expect-equals "- 5.50\n" (yaml.stringify [5.5])
  expect-equals "\"\\u007f\\ufeff\"" (yaml.stringify "\x7f\ufeff")

/** A tab separates as a blank does. */
test-tabs:
  expect-structural-equals {"a": "b", "c": {"d": 1}} (yaml.parse "a:\tb\nc:\t\n  d: \t1\t\n")
  expect-structural-equals {"a": -1, "b": ["x"]} (yaml.parse "a:\t\t-1\nb:\n-\tx\n")
  expect-structural-equals {"a": "b"} (yaml.parse "{a:\tb}")
  expect-structural-equals {"a": "b"} (yaml.parse "? a\n:\tb")
  expect-structural-equals {"a": "x:\ty", "b": "x:\ty\n"} (yaml.parse "a: \"x:\ty\"\nb: |\n  x:\ty\n")
  ["a:\t- 1", "a:\tb: 1", "a:\n\tb"].do: | text |
    expect-throw "INVALID_YAML_DOCUMENT": yaml.parse text

class Point:
  x/int
  constructor .x:

test-converters:
  expect-equals "- 1\n- 2\n" (yaml.stringify [Point 1, Point 2]: it.x)
  expect-equals "- x:\n    - 1\n    - 1\n"
      yaml.stringify [Point 1]: | point |
        { "x": [point.x, point.x] }
  expect-equals "a:\n  - 1\n  - 1\n"
      yaml.stringify {"a": Point 1}: | point encoder | encoder.put-list 2 (: point.x): unreachable
  expect-equals "a: <1>\n".to-byte-array
      yaml.encode {"a": Point 1}:: | point encoder | encoder.put-unquoted "<$point.x>"
  buffer := io.Buffer
  yaml.encode-stream --writer=buffer (List 500: {"index": it})
  expect-equals 500 (yaml.parse buffer.to-string).size

/** Each changed text is read or refused. */
test-garbage:
  set-random-seed "garbage"
  bytes := "a: [1, {b: 'c'}]\nd: |\n  text\ne: &x \"\\n\"\nf: *x\n- !!str g".to-byte-array
  2000.repeat:
    copy := bytes.copy
    (random 3).repeat: copy[random copy.size] = " \n-:[]{}&*!|>'\"%@#x"[random 19]
    catch: yaml.decode copy[..random copy.size]
