// Tasks take turns at `yield` and at nothing else; printing does not switch.
// expect: main
// expect: a0
// expect: a1
// expect: b0
// expect: b1
// expect: [0, 1, 2, 0, 1, 2, 0, 1, 2]
// expect: ids differ: true
// expect: names: worker true
// expect: late 3
// simulate: yes
import expect show *
import monitor

main:
  printed := monitor.Semaphore
  ["a", "b"].do: | name |
    task::
      2.repeat: print "$name$it"
      printed.up
  print "main"
  2.repeat: printed.down

  turns := []
  done := monitor.Semaphore
  3.repeat: | number |
    task::
      3.repeat:
        turns.add number
        yield
      done.up
  3.repeat: done.down
  print turns

  first := task:: null
  second := task --name="worker":: null
  print "ids differ: $(first != second)"
  text := second.stringify
  print "names: worker $(text.starts-with "worker<")"

  // A task that has ended gets no turns: tasks that yield forever do not keep it from ending.
  finished := 0
  3.repeat: task::
    100.repeat: yield
    finished++
  while finished < 3: yield
  print "late $finished"
