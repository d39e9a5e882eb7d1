/** The MD5 message digest (RFC 1321). MD5 is not secure. Use it only for old formats. */

import io

import .checksum
import .native-checksum_

/** The MD5 hash of the bytes of $data from $from to $to (exclusive). */
md5 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Md5 data from to

/** An MD5 hash in progress. */
class Md5 extends NativeChecksum_:
  /** The block size of the hash, in bytes. */
  static BLOCK-SIZE ::= 64

  /** Starts a new hash of no data. */
  constructor:
    super md5-new_

  constructor.private_ state/NativeState_:
    super state

  /** See $super. */
  clone -> Md5:
    return Md5.private_ (checksum-copy_ state_)

md5-new_ -> NativeState_:
  #primitive.checksum.new-md5
