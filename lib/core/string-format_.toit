/** How `"$(%5.2f x)"` shows a value. */

import .string

/** A format in parts: alignment, width, precision, type. */
class Format_:
  text_/string
  alignment_/int := '>'
  width_/int := 0
  filler_/int := ' '
  precision_/int? := null
  type_/int := 's'

  constructor .text_:
    position := parse-width_ parse-alignment_
    position = parse-precision_ position
    if position == text_.size: fail_ "MISSING_TYPE_IN_FORMAT"
    type_ = text_[position]
    if position + 1 != text_.size: fail_ "UNEXPECTED_TRAILING_CHARACTERS_IN_FORMAT"

  fail_ message/string -> none:
    throw "$message $text_"

  /** The byte at $position, or 0 after the end. */
  peek_ position/int -> int:
    return position < text_.size ? (text_.at --raw position) : 0

  parse-alignment_ -> int:
    char := peek_ 0
    if char != '-' and char != '^': return 0
    alignment_ = char
    return 1

  parse-width_ position/int -> int:
    if (peek_ position) == '0':
      if alignment_ != '>': fail_ "ZERO_PADDING_ONLY_WITH_RIGHT_ALIGNMENT"
      filler_ = '0'
    return parse-digits_ position: width_ = it

  parse-precision_ position/int -> int:
    if (peek_ position) != '.': return position
    end := parse-digits_ position + 1: precision_ = it
    if not precision_: fail_ "MISSING_PRECISION_IN_FORMAT"
    return end

  /** Calls $found with the number at $position, if there is one. Returns the position after it. */
  parse-digits_ position/int [found] -> int:
    end := position
    while '0' <= (peek_ end) <= '9': end++
    if end > position: found.call (int.parse text_[position..end])
    return end

  /** The text of $object in this format. */
  apply object/any -> string:
    text := convert_ object
    missing := width_ - (text.size --runes)
    if missing <= 0: return text
    if alignment_ == '-': return text.pad_ 0 missing ' '
    if alignment_ == '^': return text.pad_ (missing / 2) (missing - missing / 2) ' '
    return text.pad_ missing 0 filler_

  convert_ object/any -> string:
    if type_ == 's': return object.stringify
    if type_ == 'f': return object.to-float.to-string --precision=precision_
    if type_ == 'd': return object.to-int.to-string
    if type_ == 'u': return int-to-unsigned_ object.to-int 10
    if type_ == 'x': return int-to-unsigned_ object.to-int 16
    if type_ == 'X': return (int-to-unsigned_ object.to-int 16).to-ascii-upper
    if type_ == 'o': return int-to-unsigned_ object.to-int 8
    if type_ == 'b': return int-to-unsigned_ object.to-int 2
    if type_ == 'c': return string.from-rune object.to-int
    fail_ "WRONG_TYPE_IN_FORMAT"
    unreachable
