// Made from random.toit by `lucarne interface generate --toit`. Do not edit: change
// random.toit instead, and make this file again.

import system.services show ServiceSelector

/** A source of random numbers. */
interface Random:
  static SELECTOR ::= ServiceSelector
      --uuid="e8c1b9c2-5c0c-4bb1-8f8e-21a3b1f6a6d0"
      --major=1
      --minor=0

  static BAD-LIMIT-ERROR ::= "BAD_LIMIT"
  static BAD-SIDES-ERROR ::= "BAD_SIDES"

  /** Returns a number from 0 up to, but not including, the limit. */
  generate limit/int -> int
  static GENERATE-INDEX ::= 0

  /**
  Returns a die with this number of sides, until the player closes it.

  Returns a handle.
  */
  create-die sides/int -> int
  static CREATE-DIE-INDEX ::= 1

  /** Returns the side that comes up, from 1 on. */
  die-roll handle/int -> int
  static DIE-ROLL-INDEX ::= 2
