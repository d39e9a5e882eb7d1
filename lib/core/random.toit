/** Pseudo-random numbers. For secrets, use a cryptographic source instead. */

import io

/** A number from 0 to 0xFFF_FFFF, both included. */
random -> int:
  return random-next_ random-state_

/** A number from 0 to $n - 1, or 0 if $n is not positive. There are at most 0x1000_0000 different results. */
random n/int -> int:
  return n <= 0 ? 0 : random-below_ random-state_ n

/** A number from $start to $end - 1. */
random start/int end/int -> int:
  return start + (random end - start)

/**
Makes the sequence of $random numbers repeatable: the same $seed gives the same numbers.

Only the first 16 bytes of $seed are used.
*/
set-random-seed seed/io.Data -> none:
  bytes := ByteArray (min seed.byte-size 16)
  seed.write-to-byte-array bytes --at=0 0 bytes.size
  random-state_ = random-seed-state_ bytes

/** The state of this process's generator: 16 bytes. */
random-state_/ByteArray := random-bytes_ 16

/** A number of 28 bits. Advances the $state. */
random-next_ state/ByteArray -> int:
  #primitive.random.next

/** A number from 0 to $n - 1. Advances the $state. */
random-below_ state/ByteArray n/int -> int:
  #primitive.random.below

/** A state for the bytes of $seed. */
random-seed-state_ seed/ByteArray -> ByteArray:
  #primitive.random.seed

/** $count unpredictable bytes. */
random-bytes_ count/int -> ByteArray:
  #primitive.random.bytes
