// The service of the room, from which `lucarne interface` makes the rest: for Toit the files
// room-*.toit beside it. `room.rs` shows what it would look like if it were written by hand, in Rust.

/**
A room: each visitor hears what the others say.

@service 6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55 1.0
*/
interface Room:
  /** Enters under a name. From now on, what others say is sent to the seat. */
  enter name/string -> Seat

/**
A place in the room, until it is closed.

@resource
*/
interface Seat:
  /** Sends a text to all other visitors. Returns their number. */
  say text/string -> int

  /**
  Waits for the next text, and returns it.

  @next
  */
  hear -> string

  /** @close */
  close -> none
