// Made from climate.toit by `lucarne interface generate --toit`. Do not edit: change
// climate.toit instead, and make this file again.

import system.services show ServiceSelector

/** The climate in a room. */
interface Climate:
  static SELECTOR ::= ServiceSelector
      --uuid="c069dffc-d46b-4e28-9f72-b83bab98364c"
      --major=1
      --minor=0

  /** Returns the temperature now, in tenths of a degree Celsius. */
  temperature -> int
  static TEMPERATURE-INDEX ::= 0

  /**
  Watches the temperature. From now on, each change of it is sent.

  Returns a handle.
  */
  watch -> int
  static WATCH-INDEX ::= 1
