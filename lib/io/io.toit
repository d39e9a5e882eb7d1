/** Binary data: reading, writing, collecting. */

import .buffer
import .byte-order
import .data
import .reader
import .writer

export *

/** Calls $block with copies of parts of $data, if $error shows that a native could not read it. */
primitive-redo-chunked-io-data_ error data/Data from/int=0 to/int=data.byte-size [block] -> none:
  if error != "WRONG_BYTES_TYPE": throw error
  List.chunk-up from to 4096: | start end |
    block.call (ByteArray.from data start end)

/** Calls $block with a copy of $data, if $error shows that a native could not read it. */
primitive-redo-io-data_ error data/Data from/int=0 to/int=data.byte-size [block] -> any:
  if error != "WRONG_BYTES_TYPE": throw error
  return block.call (ByteArray.from data from to)
