/** Compression by natives. */

import io
import ..io.data show has-native-bytes_

import .coder_

/**
The maximum number of bytes that a native gets at once, so that it does not delay other processes.
*/
INPUT-SIZE_ ::= 32 * 1024

/** Compresses or decompresses the format zlib. */
class NativeBackend_ implements Backend_:
  state_/NativeState_

  constructor .state_:

  read -> ByteArray?:
    return zlib-read_ state_

  write data/io.Data from/int to/int -> int:
    with-native-bytes_ data from (min to (from + INPUT-SIZE_)): | piece start end |
      return zlib-write_ state_ piece start end
    unreachable

  close -> none:
    zlib-close_ state_

/** Calls $block with the bytes of $data from $from to $to, in a form that natives can read. */
with-native-bytes_ data/io.Data from/int to/int [block] -> none:
  if has-native-bytes_ data:
    block.call data from to
  else:
    block.call (ByteArray.from data from to) 0 (to - from)

deflater-new_ level/int -> NativeState_:
  #primitive.zlib.new-deflater

inflater-new_ -> NativeState_:
  #primitive.zlib.new-inflater

/** The next bytes: an empty byte array if input must be written first, null if there are no more. */
zlib-read_ state/NativeState_ -> ByteArray?:
  #primitive.zlib.read

/** Takes bytes of $data, a string or byte array, from $from on. Returns the number of bytes taken. */
zlib-write_ state/NativeState_ data/any from/int to/int -> int:
  #primitive.zlib.write

/** Ends the input. */
zlib-close_ state/NativeState_ -> none:
  #primitive.zlib.close

run-length-new_ -> NativeState_:
  #primitive.zlib.new-run-length

/** The codes of bytes of $data, a string or byte array. Bits that do not fill a byte are kept for the next call. */
run-length-add_ state/NativeState_ data/any from/int to/int -> ByteArray:
  #primitive.zlib.run-length-add

/** The last codes, and the code of the end mark. */
run-length-finish_ state/NativeState_ -> ByteArray:
  #primitive.zlib.run-length-finish
