// Stays in the room, and says who it is again and again: `guest NAME`.
import .room show RoomClient Seat

main arguments/List:
  name := arguments[0]
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter name
  task --background::
    while true: print "$name hears $seat.hear"
  while true:
    seat.say "I am $name"
    sleep --ms=100
