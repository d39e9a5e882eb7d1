/** Functions and constants of mathematics. Angles are in radians. */

import io

/** Half the length of a circle whose radius is 1. */
PI ::= 3.141592653589793
/** The base of natural logarithms. */
E ::= 2.718281828459045
/** The natural logarithm of 2. */
LN2 ::= 0.6931471805599453
/** The natural logarithm of 10. */
LN10 ::= 2.302585092994046
/** The logarithm of $E to base 2. */
LOG2E ::= 1.4426950408889634
/** The logarithm of $E to base 10. */
LOG10E ::= 0.4342944819032518
/** The square root of one half. */
SQRT1-2 ::= 0.7071067811865476
/** The square root of 2. */
SQRT2 ::= 1.4142135623730951

/** The sine of $angle. */
sin angle/num -> float:
  #primitive.math.sin

/** The cosine of $angle. */
cos angle/num -> float:
  #primitive.math.cos

/** The tangent of $angle. */
tan angle/num -> float:
  #primitive.math.tan

/** The hyperbolic sine of $x. */
sinh x/num -> float:
  #primitive.math.sinh

/** The hyperbolic cosine of $x. */
cosh x/num -> float:
  #primitive.math.cosh

/** The hyperbolic tangent of $x. */
tanh x/num -> float:
  #primitive.math.tanh

/** The angle from -PI/2 to PI/2 whose sine is $x. */
asin x/num -> float:
  #primitive.math.asin

/** The angle from 0 to PI whose cosine is $x. */
acos x/num -> float:
  #primitive.math.acos

/** The angle from -PI/2 to PI/2 whose tangent is $x. */
atan x/num -> float:
  #primitive.math.atan

/** The angle of the line from the origin to a point. The first argument, $x, is the vertical coordinate. */
atan2 x/num y/num -> float:
  #primitive.math.atan2

/** The square root of $x. */
sqrt x/num -> float:
  return x.sqrt

/** $x to the power of $y. */
pow x/num y/num -> float:
  #primitive.math.pow

/** $E to the power of $x. */
exp x/num -> float:
  #primitive.math.exp

/** The natural logarithm of $x. */
log x/num -> float:
  #primitive.math.log

/** The logarithm of $x to base $n. */
log x/num n/num -> float:
  return (log x) / (log n)

/** A point or vector in three dimensions. */
class Point3f:
  x/float
  y/float
  z/float

  /** Creates a point with the given coordinates. */
  constructor x/num y/num z/num:
    this.x = x.to-float
    this.y = y.to-float
    this.z = z.to-float

  /** The point that $to-byte-array was called on. */
  constructor.deserialize bytes/ByteArray:
    x = io.LITTLE-ENDIAN.float64 bytes 0
    y = io.LITTLE-ENDIAN.float64 bytes 8
    z = io.LITTLE-ENDIAN.float64 bytes 16

  /** Bytes from which $Point3f.deserialize makes this point again. */
  to-byte-array -> ByteArray:
    bytes := ByteArray 24
    io.LITTLE-ENDIAN.put-float64 bytes 0 x
    io.LITTLE-ENDIAN.put-float64 bytes 8 y
    io.LITTLE-ENDIAN.put-float64 bytes 16 z
    return bytes

  /** The point whose coordinates are the absolute values of those of this point. */
  abs -> Point3f:
    return Point3f x.abs y.abs z.abs

  /** The distance from the origin. */
  length -> float:
    return (x * x + y * y + z * z).sqrt

  /** The sum of two vectors. */
  operator + other/Point3f -> Point3f:
    return Point3f x + other.x y + other.y z + other.z

  /** The opposite vector. */
  operator - -> Point3f:
    return Point3f -x -y -z

  /** The difference of two vectors. */
  operator - other/Point3f -> Point3f:
    return Point3f x - other.x y - other.y z - other.z

  /** The product with a number, or with a point coordinate by coordinate. */
  operator * other -> Point3f:
    factors := factors_ other
    return Point3f x * factors.x y * factors.y z * factors.z

  /** The quotient by a number, or by a point coordinate by coordinate. */
  operator / other -> Point3f:
    divisors := factors_ other
    return Point3f x / divisors.x y / divisors.y z / divisors.z

  static factors_ other -> Point3f:
    if other is Point3f: return other
    if other is num: return Point3f other other other
    throw "UNSUPPORTED_TYPE"

  /** See $super. */
  operator == other -> bool:
    return other is Point3f and other.x == x and other.y == y and other.z == z

  /** See $super. */
  stringify -> string:
    return "$x, $y, $z"
