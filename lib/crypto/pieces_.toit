/** Data for natives, in pieces, so that long data does not delay other processes. */

import io
import ..io.data show has-native-bytes_

/** The most bytes that a native gets at once. */
PIECE-SIZE_ ::= 64 * 1024

/**
Calls $block for each piece of $data from $from to $to (exclusive), with an object that natives
  can read, and the range of the piece in that object.
*/
pieces-do_ data/io.Data from/int to/int [block] -> none:
  if not 0 <= from <= to <= data.byte-size: throw "OUT_OF_BOUNDS"
  is-native := has-native-bytes_ data
  for start := from; start < to; start += PIECE-SIZE_:
    end := min to (start + PIECE-SIZE_)
    if is-native:
      block.call data start end
    else:
      block.call (ByteArray.from data start end) 0 (end - start)
