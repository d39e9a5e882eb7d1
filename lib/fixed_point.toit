/** Decimal numbers with a fixed number of digits after the decimal point. */

/**
A number that is stored as a count of decimal fractions, so that sums are exact.

Ten times 0.1 is exactly 1, unlike with floats. When a fixed-point number is compared with a number
  of another type, the fixed-point number must be on the left.
*/
class FixedPoint implements Comparable:
  /** More digits would not fit into an integer. */
  static DECIMALS-MAX_ ::= 18

  /** The number, counted in its smallest fractions. */
  value/int
  /** The number of digits after the decimal point. */
  decimals/int

  constructor.private_ .value .decimals:

  /**
  Creates the fixed-point number for $value: a number, a string, or another fixed-point number.

  A float is rounded. The default is two decimals; a string keeps the number of decimals that it has.
    A fixed-point number never loses decimals.
  */
  constructor value --decimals/int?=null:
    if value is string: return parse value --decimals=decimals
    count := decimals or 2
    scale := scale_ count
    if value is int: return FixedPoint.private_ value * scale count
    if value is float: return FixedPoint.private_ (value * scale).round count
    if value is FixedPoint:
      fixed := value as FixedPoint
      return fixed.with --decimals=(max count fixed.decimals)
    throw "INVALID_TYPE"

  /** 10 to the power of $decimals. */
  static scale_ decimals/int -> int:
    if not 0 <= decimals <= DECIMALS-MAX_: throw "OUT_OF_RANGE"
    scale := 1
    decimals.repeat: scale *= 10
    return scale

  /** The number of smallest fractions in 1. */
  unit_ -> int:
    return scale_ decimals

  /** Calls $block with this number and $other, counted in the same fractions, and the number of decimals. */
  align_ other [block] -> any:
    if other is num: return block.call value (other * unit_) decimals
    if other is not FixedPoint: throw "INVALID_TYPE"
    fixed := other as FixedPoint
    common := max decimals fixed.decimals
    return block.call
        value * (scale_ common - decimals)
        fixed.value * (scale_ common - fixed.decimals)
        common

  /** Whether $other is a number of the same value. */
  operator == other -> bool:
    if not (other is num or other is FixedPoint): return false
    return align_ other: | a b | a == b

  /** Whether this number is less than $other. */
  operator < other -> bool:
    return align_ other: | a b | a < b

  /** Whether this number is at most $other. */
  operator <= other -> bool:
    return align_ other: | a b | a <= b

  /** Whether this number is greater than $other. */
  operator > other -> bool:
    return align_ other: | a b | a > b

  /** Whether this number is at least $other. */
  operator >= other -> bool:
    return align_ other: | a b | a >= b

  /** See $(Comparable.compare-to other). */
  compare-to other -> int:
    return align_ other: | a b | a.compare-to b

  /** See $(Comparable.compare-to other [--if-equal]). */
  compare-to other [--if-equal] -> int:
    order := compare-to other
    return order == 0 ? if-equal.call : order

  /** The sum: a float if $other is a float, otherwise a fixed-point number. */
  operator + other:
    if other is float: return to-float + other
    return align_ other: | a b decimals | FixedPoint.private_ a + b decimals

  /** The difference: a float if $other is a float, otherwise a fixed-point number. */
  operator - other:
    if other is float: return to-float - other
    return align_ other: | a b decimals | FixedPoint.private_ a - b decimals

  /** The product: a float if $other is a float, a fixed-point number if it is an integer. */
  operator * other:
    if other is float: return to-float * other
    if other is int: return FixedPoint.private_ value * other decimals
    throw "INVALID_TYPE"

  /**
  The quotient: a float if $other is a float, a fixed-point number, rounded toward zero, if it is
    an integer.
  */
  operator / other:
    if other is float: return to-float / other
    if other is int: return FixedPoint.private_ value / other decimals
    throw "INVALID_TYPE"

  /**
  The remainder after multiples of $other are subtracted. The remainder of 3.14 and 2 is 1.14.
  */
  operator % other/int -> FixedPoint:
    return FixedPoint.private_ value % (other * unit_) decimals

  /** This number with the opposite sign. */
  operator - -> FixedPoint:
    return FixedPoint.private_ -value decimals

  /** This number without its fraction. */
  to-int -> int:
    return value / unit_

  /** The float that is nearest. */
  to-float -> float:
    return value.to-float / unit_

  /** This number without its sign. */
  abs -> FixedPoint:
    return FixedPoint.private_ value.abs decimals

  /** -1, 0 or 1. */
  sign -> int:
    return value.sign

  /**
  The number that $str shows between $from and $to (exclusive).

  It has $decimals digits after the decimal point, rounded if $str has more. Without $decimals, it has
    as many as $str. Only whole numbers can have a $radix other than 10.
  */
  static parse str/string from/int=0 to/int=str.size --radix=10 --decimals/int?=null -> FixedPoint:
    parts := str[from..to].split --at-first "."
    fraction := parts.size == 1 ? "" : parts[1]
    digits := parts[0] + fraction
    if fraction != "":
      if radix != 10: throw "Can't parse fixed-point non-decimal numbers"
      if parts[0] == "" or not '0' <= fraction[0] <= '9': throw "FLOAT_PARSING_ERROR"
    result := FixedPoint.private_ (int.parse digits --radix=radix) fraction.size
    return decimals ? (result.with --decimals=decimals) : result

  /** The digits, with a decimal point unless there are no decimals or the number is 0. */
  stringify -> string:
    if value == 0: return "0"
    if decimals == 0: return "$value"
    sign := value < 0 ? "-" : ""
    fraction := "$((value % unit_).abs)".pad --left decimals '0'
    return "$sign$((value / unit_).abs).$fraction"

  /** This number with $decimals digits after the decimal point, rounded if it has more. */
  with --decimals/int -> FixedPoint:
    missing := decimals - this.decimals
    if missing >= 0: return FixedPoint.private_ value * (scale_ missing) decimals
    divisor := scale_ -missing
    return FixedPoint.private_ (value + divisor / 2 * value.sign) / divisor decimals

  /** The hash code, for maps and sets. */
  hash-code -> int:
    // Equal numbers may have different numbers of decimals.
    result := value
    while result != 0 and result % 10 == 0: result /= 10
    return result
