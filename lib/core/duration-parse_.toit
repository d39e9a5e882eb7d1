import .duration

/** Reads the text form of a duration. */
class DurationParser_:
  text_/string
  position_/int := 0

  constructor .text_:

  /** Nanoseconds in each unit. */
  static UNITS_ ::= {
    "h": Duration.NANOSECONDS-PER-HOUR,
    "m": Duration.NANOSECONDS-PER-MINUTE,
    "s": Duration.NANOSECONDS-PER-SECOND,
    "ms": Duration.NANOSECONDS-PER-MILLISECOND,
    "us": Duration.NANOSECONDS-PER-MICROSECOND,
    "ns": 1,
  }

  static parse text/string [if-error] -> Duration?:
    parser := DurationParser_ text
    negative := parser.skip-minus_
    seen := {}
    total := 0
    while true:
      parser.skip-spaces_
      if parser.position_ == text.size: break
      digits := parser.take-number_
      unit := parser.take-unit_
      factor := UNITS_.get unit
      if not factor or digits.is-empty:
        return if-error.call (unit-problem_ digits unit)
      if seen.contains unit: return if-error.call "DUPLICATE_UNIT"
      seen.add unit
      amount := scale_ digits factor
      if amount == null: return if-error.call "INVALID_CHARACTER"
      total += amount
    if seen.is-empty: return if-error.call "MISSING_VALUE"
    return Duration (negative ? -total : total)

  /** The error for a number that is missing or has an unknown unit. */
  static unit-problem_ digits/string unit/string -> string:
    if unit.is-empty: return digits.is-empty ? "INVALID_CHARACTER" : "MISSING_UNIT"
    unit.do: if not "hmsun".contains (string.from-rune it): return "INVALID_CHARACTER"
    return "MISSING_VALUE"

  peek_ -> int:
    return position_ < text_.size ? (text_.at --raw position_) : 0

  skip-spaces_ -> none:
    while peek_ == ' ': position_++

  skip-minus_ -> bool:
    skip-spaces_
    if peek_ != '-': return false
    position_++
    return true

  /** The digits and the decimal point at this position, without the spaces between them. */
  take-number_ -> string:
    return take_: '0' <= it <= '9' or it == '.' or it == ' '

  take_ [accepts] -> string:
    start := position_
    while position_ < text_.size and (accepts.call peek_): position_++
    return text_[start..position_].replace --all " " ""

  take-unit_ -> string:
    start := position_
    while 'a' <= peek_ <= 'z': position_++
    return text_[start..position_]

  /** The number $digits times $factor, or null if it is not a number. */
  static scale_ digits/string factor/int -> int?:
    point := digits.index-of "."
    if point < 0: return (int.parse digits --if-error=: return null) * factor
    // Hours, minutes and nanoseconds have no decimals.
    if factor > Duration.NANOSECONDS-PER-SECOND or factor == 1: return null
    whole := int.parse digits[..point] --if-error=: return null
    decimals := digits[point + 1..]
    result := whole * factor
    decimals.do: | digit |
      if not '0' <= digit <= '9': return null
      factor /= 10
      result += (digit - '0') * factor
    return result
