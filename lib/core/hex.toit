/** Hexadecimal digits. */

/**
The value of the hexadecimal digit $char.

If it is not a digit, returns the result of $if-error.
*/
hex-char-to-value char/int [--if-error] -> int:
  if '0' <= char <= '9': return char - '0'
  letter := (char | 0x20) - 'a'
  if char < 0x80 and 0 <= letter < 6: return letter + 10
  return if-error.call

/** The value of $char, which must be a hexadecimal digit. */
hex-char-to-value char/int -> int:
  return hex-char-to-value char --if-error=(: throw "INVALID_ARGUMENT")

/** Deprecated. Use $(hex-char-to-value char [--if-error]). */
hex-char-to-value char/int [--on-error] -> int:
  return hex-char-to-value char --if-error=on-error

/** Deprecated. Use $(hex-char-to-value char [--if-error]). */
hex-digit char/int [error-block] -> int:
  return hex-char-to-value char --if-error=error-block

/** Deprecated. Use $(hex-char-to-value char). */
hex-digit char/int -> int:
  return hex-char-to-value char

/** The lower-case hexadecimal digit for $c, which is from 0 to 15. */
to-lower-case-hex c/int -> int:
  return "0123456789abcdef"[c]

/** The upper-case hexadecimal digit for $c, which is from 0 to 15. */
to-upper-case-hex c/int -> int:
  return "0123456789ABCDEF"[c]
