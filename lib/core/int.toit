import io
import ..io.data show data-bytes_

/** A whole number of 64 bits. Operations that overflow wrap around. */
class int extends num:
  /** The greatest integer. */
  static MAX ::= 0x7fff_ffff_ffff_ffff
  /** The least integer. */
  static MIN ::= 0x8000_0000_0000_0000

  /** The least signed integer of 8 bits. */
  static MIN-8 ::= -128
  /** The greatest signed integer of 8 bits. */
  static MAX-8 ::= 0x7f
  /** The least signed integer of 16 bits. */
  static MIN-16 ::= -32_768
  /** The greatest signed integer of 16 bits. */
  static MAX-16 ::= 0x7fff
  /** The least signed integer of 24 bits. */
  static MIN-24 ::= -8_388_608
  /** The greatest signed integer of 24 bits. */
  static MAX-24 ::= 0x7f_ffff
  /** The least signed integer of 32 bits. */
  static MIN-32 ::= -2_147_483_648
  /** The greatest signed integer of 32 bits. */
  static MAX-32 ::= 0x7fff_ffff
  /** The greatest unsigned integer of 8 bits. */
  static MAX-U8 ::= 0xff
  /** The greatest unsigned integer of 16 bits. */
  static MAX-U16 ::= 0xffff
  /** The greatest unsigned integer of 24 bits. */
  static MAX-U24 ::= 0xff_ffff
  /** The greatest unsigned integer of 32 bits. */
  static MAX-U32 ::= 0xffff_ffff

  constructor.private_:
    super.from-subclass_

  /**
  Reads all of $data as an integer.

  There may be a minus sign and, between two digits, an underscore. Without a $radix
    (from 2 to 36), the number is decimal unless it starts with `0x` or `0b`.
  */
  static parse data/io.Data --radix/int?=null -> int:
    return parse data --radix=radix --if-error=: throw it

  /**
  Variant of $(parse data --radix) that returns the result of $if-error if $data is not an integer.
  */
  static parse data/io.Data --radix/int?=null [--if-error] -> int?:
    bytes := data-bytes_ data
    return parse-range_ bytes 0 bytes.byte-size radix if-error

  /** Deprecated. Use $(parse data --radix [--if-error]). */
  static parse data/io.Data --radix/int?=null [--on-error] -> int?:
    return parse data --radix=radix --if-error=on-error

  /** Deprecated. Use $(parse data --radix) on a slice. */
  static parse data/io.Data from/int to/int=data.byte-size --radix/int?=null -> int:
    return parse-range_ (data-bytes_ data) from to radix: throw it

  /** Deprecated. Use $(parse data --radix [--if-error]) on a slice. */
  static parse data/io.Data from/int to/int=data.byte-size --radix/int?=null [--on-error] -> int?:
    return parse-range_ (data-bytes_ data) from to radix on-error

  static parse-range_ bytes from/int to/int radix/int? [if-error] -> int?:
    if radix and not 2 <= radix <= 36: throw "INVALID_RADIX"
    parsed := int-parse_ bytes from to (radix or 0)
    // The native returns an error text if it cannot return a number.
    return parsed is int ? parsed : if-error.call parsed

  /** See $super. */
  operator - -> int:
    #primitive.int.negate

  /** All bits inverted. */
  operator ~ -> int:
    #primitive.int.bit-not

  /** See $super. */
  operator + other:
    #primitive.int.add

  /** See $super. */
  operator - other:
    #primitive.int.subtract

  /** See $super. */
  operator * other:
    #primitive.int.multiply

  /** See $super. */
  operator / other:
    #primitive.int.divide

  /** See $super. */
  operator % other:
    #primitive.int.modulo

  /** See $super. */
  operator == other -> bool:
    #primitive.int.equals

  /** See $super. */
  operator < other -> bool:
    #primitive.int.less

  /** See $super. */
  operator <= other -> bool:
    #primitive.int.less-or-equal

  /** See $super. */
  operator > other -> bool:
    #primitive.int.greater

  /** See $super. */
  operator >= other -> bool:
    #primitive.int.greater-or-equal

  /** The bits set in both. */
  operator & other -> int:
    #primitive.int.bit-and

  /** The bits set in either. */
  operator | other -> int:
    #primitive.int.bit-or

  /** The bits set in one but not in both. */
  operator ^ other -> int:
    #primitive.int.bit-xor

  /** Shifts to the right, keeping the sign. */
  operator >> number-of-bits -> int:
    #primitive.int.shift-right

  /** Shifts to the right, filling with zeros. */
  operator >>> number-of-bits -> int:
    #primitive.int.shift-right-unsigned

  /** Shifts to the left. */
  operator << number-of-bits -> int:
    #primitive.int.shift-left

  /** See $super. */
  abs -> int:
    return this < 0 ? -this : this

  /** See $super. */
  to-int -> int:
    return this

  /** See $super. */
  sign -> int:
    return this < 0 ? -1 : (this == 0 ? 0 : 1)

  /** See $super. */
  sqrt -> float:
    return to-float.sqrt

  /** The hash code: equal numbers share it. */
  hash-code -> int:
    #primitive.int.hash

  /** See $super. */
  to-string -> string:
    #primitive.int.to-string

  /** The text of this number in the given $radix, from 2 to 36. */
  to-string --radix/int -> string:
    if not 2 <= radix <= 36: throw "OUT_OF_RANGE"
    return int-to-radix_ this radix

  /** The decimal text of this number read as an unsigned one. */
  to-string --uint64/True -> string:
    return int-to-unsigned_ this 10

  /** Deprecated. Use $(to-string --radix). The error for another radix is `OUT_OF_RANGE`. */
  stringify radix/int -> string:
    return int-to-radix_ this radix

  /** Deprecated. Use $(to-string --uint64). */
  stringify --uint64/True -> string:
    return to-string --uint64

  /**
  The value of the lowest $bits bits in two's complement.

  The bits above must be clear or copies of the sign. If the sign is clear, they are kept.
  */
  sign-extend --bits/int -> int:
    if not 1 <= bits <= 64: throw "OUT_OF_RANGE"
    above := -1 << (bits - 1)
    return this & 1 << (bits - 1) == 0 ? this : this | above

  /** Whether this is positive and exactly one bit is set. */
  is-power-of-two -> bool:
    return this > 0 and this & (this - 1) == 0

  /** Whether this is a multiple of $n, which must be a power of two. */
  is-aligned n/int -> bool:
    if not n.is-power-of-two: throw "INVALID ARGUMENT"
    return this & (n - 1) == 0

  /** Calls $block with 0, 1 and so on up to this number (exclusive). */
  repeat [block] -> none:
    for i := 0; i < this; i++: block.call i

  /** The number of zero bits above the highest bit that is set. */
  count-leading-zeros -> int:
    #primitive.int.leading-zeros

  /** The number of zero bits below the lowest bit that is set. */
  count-trailing-zeros -> int:
    #primitive.int.trailing-zeros

  /** The number of bits that are set. */
  population-count -> int:
    #primitive.int.population-count

  /** 1 if the number of set bits is odd, else 0. */
  parity -> int:
    return population-count & 1

  /** Whether the number of set bits is even. */
  has-even-parity -> bool:
    return parity == 0

  /** Whether the number of set bits is odd. */
  has-odd-parity -> bool:
    return parity == 1

int-parse_ bytes from/int to/int radix/int -> any:
  #primitive.int.parse: | error | return error

int-to-radix_ number/int radix/int -> string:
  #primitive.int.to-radix

int-to-unsigned_ number/int radix/int -> string:
  #primitive.int.to-unsigned
