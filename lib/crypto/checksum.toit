/** The common part of checksums and hashes. */

import io

/** A checksum in progress. */
abstract class Checksum:
  /** Adds all bytes of $data. */
  add data/io.Data -> none:
    add data 0 data.byte-size

  /** Adds the bytes of $data from $from on. */
  add data/io.Data from/int -> none:
    add data from data.byte-size

  /** Adds the bytes of $data from $from to $to (exclusive). */
  abstract add data/io.Data from/int to/int -> none

  /**
  The checksum of the added data.

  Most kinds return it only once, and accept no more data afterwards.
  */
  abstract get -> ByteArray

  /** Another checksum in progress, with the same data so far. */
  abstract clone -> Checksum

/** The checksum of the bytes of $data from $from to $to (exclusive), made by $summer. */
checksum summer/Checksum data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  summer.add data from to
  return summer.get
