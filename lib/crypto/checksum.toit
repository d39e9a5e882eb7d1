/** Checksums and hashes: what they have in common. */

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
  The checksum of what was added.

  Most kinds can be asked once only, and take no more data afterwards.
  */
  abstract get -> ByteArray

  /** Another checksum in progress, with the same data so far. */
  abstract clone -> Checksum

/** The checksum that $summer makes of the bytes of $data from $from to $to (exclusive). */
checksum summer/Checksum data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  summer.add data from to
  return summer.get
