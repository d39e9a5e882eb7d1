// A room whose visitors hear what the others say: run it with `lucarne run examples/room/in_toit.toit`.
import .hall show Hall
import .room-client show RoomClient
import .visitor show visit

main:
  // Each `spawn` starts a process that shares nothing with this one.
  spawn::
    hall := Hall
    hall.install
    // Ends when the last visitor has left.
    hall.uninstall --wait
  spawn:: visit "Ada" []
  spawn:: visit "Bob" []
  room := RoomClient
  room.open --timeout=(Duration --s=5)
  seat := room.enter "Eve"
  // Waits until both are there.
  while (seat.say "Hello?") < 2: sleep --ms=10
  seat.say "Goodbye!"
  room.close
