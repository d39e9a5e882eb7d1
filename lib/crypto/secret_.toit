/** Secrets from the operating system. */

import .pieces_

/** $size unpredictable bytes. */
secret-bytes_ size/int -> ByteArray:
  result := ByteArray size
  List.chunk-up 0 size PIECE-SIZE_: | from to |
    fill-secret_ result from to
  return result

/** Overwrites the bytes from $from to $to (exclusive) with unpredictable ones. */
fill-secret_ bytes/ByteArray from/int to/int -> none:
  #primitive.random.fill-secret
