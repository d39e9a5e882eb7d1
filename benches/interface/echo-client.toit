// Made from echo.toit by `lucarne interface generate --toit`. Do not edit: change
// echo.toit instead, and make this file again.

import system.services show ServiceClient ServiceSelector

import .echo as definition_
import .echo-service show Echo decode-point_ encode-point_

/** Returns what it gets. */
class EchoClient extends ServiceClient implements definition_.Echo:
  static SELECTOR ::= Echo.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  number value/int -> int:
    return invoke_ Echo.NUMBER-INDEX value

  sum a/int b/int -> int:
    return invoke_ Echo.SUM-INDEX [a, b]

  text value/string -> string:
    return invoke_ Echo.TEXT-INDEX value

  point value/definition_.Point -> definition_.Point:
    return decode-point_ (invoke_ Echo.POINT-INDEX (encode-point_ value))
