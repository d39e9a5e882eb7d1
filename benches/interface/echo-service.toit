// Made from echo.toit by `lucarne interface generate --toit`. Do not edit: change
// echo.toit instead, and make this file again.

import system.services show ServiceSelector

import .echo as definition_

/** Returns what it gets. */
interface Echo:
  static SELECTOR ::= ServiceSelector
      --uuid="6e2f6b0c-51c0-4a3c-8f0e-64b0e3a8f8a1"
      --major=1
      --minor=0

  static EMPTY-ERROR ::= "EMPTY"

  number value/int -> int
  static NUMBER-INDEX ::= 0

  sum a/int b/int -> int
  static SUM-INDEX ::= 1

  text value/string -> string
  static TEXT-INDEX ::= 2

  point value/Map -> Map
  static POINT-INDEX ::= 3

encode-point_ value/definition_.Point? -> Map?:
  if not value: return null
  return {
    "x": value.x,
    "y": value.y,
  }

decode-point_ value/Map? -> definition_.Point?:
  if not value: return null
  return definition_.Point
      (value.get "x")
      (value.get "y")
