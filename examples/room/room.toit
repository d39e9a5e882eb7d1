// What visitors of the room need, and whoever provides it: the interface and the client's end.
import monitor
import system.services show *

// Names the service for all time. Any UUID will do, as long as nobody else uses it.
SELECTOR ::= ServiceSelector
    --uuid="6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55"
    --major=1
    --minor=0

ENTER-INDEX ::= 0
SAY-INDEX ::= 1

class RoomClient extends ServiceClient:
  constructor: super SELECTOR

  /** Comes in under a name. What others say from now on is sent to the seat. */
  enter name/string -> Seat:
    return Seat this (invoke_ ENTER-INDEX name)

/** A place in the room, until it is closed. */
class Seat extends ServiceResourceProxy:
  heard_/monitor.Channel ::= monitor.Channel 10

  constructor client/ServiceClient handle/int: super client handle

  /** Says something to all others, and returns how many there were. */
  say text/string -> int:
    return (client_ as RoomClient).invoke_ SAY-INDEX [handle_, text]

  /** What somebody said. Waits for it. */
  hear -> string:
    return heard_.receive

  on-notified_ text/string -> none:
    heard_.send text
