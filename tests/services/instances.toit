// Containers that are started from the image of the program itself.
// expect: done

import expect show *
import monitor
import system.containers

TRAVELLERS ::= [1, "two", null, 4.5, [true]]

main arguments:
  if arguments is Map:
    child arguments
    return
  what-is-installed
  one-that-ends
  one-that-fails
  one-that-is-stopped
  one-that-is-closed
  arguments-travel
  events
  what-is-refused
  print "done"

start what/string --on-event/Lambda?=null --on-stopped/Lambda?=null -> containers.Container:
  return containers.start containers.current { "do": what } --on-event=on-event --on-stopped=on-stopped

what-is-installed:
  images := containers.images
  expect-equals 1 images.size
  expect-equals containers.current images.first.id

one-that-ends:
  codes := []
  container := start "nothing" --on-stopped=:: codes.add it
  expect-equals 0 container.wait
  expect-equals 0 container.wait
  expect-equals [0] codes
  container.on-stopped:: codes.add it
  expect-equals [0, 0] codes

one-that-fails:
  expect-equals 7 (start "fail").wait

one-that-is-stopped:
  container := start "wait"
  code := container.stop
  expect-equals code container.wait

one-that-is-closed:
  container := start "wait"
  container.close
  expect-throw "CLOSED": container.wait

arguments-travel:
  container := containers.start containers.current {
    "do": "compare",
    "with": TRAVELLERS,
  }
  expect-equals 0 container.wait

events:
  states := monitor.Channel 2
  container := start "background" --on-event=:: | kind value |
    expect-equals containers.Container.EVENT-BACKGROUND-STATE-CHANGE kind
    states.send value
  expect-equals true states.receive
  expect-equals false states.receive
  expect-equals 0 container.wait
  // The first container has no starter to tell.
  containers.notify-background-state-changed true

what-is-refused:
  writer := containers.ContainerImageWriter 4
  writer.write #[1, 2, 3]
  expect-throw "OUT_OF_BOUNDS": writer.commit
  expect-throw "OUT_OF_BOUNDS": writer.write #[4, 5]
  writer.write #[4]
  expect-throw "PERMISSION_DENIED": writer.commit
  expect-throw "OUT_OF_BOUNDS": containers.ContainerImageWriter -1
  expect-throw "PERMISSION_DENIED": containers.uninstall containers.current

child arguments/Map:
  what := arguments["do"]
  if what == "fail": exit 7
  if what == "wait": sleep --ms=60_000
  if what == "compare": expect-equals TRAVELLERS arguments["with"]
  if what == "background":
    containers.notify-background-state-changed true
    containers.notify-background-state-changed false
