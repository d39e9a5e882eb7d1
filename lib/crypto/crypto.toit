/** The common part of the cryptography modules, and unpredictable random numbers. */

import .checksum
import .ec
import .secret_

export *

/** $size unpredictable bytes from the operating system. */
random --size/int -> ByteArray:
  return secret-bytes_ size
