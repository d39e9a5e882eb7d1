// Made from room.toit by `lucarne interface generate --toit`. Do not edit: change
// room.toit instead, and make this file again.

import monitor as monitor_
import system.services show ServiceClient ServiceResourceProxy ServiceSelector

import .room as definition_
import .room-service show Room

/** A room: each visitor hears what the others say. */
class RoomClient extends ServiceClient implements definition_.Room:
  static SELECTOR ::= Room.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** Enters under a name. From now on, what others say is sent to the seat. */
  enter name/string -> Seat:
    return Seat this (invoke_ Room.ENTER-INDEX name)

/** A place in the room, until it is closed. */
class Seat extends ServiceResourceProxy implements definition_.Seat:
  channel_/monitor_.Channel ::= monitor_.Channel 10

  constructor client/ServiceClient handle/int:
    super client handle

  /** Sends a text to all other visitors. Returns their number. */
  say text/string -> int:
    return client_.invoke_ Room.SEAT-SAY-INDEX [handle_, text]

  /** Waits for the next text, and returns it. */
  hear -> string:
    return channel_.receive

  on-notified_ notification/any -> none:
    channel_.send notification
