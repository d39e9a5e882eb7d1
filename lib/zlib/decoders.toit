/** Decoders for the formats zlib, gzip and deflate. */

import .coder_
import .inflate
import .native_

/** Decompresses the format zlib. */
class Decoder extends Coder_:
  /** Creates a decoder. */
  constructor:
    super (NativeBackend_ inflater-new_)

/** Decompresses the format gzip. */
class GzipDecoder extends Coder_:
  /** Creates a decoder that can look back $window-size bytes. */
  constructor --window-size/int=32768:
    super (InflaterBackend (RingHistory_ window-size) --gzip --zlib-header-footer=false)

/** Decompresses the format zlib, or plain deflate. It stores the history itself. */
class BufferingInflater extends Coder_:
  /** Creates a decoder that can look back $window-size bytes, or fewer if the data allows. */
  constructor --window-size/int=32768 --zlib-header/bool=true:
    super (InflaterBackend (RingHistory_ window-size) --zlib-header-footer=zlib-header)

/** The same as $BufferingInflater. The caller may overwrite the bytes that either of them returns. */
class CopyingInflater extends Coder_:
  /** Creates a decoder that can look back $window-size bytes, or fewer if the data allows. */
  constructor --window-size/int=32768 --zlib-header/bool=true:
    super (InflaterBackend (RingHistory_ window-size) --zlib-header-footer=zlib-header)

/** Decompresses the format zlib, or deflate. An $InflateHistory stores the history. */
class Inflater extends Coder_:
  /**
  Creates a decoder that can look back $window-size bytes, or fewer if the data allows.

  The $history records all decompressed bytes, and returns earlier ones on request.
  */
  constructor history/InflateHistory --window-size/int=32768 --zlib-header/bool=true:
    history.window-size = window-size
    super (InflaterBackend history --zlib-header-footer=zlib-header)
