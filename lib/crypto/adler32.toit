/** The Adler-32 checksum (RFC 1950). It can roll over data: bytes are added at one end and removed at the other. */

import io

import .checksum
import .native-checksum_
import .pieces_

/** The Adler-32 checksum of the bytes of $data from $from to $to (exclusive), in big-endian order. */
adler32 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Adler32 data from to

/** An Adler-32 checksum in progress. */
class Adler32 extends NativeChecksum_:
  /** Starts a checksum. */
  constructor:
    super adler32-new_

  constructor.private_ state/NativeState_:
    super state

  /** Removes the bytes of $data from $from to $to (exclusive), which must be the oldest ones. */
  unadd data/io.Data from/int=0 to/int=data.byte-size -> none:
    pieces-do_ data from to: | piece start end |
      adler32-remove_ state_ piece start end

  /** The checksum. Nothing can be added or removed afterwards. */
  get -> ByteArray:
    return get --destructive

  /** The checksum so far. If $destructive, nothing can be added or removed afterwards. */
  get --destructive/bool -> ByteArray:
    return destructive ? checksum-get_ state_ : adler32-value_ state_

  /** See $super. */
  clone -> Adler32:
    return Adler32.private_ (checksum-copy_ state_)

adler32-new_ -> NativeState_:
  #primitive.checksum.new-adler32

adler32-remove_ state/NativeState_ data/any from/int to/int -> none:
  #primitive.checksum.adler32-remove

adler32-value_ state/NativeState_ -> ByteArray:
  #primitive.checksum.adler32-value
