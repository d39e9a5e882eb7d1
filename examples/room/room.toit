// The interface of the room and the client, for visitors and providers.
import monitor
import system.services show *

// Identifies the service forever. Any UUID works, if no other service uses it.
SELECTOR ::= ServiceSelector
    --uuid="6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55"
    --major=1
    --minor=0

ENTER-INDEX ::= 0
SAY-INDEX ::= 1

class RoomClient extends ServiceClient:
  constructor: super SELECTOR

  /** Enters under a name. From now on, what others say is sent to the seat. */
  enter name/string -> Seat:
    return Seat this (invoke_ ENTER-INDEX name)

/** A place in the room, until it is closed. */
class Seat extends ServiceResourceProxy:
  heard_/monitor.Channel ::= monitor.Channel 10

  constructor client/ServiceClient handle/int: super client handle

  /** Sends a text to all other visitors. Returns the number of visitors whose queue had room for it. */
  say text/string -> int:
    return (client_ as RoomClient).invoke_ SAY-INDEX [handle_, text]

  /** Waits for the next message, and returns it. */
  hear -> string:
    return heard_.receive

  on-notified_ text/string -> none:
    heard_.send text
