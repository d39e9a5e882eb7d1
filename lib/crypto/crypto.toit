/** Cryptography: what its modules have in common, and random numbers that nobody can guess. */

import .checksum
import .ec
import .secret_

export *

/** $size bytes that nobody can guess, from the operating system. */
random --size/int -> ByteArray:
  return secret-bytes_ size
