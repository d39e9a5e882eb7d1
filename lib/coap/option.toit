/** Options of CoAP messages. */

OPTION-OBSERVE  ::= 6
OPTION-URI-PATH ::= 11
OPTION-BLOCK-2  ::= 23
OPTION-SIZE-2   ::= 28

/** An option: a number that says what it is, and a value. */
class Option:
  number/int
  value/ByteArray

  constructor.bytes .number .value:

  constructor.string .number text/string:
    value = text.to-byte-array

  /** Constructs an option with an integer, which is not negative. It is encoded in as few bytes as possible. */
  constructor.uint .number u/int:
    size := 0
    while u >> (8 * size) != 0: size++
    value = ByteArray size: u >> (8 * (size - 1 - it)) & 0xff

  as-string -> string:
    return value.to-string

  as-uint -> int:
    u := 0
    value.do: u = u << 8 | it
    return u
