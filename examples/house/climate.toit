// The service of the house, from which `lucarne interface generate --toit` makes the files climate-*.toit.

/**
The climate in a room.

@service c069dffc-d46b-4e28-9f72-b83bab98364c 1.0
*/
interface Climate:
  /** Returns the temperature now, in tenths of a degree Celsius. */
  temperature -> int

  /** Watches the temperature. From now on, each change of it is sent. */
  watch -> Watch

/**
A watch, until it is closed.

@resource
*/
interface Watch:
  /**
  Waits for the next temperature, and returns it.

  @next
  */
  next -> int

  /** @close */
  close -> none
