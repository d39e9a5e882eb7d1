// Stays in the room, and repeats its name: `guest NAME`. It hears noise, but does not print it: the
// log has no room for it.
import .room-client show RoomClient

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
