// Enters the room and says more than its visitors can hear.
import .room-client show RoomClient

main:
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter "flood"
  print "flooding"
  while true: seat.say "noise"
