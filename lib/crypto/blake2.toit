/** The BLAKE2s hash (RFC 7693), with or without a key. */

import io

import .checksum
import .native-checksum_

/**
The BLAKE2s hash of the bytes of $data from $from to $to (exclusive).

It has $hash-size bytes, at most 32. With a $key of up to 32 bytes it authenticates the data.
*/
blake2s data/io.Data from/int=0 to/int=data.byte-size --hash-size/int=32 --key/ByteArray=#[] -> ByteArray:
  return checksum (Blake2s --hash-size=hash-size --key=key) data from to

/** A BLAKE2s hash in progress. */
class Blake2s extends NativeChecksum_:
  /** Starts a hash of $hash-size bytes. See $blake2s. */
  constructor --hash-size/int=32 --key/ByteArray=#[]:
    super (blake2s-new_ key hash-size)

  constructor.private_ state/NativeState_:
    super state

  /** See $super. */
  clone -> Blake2s:
    return Blake2s.private_ (checksum-copy_ state_)

blake2s-new_ key/ByteArray hash-size/int -> NativeState_:
  #primitive.checksum.new-blake2s
