// The service of `compare.toit`, from which `lucarne interface` makes the files echo-*.toit.

/**
Returns what it gets.

@service 6e2f6b0c-51c0-4a3c-8f0e-64b0e3a8f8a1 1.0
*/
interface Echo:
  number value/int -> int

  sum a/int b/int -> int

  /** @throws EMPTY */
  text value/string -> string

  point value/Point -> Point

/** @record */
class Point:
  x/int
  y/int

  constructor .x .y:
