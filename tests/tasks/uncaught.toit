// An uncaught exception in any task ends the process; in the first process, it ends the program.
// expect: before
// expect error: from a task
// expect error: main.<lambda> uncaught.toit:12:5
// expect exit: 1
import monitor

main:
  print "before"
  task --name="culprit"::
    yield
    throw "from a task"
  (monitor.Latch).get
