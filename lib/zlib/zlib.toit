/**
Compression and decompression in the formats zlib (RFC 1950), deflate (RFC 1951) and gzip (RFC
  1952).

Each encoder and decoder has a writer `out` for its input, and a reader `in` for its output. Use
  them from two tasks, since each waits for the other.
*/

import .coder_
import .encoders
import .decoders
import .huffman_
import .inflate

export *
