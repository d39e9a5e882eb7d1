import io

/** A number: an $int or a $float. */
abstract class num implements Comparable:
  constructor.from-subclass_:

  /** This number as an integer, cut off toward zero. It must fit into 64 bits. */
  abstract to-int -> int

  /** -1 for negative numbers and -0.0, 0 for zero, else 1 (also for NaN). */
  abstract sign -> int

  /** The negated number. */
  abstract operator -

  /** Whether this number has the same value as $other. NaN equals nothing. */
  abstract operator == other -> bool

  /** Whether this number is less than $other. */
  abstract operator < other -> bool

  /** Whether this number is less than or equal to $other. */
  abstract operator <= other -> bool

  /** Whether this number is greater than $other. */
  abstract operator > other -> bool

  /** Whether this number is greater than or equal to $other. */
  abstract operator >= other -> bool

  /** The sum. Integers wrap around at 64 bits; if one number is a float, the result is a float. */
  abstract operator + other

  /** The difference. */
  abstract operator - other

  /** The product. */
  abstract operator * other

  /** The quotient, cut off toward zero if both are integers. */
  abstract operator / other

  /** The remainder of a division; it has the sign of this number. */
  abstract operator % other

  /** The absolute value. */
  abstract abs -> num

  /** The square root, NaN for negative numbers. */
  abstract sqrt -> float

  /** The decimal text of this number. */
  abstract to-string -> string

  /** See $super. */
  stringify -> string:
    return to-string

  /** This number as a float, rounded to the nearest one. */
  to-float -> float:
    #primitive.float.from-num

  /**
  -1, 0 or 1 if this number is less than, equal to or greater than $other.

  This is a total order: -0.0 is less than 0.0, and NaN is greater than all other numbers.
  */
  compare-to other/num -> int:
    #primitive.float.compare

  /** Variant of $(compare-to other) that returns the result of $if-equal if the numbers are equal. */
  compare-to other/num [--if-equal] -> int:
    order := compare-to other
    return order == 0 ? if-equal.call : order

  /**
  Reads $data as an integer if possible, otherwise as a float.

  See $int.parse and $float.parse for the accepted forms.
  */
  static parse data/io.Data -> num:
    return parse data --if-error=: throw it

  /** Variant of $(parse data) that returns the result of $if-error if $data is not a number. */
  static parse data/io.Data [--if-error] -> num?:
    integer := int.parse data --if-error=: null
    return integer or (float.parse data --if-error=: return if-error.call "NUMBER_PARSING_ERROR")

  /** Deprecated. Use $(parse data [--if-error]). */
  static parse data/io.Data [--on-error] -> num?:
    return parse data --if-error=on-error
