// Starts further containers of its own image.
import monitor
import system.containers

main argument:
  if argument is Map:
    child argument["do"]
    return
  print "installed: $(containers.images.map: it.name)"
  first := containers.start containers.current { "do": "end" }
  print "ended with $first.wait"
  background := monitor.Latch
  second := containers.start containers.current { "do": "tick" } --on-event=:: | _ state | background.set state
  print "background: $background.get"
  print "stopped with $second.stop"
  containers.start containers.current { "do": "tick" }
  sleep --ms=60_000

child what/string:
  print "$what as $(containers.current)"
  if what == "end": exit 3
  containers.notify-background-state-changed true
  while true:
    print "tick"
    sleep --ms=10
