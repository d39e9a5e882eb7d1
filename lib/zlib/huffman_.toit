/** Huffman codes as deflate has them (RFC 1951, section 3.2). */

import .bit-reader_

/** The most bits that a code has. */
CODE-BITS-MAX_ ::= 15

/** A symbol, and the number of bits of its code: 0 if it has no code. */
class SymbolBitLen_:
  symbol/int
  bit-len/int

  constructor .symbol .bit-len:

/**
The meanings of the codes of a set of symbols.

Codes of up to 8 bits are looked up in a table. The others are rare: they are found bit by bit,
  which works since the codes of each length are consecutive numbers.
*/
class HuffmanTables_:
  /**
  The code at the start of each input byte: the symbol times 16, plus the size of its code.

  0 if the byte starts with no code, or with a code of more than 8 bits. The first bit of the input
    is the lowest of the byte.
  */
  first-level/List ::= List 256 --initial=0

  // The number of codes of each size.
  counts_/List ::= List CODE-BITS-MAX_ + 1 --initial=0
  // The symbols in the order of their codes.
  sorted_/List ::= []

  /** Makes tables for a list of $SymbolBitLen_. */
  constructor lengths/List:
    by-size := List CODE-BITS-MAX_ + 1: []
    lengths.do: | length/SymbolBitLen_ | by-size[length.bit-len].add length.symbol
    code := 0
    for size := 1; size <= CODE-BITS-MAX_; size++:
      symbols/List := by-size[size].sort
      code <<= 1
      if code + symbols.size > 1 << size: throw "Corrupt data"
      if size <= 8: symbols.size.repeat: enter_ symbols[it] --code=(code + it) --size=size
      code += symbols.size
      counts_[size] = symbols.size
      sorted_.add-all symbols

  enter_ symbol/int --code/int --size/int -> none:
    for index := reverse_ code size; index < 256; index += 1 << size:
      first-level[index] = symbol << 4 | size

  /** The symbol that comes next in $input. Calls $short if its code is not complete. */
  decode input/BitReader_ [short] -> int:
    entry/int := first-level[input.peek-byte]
    if entry != 0:
      input.skip (entry & 0xf) short
      return entry >> 4
    code := 0
    first := 0
    index := 0
    for size := 1; size <= CODE-BITS-MAX_; size++:
      code = code << 1 | (input.take 1 short)
      count/int := counts_[size]
      if code < first + count: return sorted_[index + code - first]
      index += count
      first = first + count << 1
    throw "Corrupt data"

/** The lowest $bits bits of $n in opposite order. */
reverse_ n/int bits/int -> int:
  result := 0
  bits.repeat: result = result << 1 | n >> it & 1
  return result

/** The codes of literals and lengths in blocks without tables of their own. */
create-fixed-symbol-and-length_ -> HuffmanTables_:
  return HuffmanTables_ (List 288: SymbolBitLen_ it (it < 144 ? 8 : it < 256 ? 9 : it < 280 ? 7 : 8))

/** The codes of distances in blocks without tables of their own. */
create-fixed-distance_ -> HuffmanTables_:
  return HuffmanTables_ (List 32: SymbolBitLen_ it 5)
