// Background tasks do not keep the process alive; tasks that they start are in the background too, by default.
// expect: started
// expect: foreground child of a background task finishes
import monitor

main:
  started := monitor.Latch
  task --background::
    task::
      started.set true
      (monitor.Latch).get
    task --no-background::
      // All other tasks are waiting in the background by now.
      10.repeat: yield
      print "foreground child of a background task finishes"
    (monitor.Latch).get
  started.get
  print "started"
