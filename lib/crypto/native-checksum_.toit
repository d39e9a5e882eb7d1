/** Checksums that natives compute. */

import io

import .checksum
import .pieces_

/** A checksum that keeps its progress in a $state_. */
abstract class NativeChecksum_ extends Checksum:
  state_/NativeState_

  constructor .state_:

  add data/io.Data from/int to/int -> none:
    pieces-do_ data from to: | piece start end |
      checksum-add_ state_ piece start end

  get -> ByteArray:
    return checksum-get_ state_

/** Adds bytes of $data, a string or byte array. */
checksum-add_ state/NativeState_ data/any from/int to/int -> none:
  #primitive.checksum.add

/** The checksum. Closes the $state. */
checksum-get_ state/NativeState_ -> ByteArray:
  #primitive.checksum.get

/** Another state with the same data so far. */
checksum-copy_ state/NativeState_ -> NativeState_:
  #primitive.checksum.copy
