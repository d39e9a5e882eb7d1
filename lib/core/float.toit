import io
import ..io.data show data-bytes_

/** A floating-point number of 64 bits (IEEE 754 binary64). */
class float extends num:
  /** Not a number. Check with $is-nan, since it does not equal itself. */
  static NAN          /float ::= 0.0 / 0.0
  /** Greater than every other number. */
  static INFINITY     /float ::= 1.0 / 0.0
  /** The greatest number below $INFINITY. */
  static MAX-FINITE   /float ::= 1.7976931348623157e308
  /** The least number above zero. */
  static MIN-POSITIVE /float ::= 5e-324

  constructor.private_:
    super.from-subclass_

  /**
  Reads all of $data as a float, and returns the nearest one.

  Accepts decimal numbers, hexadecimal numbers that start with `0x` and have an exponent of two, and
    the words `nan`, `inf` and `infinity`.
  */
  static parse data/io.Data -> float:
    return parse data --if-error=: throw it

  /** Variant of $(parse data) that returns the result of $if-error if $data is not a float. */
  static parse data/io.Data [--if-error] -> float?:
    bytes := data-bytes_ data
    return parse-range_ bytes 0 bytes.byte-size if-error

  /** Deprecated. Use $(parse data [--if-error]). */
  static parse data/io.Data [--on-error] -> float?:
    return parse data --if-error=on-error

  /** Deprecated. Use $(parse data) on a slice. */
  static parse data/io.Data from/int to/int=data.byte-size -> float:
    return parse-range_ (data-bytes_ data) from to: throw it

  static parse-range_ bytes from/int to/int [if-error] -> float?:
    parsed := float-parse_ bytes from to
    return parsed is float ? parsed : if-error.call parsed

  /** The float with the given $raw bits; the inverse of $bits. */
  static from-bits raw/int -> float:
    #primitive.float.from-bits

  /** The float with the value of the binary32 number with the given $raw bits. */
  static from-bits32 raw/int -> float:
    #primitive.float.from-bits32

  /** The 64 bits of this number. */
  bits -> int:
    #primitive.float.bits

  /** The 32 bits of the nearest binary32 number. */
  bits32 -> int:
    #primitive.float.bits32

  /** See $super. */
  sign -> int:
    #primitive.float.sign

  /** See $super. */
  operator - -> float:
    #primitive.float.negate

  /** See $super. */
  operator + other -> float:
    #primitive.float.add

  /** See $super. */
  operator - other -> float:
    #primitive.float.subtract

  /** See $super. */
  operator * other -> float:
    #primitive.float.multiply

  /** See $super. */
  operator / other -> float:
    #primitive.float.divide

  /** See $super. */
  operator % other -> float:
    #primitive.float.modulo

  /** See $super. */
  operator == other -> bool:
    #primitive.float.equals

  /** See $super. */
  operator < other -> bool:
    #primitive.float.less

  /** See $super. */
  operator <= other -> bool:
    #primitive.float.less-or-equal

  /** See $super. */
  operator > other -> bool:
    #primitive.float.greater

  /** See $super. */
  operator >= other -> bool:
    #primitive.float.greater-or-equal

  /** See $super. */
  abs -> float:
    #primitive.float.abs

  /** See $super. */
  sqrt -> float:
    #primitive.float.sqrt

  /** The nearest integer; halves go away from zero. */
  round -> int:
    #primitive.float.round

  /** Deprecated. Rounds to $precision decimals. */
  round --precision/int -> float:
    return float-round-decimals_ this precision

  /** The least integral number that is not below this one. */
  ceil -> float:
    #primitive.float.ceil

  /** The greatest integral number that is not above this one. */
  floor -> float:
    #primitive.float.floor

  /** This number without its decimals. */
  truncate -> float:
    #primitive.float.truncate

  /** See $super. */
  to-int -> int:
    #primitive.float.to-int

  /** The shortest text that reads back as this number. */
  to-string -> string:
    #primitive.float.to-string

  /** The text with $precision decimals (0 to 64), or the shortest text if it is null. */
  to-string --precision/int? -> string:
    if not precision: return to-string
    if not 0 <= precision <= 64: throw "OUT_OF_RANGE"
    return float-to-precision_ this precision

  /** Deprecated. Use $(to-string --precision). */
  stringify precision -> string:
    return to-string --precision=precision

  /** Whether this is not a number. */
  is-nan -> bool:
    return this != this

  /** Whether this is neither infinite nor NaN. */
  is-finite -> bool:
    return this - this == 0.0

  /** The hash code: equal numbers share it. */
  hash-code -> int:
    #primitive.float.hash

float-parse_ bytes from/int to/int -> any:
  #primitive.float.parse: | error | return error

float-round-decimals_ number/float precision/int -> float:
  #primitive.float.round-decimals

float-to-precision_ number/float precision/int -> string:
  #primitive.float.to-precision
