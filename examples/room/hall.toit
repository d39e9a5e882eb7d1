// The room as a container of its own: `lucarne run examples/room/hall.toit` keeps it open.
import system.services show *
import .room show SELECTOR ENTER-INDEX SAY-INDEX

class Hall extends ServiceProvider implements ServiceHandler:
  chairs_ ::= []

  constructor:
    super "example/hall" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == ENTER-INDEX:
      chair := Chair arguments this client
      chairs_.add chair
      return chair
    if index == SAY-INDEX:
      speaker := (resource client arguments[0]) as Chair
      others := chairs_.filter: it != speaker
      others.do: it.notify_ "$speaker.name: $arguments[1]"
      return others.size
    unreachable

// The provider's implementation of a seat.
class Chair extends ServiceResource:
  name/string
  hall_/Hall

  constructor .name .hall_ client/int:
    super hall_ client --notifiable

  // Called however the visitor left.
  on-closed -> none:
    hall_.chairs_.remove this

main:
  (Hall).install
