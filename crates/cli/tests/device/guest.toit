// Stays in the room, and says who it is again and again: `guest NAME`. Noise is heard, but not printed: the log would not keep the rest.
import .room show RoomClient Seat

main arguments/List:
  name := arguments[0]
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter name
  task --background::
    while true:
      heard := seat.hear
      if not heard.contains "noise": print "$name hears $heard"
  while true:
    seat.say "I am $name"
    sleep --ms=100
