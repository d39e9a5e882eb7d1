// Is in the room and stays silent.
import .room-client show RoomClient

main arguments/List:
  room := RoomClient
  room.open --timeout=(Duration --s=60)
  seat := room.enter arguments[0]
  print "in"
  while true: seat.hear
