/** Cryptography: what its modules have in common, and random numbers that nobody can guess. */

import .checksum
import .pieces_

export *

/** $size bytes that nobody can guess, from the operating system. */
random --size/int -> ByteArray:
  result := ByteArray size
  List.chunk-up 0 size PIECE-SIZE_: | from to |
    fill-secret_ result from to
  return result

/** Overwrites the bytes from $from to $to (exclusive) with what nobody can guess. */
fill-secret_ bytes/ByteArray from/int to/int -> none:
  #primitive.random.fill-secret
