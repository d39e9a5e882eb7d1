// Parsers that programs build on the base of `encoding.yaml.parser`.

import encoding.yaml.parser
import expect show *

/** Sums and differences of integers in parentheses. */
class Calculator extends parser.PegParserBase_:
  constructor text/string:
    super text.to-byte-array

  value -> int:
    result := sum
    if result == null or not eof: throw "unexpected at $current-position"
    return result

  sum -> int?:
    total := term
    if total == null: return null
    while true:
      sign := match-chars {'+', '-'}
      if not sign: return total
      next := term
      if next == null: return null
      total += sign == '+' ? next : -next

  term -> int?:
    number-result := number
    if number-result != null: return number-result
    return parenthesized

  parenthesized -> int?:
    try-parse:
      if match-char '(':
        inner := sum
        if inner != null and match-char ')': return inner
    return null

  number -> int?:
    start := mark
    if repeat --at-least-one (: digit): return int.parse (string-since start)
    return null

  digit -> int?:
    return match-range '0' '9'

class Text extends parser.PegParserBase_:
  constructor text/string:
    super text.to-byte-array

main:
  expect-equals 42 (Calculator "42").value
  expect-equals -5 (Calculator "1-(2+(3-4))-5").value
  ["", "1+", "(1", "1)", "1++2", "x"].do: | text |
    expect (catch: (Calculator text).value) != null
  positions
  rules

positions:
  text := Text "aé€😀"
  expect text.bof
  expect-equals ['a', 'é', '€', '😀', null] (List 5: text.consume-rune)
  expect text.eof
  expect (text.lookbehind 1: text.match-string "😀")
  expect (text.lookbehind 4: text.match-string "aé")
  expect-not (text.lookbehind 5: true)
  expect text.eof
  expect-not (text.can-read 1)
  expect-equals null text.match-any
  text.rollback 0
  start := text.mark
  expect (text.lookahead: text.match-string "aé")
  expect (text.at-mark start)
  expect-equals "a".to-byte-array (text.peek-slice 1)
  expect (text.match-string "aé")
  expect-equals "aé" (text.string-since start)
  expect-equals 3 (text.bytes-since-mark start)
  end := text.mark
  text.rollback start
  expect-equals -3 (text.bytes-since-mark end)

rules:
  text := Text "aaab"
  expect-equals null (text.try-parse: (text.match-char 'a') and (text.match-char 'b'))
  expect text.bof
  expect-equals true (text.optional: text.match-char 'x')
  expect-equals null (text.optional --or-null: text.match-char 'x')
  expect-equals 'a' (text.optional: text.match-char 'a')
  expect-equals ['a', 'a'] (text.repeat: text.match-char 'a')
  expect-equals [] (text.repeat: text.match-char 'a')
  expect-equals null (text.repeat --at-least-one: text.match-char 'a')
  expect-equals [true] (text.repeat: true)
  expect-not (text.match-many 2: true)
  expect (text.match-many 1: it == 'b')
  expect-not (text.match-buffer #['b'])
