/** Reading the bits of bytes, the lowest bit of each byte first. */

/**
Reads bits of input that comes in pieces.

If there are not enough bits, a method calls its block, which must not return: it rewinds to the
  $mark and waits for more input.
*/
class BitReader_:
  input_/ByteArray := #[]
  position_/int := 0
  // Bits that have been taken from the input, the next one lowest.
  bits_/int := 0
  size_/int := 0

  marked-position_/int := 0
  marked-bits_/int := 0
  marked-size_/int := 0

  /** Appends input, which must not change from now on. */
  add bytes/ByteArray -> none:
    rest := input_.size - position_
    input_ = rest == 0 ? bytes : input_[position_..] + bytes
    position_ = 0

  /** The number of unread bytes. */
  unread -> int:
    return input_.size - position_

  /** Sets the place to which $rewind goes back. */
  mark -> none:
    marked-position_ = position_
    marked-bits_ = bits_
    marked-size_ = size_

  /** Goes back to the mark. No input may have been added since. */
  rewind -> none:
    position_ = marked-position_
    bits_ = marked-bits_
    size_ = marked-size_

  /** Makes sure that there are $n bits, at most 32. */
  ensure_ n/int [short] -> none:
    while size_ < n:
      if position_ == input_.size: short.call
      bits_ |= input_[position_++] << size_
      size_ += 8

  /** The next $n bits, at most 32. */
  take n/int [short] -> int:
    ensure_ n short
    result := bits_ & (1 << n) - 1
    bits_ >>= n
    size_ -= n
    return result

  /** Skips $n bits. */
  skip n/int [short] -> none:
    ensure_ n short
    bits_ >>= n
    size_ -= n

  /** The next eight bits without taking them, zeros where there are none. */
  peek-byte -> int:
    if size_ < 8 and position_ < input_.size:
      bits_ |= input_[position_++] << size_
      size_ += 8
    return bits_ & 0xff

  /** Skips the rest of a partly read byte. */
  align -> none:
    bits_ >>= size_ & 7
    size_ &= ~7

  /** At most $n of the next bytes. The reader must be aligned. */
  take-bytes n/int -> ByteArray:
    if n > 0 and size_ > 0: return #[(take 8: unreachable)]
    result := input_[position_..position_ + (min n unread)]
    position_ += result.size
    return result
