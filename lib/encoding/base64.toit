/** Binary data as text of 64 different characters. See RFC 4648. */

import ..io as io
import ..io.data show data-bytes_

/** The base64 text of $data. In $url-mode it is safe in URLs, and has no padding. */
encode data/io.Data --url-mode/bool=false -> string:
  return base64-encode_ (data-bytes_ data) url-mode

/** The bytes of a base64 text, which must be as $encode makes it. */
decode data/io.Data --url-mode/bool=false -> ByteArray:
  return base64-decode_ (data-bytes_ data) url-mode

base64-encode_ data url-mode/bool -> string:
  #primitive.encoding.base64-encode

base64-decode_ data url-mode/bool -> ByteArray:
  #primitive.encoding.base64-decode
