// Made from room.toit by `lucarne interface generate --toit`. Do not edit: change
// room.toit instead, and make this file again.

import system.services show ServiceSelector

/** A room: each visitor hears what the others say. */
interface Room:
  static SELECTOR ::= ServiceSelector
      --uuid="6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55"
      --major=1
      --minor=0

  /**
  Enters under a name. From now on, what others say is sent to the seat.

  Returns a handle.
  */
  enter name/string -> int
  static ENTER-INDEX ::= 0

  /** Sends a text to all other visitors. Returns their number. */
  seat-say handle/int text/string -> int
  static SEAT-SAY-INDEX ::= 1
