// expect: all is well
// A process that ends leaves nothing open, even if its tasks wait, and its children continue.

import expect show *

import .natives

main:
  [false, true].do: | with-waiters/bool |
    with-folder: | folder/string |
      spawn:: leave-things-open folder with-waiters
      // The child's input ends, since no process has the other end any more.
      while not stat "$folder/after" true: sleep --ms=1
      expect-not-null (stat "$folder/before" true)
  print "all is well"

leave-things-open folder/string with-waiters/bool -> none:
  chdir folder
  file := open "opened" (2 | 8) 0x1b6
  listing := open-folder null "."
  ins := create-pipe pipe-group true
  outs := create-pipe pipe-group false
  shell "touch before; cat; touch after" --in=ins[1] --out=outs[1]
  slow := shell "exec sleep 0.5"
  if with-waiters:
    [1, 2].do: | bits | task --background:: await-state outs[0] 1
    task --background:: await-state slow -1
    task --background:: with-timeout --ms=100_000: await-state outs[0] 1
  sleep --ms=10
  exit 0
