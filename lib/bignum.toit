/** Integers of any size. Not for secrets: the duration of operations depends on the numbers. */

import encoding.hex
import io show BIG-ENDIAN

/**
An integer of any size. It can be combined with integers and compared to them.

A result beyond about 32 kilobytes cannot be used: operations throw OUT_OF_MEMORY.
*/
class Bignum:
  negative_/bool
  /** The absolute value, its highest byte first. */
  limbs_/ByteArray

  /** The integer with the absolute value $limbs_, its highest byte first, negative if $negative_. */
  constructor.with-bytes .negative_/bool .limbs_/ByteArray:

  /** The integer for hexadecimal digits, after `-` if it is negative. */
  constructor.hex data/string:
    negative_ = data.starts-with "-"
    limbs_ = hex.decode (negative_ ? data[1..] : data)

  constructor.result_ result/ByteArray:
    negative_ = result[0] == 1
    limbs_ = result[1..]

  static from_ value/any -> Bignum:
    if value is Bignum: return value
    if value is not int: throw "WRONG_OBJECT_TYPE"
    bytes := ByteArray 8
    // The least integer has no absolute value in 64 bits, but its bytes are correct.
    BIG-ENDIAN.put-int64 bytes 0 (value < 0 ? -value : value)
    return Bignum.with-bytes (value < 0) bytes

  /** The sum. */
  operator + other -> Bignum:
    b := from_ other
    return Bignum.result_ (bignum-add_ negative_ limbs_ b.negative_ b.limbs_)

  /** The difference. */
  operator - other -> Bignum:
    b := from_ other
    return Bignum.result_ (bignum-subtract_ negative_ limbs_ b.negative_ b.limbs_)

  /** The product. */
  operator * other -> Bignum:
    b := from_ other
    return Bignum.result_ (bignum-multiply_ negative_ limbs_ b.negative_ b.limbs_)

  /** The quotient, rounded toward zero. */
  operator / other -> Bignum:
    b := from_ other
    return Bignum.result_ (bignum-divide_ negative_ limbs_ b.negative_ b.limbs_)

  /** The remainder, from 0 to $other - 1. */
  operator % other -> Bignum:
    b := from_ other
    return Bignum.result_ (bignum-modulo_ negative_ limbs_ b.negative_ b.limbs_)

  /** Whether $other, a $Bignum or an integer, is the same number. Throws for any other object. */
  operator == other -> bool:
    b := from_ other
    difference := bignum-subtract_ negative_ limbs_ b.negative_ b.limbs_
    return difference.size == 1

  /** The hexadecimal digits, after `0x` or `-0x`. */
  stringify -> string:
    return "$(negative_ ? "-" : "")0x$(hex.encode limbs_)"

/** $A to the power of $B, modulo $C. */
mod-exp A/Bignum B/Bignum C/Bignum -> Bignum:
  return Bignum.result_
      bignum-power_ A.negative_ A.limbs_ B.negative_ B.limbs_ C.negative_ C.limbs_

bignum-add_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray -> ByteArray:
  #primitive.bignum.add

bignum-subtract_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray -> ByteArray:
  #primitive.bignum.subtract

bignum-multiply_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray -> ByteArray:
  #primitive.bignum.multiply

bignum-divide_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray -> ByteArray:
  #primitive.bignum.divide

bignum-modulo_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray -> ByteArray:
  #primitive.bignum.modulo

bignum-power_ a-negative/bool a/ByteArray b-negative/bool b/ByteArray c-negative/bool c/ByteArray -> ByteArray:
  #primitive.bignum.power
