/** The Secure Hash Algorithm 1 (FIPS 180-4). Collisions are known: use it for old formats only. */

import io

import .checksum
import .native-checksum_

/** The SHA-1 hash of the bytes of $data from $from to $to (exclusive). */
sha1 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Sha1 data from to

/** A SHA-1 hash in progress. */
class Sha1 extends NativeChecksum_:
  /** Starts a hash. */
  constructor:
    super sha1-new_

  constructor.private_ state/NativeState_:
    super state

  /** See $super. */
  clone -> Sha1:
    return Sha1.private_ (checksum-copy_ state_)

sha1-new_ -> NativeState_:
  #primitive.checksum.new-sha1
