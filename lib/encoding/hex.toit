/** Binary data as hexadecimal digits. */

import ..io as io
import ..io.data show data-bytes_

/** The bytes of $data as two lower-case digits each. */
encode data/io.Data -> string:
  return hex-encode_ (data-bytes_ data)

/**
The bytes for the digits in $str.

If their number is odd, the first byte has only one digit.
*/
decode str/string -> ByteArray:
  // One or two digits are parsed as a number, with the errors of $int.parse.
  if 0 < str.size <= 2: return #[int.parse --radix=16 str]
  return hex-decode_ (str.size % 2 == 0 ? str : "0$str")

hex-encode_ data -> string:
  #primitive.encoding.hex-encode

hex-decode_ text/string -> ByteArray:
  #primitive.encoding.hex-decode
