// A visitor. The first argument is its name. It says each of the other arguments, and prints what
// it hears.
import .room-client show RoomClient

main arguments/List:
  visit arguments[0] arguments[1..]

visit name/string texts/List -> none:
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter name
  texts.do: print "$(seat.say it) heard $name say: $it"
  while true:
    text := seat.hear
    print "$name hears $text"
    if text.ends-with "Goodbye!": break
  room.close
