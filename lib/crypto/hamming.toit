/** A Hamming code: 11 bits of data in 16, so that one wrong bit can be corrected and two detected. */

/*
A word has its parity bits at the positions 1, 2, 4 and 8, counted from 1. The bit at position p
  covers the positions whose number has the bit p, so that the numbers of the failing checks add up
  to the position of the wrong bit. Bit 15 makes the number of set bits in the whole word even.
*/

/** The positions of the data, from the lowest bit. */
DATA-POSITIONS_ ::= #[3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]

/** The number $in, which has 11 bits, as 16 bits with parity. */
encode-16-11 in:
  assert: 0 <= in < 1 << 11
  word := 0
  DATA-POSITIONS_.size.repeat:
    if in >> it & 1 == 1: word |= 1 << DATA-POSITIONS_[it] - 1
  // With all parity bits at zero, the failing checks are the bits that must be set.
  wrong := failing-position_ word
  for position := 1; position <= 8; position <<= 1:
    if wrong & position != 0: word |= 1 << position - 1
  return word | (word.population-count & 1) << 15

/**
The 11 bits that were encoded as $in, even if one of the 16 bits is wrong.

Returns null if two bits are wrong.
*/
fix-16-11 in:
  wrong := failing-position_ in
  is-odd := in.population-count & 1 == 1
  // The number of wrong bits is even, and not zero.
  if wrong != 0 and not is-odd: return null
  if wrong != 0: in ^= 1 << wrong - 1
  data := 0
  DATA-POSITIONS_.size.repeat:
    data |= (in >> DATA-POSITIONS_[it] - 1 & 1) << it
  return data

/** The sum of the parity positions whose check fails in $word. */
failing-position_ word/int -> int:
  sum := 0
  15.repeat: if word >> it & 1 == 1: sum ^= it + 1
  return sum
