// expect: all is well
// Pipes: waiting for them can be ended by a deadline, by cancellation and by closing them, and other
// tasks run meanwhile.

import expect show *
import monitor show ResourceState_ Latch Semaphore

import .natives

main:
  test-emptiness
  test-deadline
  test-cancellation
  test-closing
  test-many-waiters
  test-broken
  test-much
  test-abandoned
  expect-throw "ALREADY_CLOSED": pipe-of pipe-group 1_000_000
  print "all is well"

// A pipe whose other end belongs to a child that does nothing for a long time.
with-quiet-pipe is-input/bool [block]:
  ends := create-pipe pipe-group is-input
  child := is-input
      ? shell "exec sleep 1000" --in=ends[1]
      : shell "exec sleep 1000" --out=ends[1]
  block.call ends[0]
  kill child 9
  expect-equals (2 | 9 << 10) (end-of child)
  catch: close-pipe ends[0] pipe-group

test-emptiness:
  with-quiet-pipe false: | pipe |
    expect-equals -1 (read-pipe pipe)
    expect-not (is-open-file pipe)
    expect-not (is-terminal pipe)
    expect-equals pipe (number-of pipe)
  with-quiet-pipe true: | pipe |
    // Until it is full.
    written := 0
    while count := write-pipe pipe (ByteArray 10_000) 0 10_000:
      if count == 0: break
      written += count
    expect written >= 4096

test-deadline:
  with-quiet-pipe false: | pipe |
    state := ResourceState_ pipe-group pipe
    3.repeat:
      expect-throw "DEADLINE_EXCEEDED": with-timeout --ms=10: state.wait-for-state READABLE
    expect-throw "DEADLINE_EXCEEDED": with-timeout --us=0: state.wait-for-state READABLE
    state.dispose

test-cancellation:
  with-quiet-pipe false: | pipe |
    state := ResourceState_ pipe-group pipe
    done := Latch
    waiting := task::
      try:
        state.wait-for-state READABLE
      finally: | is-exception exception |
        critical-do: done.set exception.value
    sleep --ms=5
    waiting.cancel
    expect-equals "CANCELED" done.get

test-closing:
  with-quiet-pipe false: | pipe |
    state := ResourceState_ pipe-group pipe
    done := Latch
    task:: done.set (catch: state.wait-for-state READABLE)
    sleep --ms=5
    close-pipe pipe pipe-group
    expect-equals "ALREADY_CLOSED" done.get
    expect-throw "ALREADY_CLOSED": read-pipe pipe
    expect-throw "ALREADY_CLOSED": close-pipe pipe pipe-group

test-many-waiters:
  ends := create-pipe pipe-group false
  child := shell "sleep 0.05; echo done" --out=ends[1]
  done := Semaphore
  20.repeat:
    task::
      await-state ends[0] READABLE
      done.up
  20.repeat: done.down
  expect-equals "done\n" (read-all ends[0])
  expect-equals (exited 0) (end-of child)

test-broken:
  ends := create-pipe pipe-group true
  child := shell "exec true" --in=ends[1]
  expect-throw "Broken pipe": while true: write-all ends[0] (ByteArray 1000)
  expect-equals (exited 0) (end-of child)
  close-pipe ends[0] pipe-group

// A child that writes more than fits into a pipe, while it gets more than fits into another.
test-much:
  size := 1 << 20
  ins := create-pipe pipe-group true
  outs := create-pipe pipe-group false
  child := shell "exec cat" --in=ins[1] --out=outs[1]
  line := "a line of text that goes round\n" * 32
  task::
    (size / line.size).repeat: write-all ins[0] line
    close-pipe ins[0] pipe-group
  state := ResourceState_ pipe-group outs[0]
  count := 0
  while true:
    state.wait-for-state READABLE
    part := read-pipe outs[0]
    if part == null: break
    if part == -1: continue
    part.size.repeat: if it % 997 == 0: expect-equals (line.at --raw (count + it) % line.size) part[it]
    count += part.size
  expect-equals (size / line.size * line.size) count
  state.dispose
  close-pipe outs[0] pipe-group
  expect-equals (exited 0) (end-of child)

// No process can write into this pipe any more, so its reader gets the end.
test-abandoned:
  ends := create-pipe pipe-group true
  child := shell "exec cat" --in=ends[1]
  abandon-pipe ends[0]
  ended := false
  task::
    expect-equals (exited 0) (end-of child)
    ended = true
  while not ended:
    collect-garbage
    sleep --ms=1

abandon-pipe pipe:
  ResourceState_ pipe-group pipe

collect-garbage:
  #primitive.system.collect-garbage
