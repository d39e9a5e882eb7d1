/**
Objects as bytes, for storing them.

TISON supports the same objects as messages between processes: JSON's types, byte arrays, and maps
  with keys of any of these types. The form is compact, but private to this system.
*/

import ..io as io
import ..io.data show data-bytes_

/**
The encoding of $object: null, a bool, number, string or byte array, or a list or map of these.

Throws if they are nested too deeply, as objects that contain themselves are.
*/
encode object/any -> ByteArray:
  #primitive.encoding.tison-encode

/** The object that $data encodes. Throws "WRONG_OBJECT_TYPE" if the data is damaged. */
decode data/io.Data -> any:
  return tison-decode_ (data-bytes_ data)

tison-decode_ data -> any:
  #primitive.encoding.tison-decode
