// The service of the casino in `dice.rs`, from which `lucarne interface` makes the rest:
// for Toit the files random-*.toit, and for Rust the module `random`, when the example is built.

/**
A source of random numbers.

@service e8c1b9c2-5c0c-4bb1-8f8e-21a3b1f6a6d0 1.0
*/
interface Random:
  /**
  Returns a number from 0 up to, but not including, the limit.

  @throws BAD_LIMIT
  */
  generate limit/int -> int

  /**
  Returns a die with this number of sides, until the player closes it.

  @throws BAD_SIDES
  */
  create-die sides/int -> Die

/**
A die.

@resource
*/
interface Die:
  /** Returns the side that comes up, from 1 on. */
  roll -> int

  /**
  Calls the lambda with the number of rolls, whenever the highest side comes up.

  @notification rolls/int
  */
  on-highest lambda/Lambda -> none

  /** @close */
  close -> none
