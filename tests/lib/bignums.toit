// Integers of any size.

import bignum show *
import expect show *

/** The integer for hexadecimal $digits. */
hex digits/string -> Bignum:
  return Bignum.hex digits

main:
  big := hex "10000000000000000"
  expect-equals "0x010000000000000000" big.stringify
  expect-equals "0xffffffffffffffff" (big - 1).stringify
  expect-equals "-0x010000000000000001" ((hex "-1") - big).stringify
  expect-equals "0x" (big - big).stringify
  expect-equals ((hex "FFFF") * 65537) (hex "ffffffff")
  expect-equals (Bignum.with-bytes true #[0, 0, 5]) -5

  // Quotients are rounded toward zero, remainders are not negative.
  expect-equals ((hex "7") / 2) 3
  expect-equals ((hex "-7") / 2) -3
  expect-equals ((hex "-7") / (hex "-2")) 3
  expect-equals ((hex "-7") % 3) 2
  expect-equals ((hex "7") % 7) 0
  expect-equals (hex "8000000000000000") ((hex "0") - int.MIN)
  expect-equals (hex "-8000000000000000") int.MIN

  // Equal numbers may have different bytes, and zero either sign.
  expect-equals (hex "00ff") (hex "ff")
  expect-equals (hex "-0") 0
  expect-not-equals (hex "-1") 1
  expect-not-equals (hex "100") 0

  // Fermat: for a prime p, a^(p-1) is 1 modulo p. This one is 2^255 - 19.
  prime := hex ("7" + "f" * 61 + "ed")
  expect-equals (mod-exp (hex "123456789abcdef") (prime - 1) prime) 1
  expect-equals (mod-exp (hex "-2") (hex "3") (hex "5")) 2
  expect-equals (mod-exp (hex "3") (hex "0") (hex "100")) 1
  expect-equals (mod-exp (hex "3") (hex "5") (hex "10")) 3

  factorial := hex "1"
  200.repeat: factorial *= it + 1
  200.repeat: factorial /= 200 - it
  expect-equals factorial 1

  expect-throw "DIVISION_BY_ZERO": big / 0
  expect-throw "DIVISION_BY_ZERO": big % 0
  expect-throw "NEGATIVE_ARGUMENT": big % -1
  expect-throw "INVALID_ARGUMENT": mod-exp big (hex "-1") big
  expect-throw "INVALID_ARGUMENT": mod-exp big big (hex "0")
  expect-throw "INTEGER_PARSING_ERROR": hex "xy"
  expect-throw "WRONG_OBJECT_TYPE": big + "1"
  huge := Bignum.with-bytes false (ByteArray 32 * 1024 --initial=1)
  huge * huge
  expect-throw "OUT_OF_MEMORY": huge * huge * huge
  expect-throw "OUT_OF_MEMORY": mod-exp big huge huge
