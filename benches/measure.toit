// How long a call of a service takes, from one container to another: the median and the 99th percentile of many, each after
// a pause, as calls come on a device.
import .room show RoomClient

CALLS ::= 2_000

main:
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter "measure"
  taken := List CALLS:
    sleep --ms=1
    (Duration.of: seat.say "x").in-us
  taken.sort --in-place
  print "$taken[CALLS / 2] us, 99 %: $taken[CALLS * 99 / 100] us"
