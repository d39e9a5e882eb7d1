/** Decoders. */

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

/** Decompresses the format zlib, or plain deflate. It remembers what it needs. */
class BufferingInflater extends Coder_:
  /** Creates a decoder that can look back $window-size bytes, or fewer if the data says so. */
  constructor --window-size/int=32768 --zlib-header/bool=true:
    super (InflaterBackend (RingHistory_ window-size) --zlib-header-footer=zlib-header)

/** The same as $BufferingInflater: here neither minds if what it returned is overwritten. */
class CopyingInflater extends Coder_:
  /** Creates a decoder that can look back $window-size bytes, or fewer if the data says so. */
  constructor --window-size/int=32768 --zlib-header/bool=true:
    super (InflaterBackend (RingHistory_ window-size) --zlib-header-footer=zlib-header)

/** Decompresses the format zlib, or deflate. Somebody else remembers what was decompressed. */
class Inflater extends Coder_:
  /**
  Creates a decoder that can look back $window-size bytes, or fewer if the data says so.

  The $history is told everything that is decompressed, and asked for it again.
  */
  constructor history/InflateHistory --window-size/int=32768 --zlib-header/bool=true:
    history.window-size = window-size
    super (InflaterBackend history --zlib-header-footer=zlib-header)
