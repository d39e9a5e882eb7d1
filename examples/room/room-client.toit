// Made from room.toit by `lucarne interface generate --toit`. Do not edit: change
// room.toit instead, and make this file again.

import system.services show NotificationQueue ServiceClient ServiceResourceProxy ServiceSelector

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
  notifications_/NotificationQueue ::= NotificationQueue 10

  constructor client/ServiceClient handle/int:
    super client handle

  /** Sends a text to all other visitors. Returns their number. */
  say text/string -> int:
    return client_.invoke_ Room.SEAT-SAY-INDEX [open-handle_, text]

  /** Waits for the next text, and returns it. */
  hear -> string:
    return notifications_.next

  on-notified_ notification/any -> none:
    notifications_.add notification

  on-ended_ reason/string -> none:
    notifications_.end reason
