// expect: printed before
// expect: written between
// expect: from a child
// expect: printed after
// expect error: on error
// The standard streams: prints, writes and the output of children keep this order. Closing a stream
// is seen at its other end.

import expect show *

import .natives

main:
  print "printed before"
  out := pipe-of pipe-group 1
  write-all out "written between\n"
  expect-equals (exited 0) (end-of (shell "echo from a child"))
  print "printed after"
  error := pipe-of pipe-group 2
  write-all error "on error\n"
  in := is-open-file 0 ? 0 : pipe-of pipe-group 0
  expect-null (await-end in)
  3.repeat: expect-not (is-terminal it)
  close-pipe out pipe-group
  expect-throw "ALREADY_CLOSED": write-pipe out "x" 0 1
  print "this goes nowhere"

await-end in:
  await-state in READABLE
  return read-pipe in
