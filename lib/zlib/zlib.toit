/**
Compression and decompression in the formats zlib (RFC 1950), deflate (RFC 1951) and gzip (RFC 1952).

Each encoder and decoder has a writer `out` for what goes in, and a reader `in` for what
  comes out. They are best used from two tasks, since each waits for the other.
*/

import .coder_
import .encoders
import .decoders
import .huffman_
import .inflate

export *
