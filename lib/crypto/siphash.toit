/** SipHash, a keyed hash for short inputs (Aumasson and Bernstein, 2012). */

import io

import .checksum
import .native-checksum_

/**
The SipHash of the bytes of $data from $from to $to (exclusive).

The $key has 16 bytes, the result 8 or 16. The default numbers of rounds give SipHash-2-4.
*/
siphash
    data/io.Data
    key/ByteArray
    --output-length/int=16
    --c-rounds/int=2
    --d-rounds/int=4
    from/int=0
    to/int=data.byte-size -> ByteArray:
  summer := Siphash key --output-length=output-length --c-rounds=c-rounds --d-rounds=d-rounds
  return checksum summer data from to

/** A SipHash in progress. */
class Siphash extends NativeChecksum_:
  /** Starts a hash. See $siphash. */
  constructor key --output-length/int=16 --c-rounds/int=2 --d-rounds/int=4:
    super (siphash-new_ key output-length c-rounds d-rounds)

  constructor.private_ state/NativeState_:
    super state

  /** See $super. */
  clone -> Siphash:
    return Siphash.private_ (checksum-copy_ state_)

siphash-new_ key/any output-length/int c-rounds/int d-rounds/int -> NativeState_:
  #primitive.checksum.new-siphash
