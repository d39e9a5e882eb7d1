// The room as a container of its own: `lucarne run examples/room/hall.toit` keeps it open.
import monitor
import .room show Seat
import .room-provider show RoomProvider

class Hall extends RoomProvider:
  chairs_ ::= []

  constructor: super "example/hall"

  enter name/string -> Seat:
    chair := Chair name this
    chairs_.add chair
    return chair

// The provider's implementation of a seat. It knows nothing of processes and messages.
class Chair implements Seat:
  name/string
  hall_/Hall
  texts_/monitor.Channel ::= monitor.Channel 100

  constructor .name .hall_:

  say text/string -> int:
    others := hall_.chairs_.filter: it != this
    // A visitor for whom too many texts wait does not receive this one.
    others.do: it.texts_.try-send "$name: $text"
    return others.size

  hear -> string:
    return texts_.receive

  // Called however the visitor left.
  close -> none:
    hall_.chairs_.remove this

main:
  (Hall).install
