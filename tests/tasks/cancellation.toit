// Cancellation takes effect at the next wait outside a critical section, for every kind of wait.
// expect: sleep: CANCELED
// expect: latch: CANCELED
// expect: channel: CANCELED
// expect: mutex: CANCELED
// expect: signal: CANCELED
// expect: before it ran: CANCELED
// expect: computing: done 100
// expect: not caught: outer finally
// expect: critical finished, then CANCELED
// expect: nested critical finished, then CANCELED
// expect: finally may wait when critical: 42
// expect: the mutex is free
// expect: the channel lost nothing: [1, 2, 3]
// expect: is-canceled: true
// expect: canceling twice, and after the end, does nothing
// expect: a critical section keeps its deadline: DEADLINE_EXCEEDED
// expect: unless the deadline is ignored: null
// simulate: yes
import monitor

/** Cancels a task that runs $code, and prints its exception. */
cancel-in name/string code/Lambda -> none:
  started := monitor.Latch
  ended := monitor.Latch
  canceled := task::
    try:
      started.set true
      code.call
    finally: | is-exception exception |
      critical-do: ended.set (is-exception ? exception.value : "no exception")
  started.get
  yield
  canceled.cancel
  print "$name: $ended.get"

main:
  cancel-in "sleep":: sleep --ms=3_600_000
  cancel-in "latch":: (monitor.Latch).get
  cancel-in "channel":: (monitor.Channel 1).receive
  mutex := monitor.Mutex
  release := monitor.Latch
  held := monitor.Latch
  task:: mutex.do:
    held.set true
    release.get
  held.get
  cancel-in "mutex":: mutex.do: unreachable
  release.set true
  cancel-in "signal":: (monitor.Signal).wait

  outcome := monitor.Latch
  early := task::
    try:
      sleep --ms=3_600_000
    finally: | is-exception exception |
      critical-do: outcome.set exception.value
  early.cancel
  print "before it ran: $outcome.get"

  // Without a wait nothing stops.
  outcome = monitor.Latch
  computing := task::
    sum := 0
    100.repeat: sum++
    critical-do: outcome.set "done $sum"
  computing.cancel
  print "computing: $outcome.get"

  outcome = monitor.Latch
  waiting := task::
    text := "nothing"
    try:
      catch:
        try:
          (monitor.Latch).get
        finally:
          text = "outer finally"
      text = "catch stopped the cancellation"
    finally:
      critical-do: outcome.set text
  yield
  waiting.cancel
  print "not caught: $outcome.get"

  ["critical", "nested critical"].do: | name |
    outcome = monitor.Latch
    gate := monitor.Latch
    inside := monitor.Latch
    careful := task::
      text := ""
      try:
        critical-do:
          if name == "critical":
            inside.set true
            gate.get
          else:
            critical-do: inside.set true
            gate.get
          text = "finished"
        (monitor.Latch).get
      finally: | is-exception exception |
        critical-do: outcome.set "$name $text, then $exception.value"
    inside.get
    careful.cancel
    yield
    gate.set true
    print outcome.get

  outcome = monitor.Latch
  answer := monitor.Latch
  cleaning := task::
    try:
      (monitor.Latch).get
    finally:
      critical-do: outcome.set answer.get
  yield
  cleaning.cancel
  yield
  answer.set 42
  print "finally may wait when critical: $outcome.get"
  mutex.do: print "the mutex is free"

  // A value is either received or still there.
  channel := monitor.Channel 3
  received := []
  receiver := task:: while true: received.add channel.receive
  yield
  receiver.cancel
  [1, 2, 3].do: channel.send it
  yield
  while channel.size > 0: received.add channel.receive
  print "the channel lost nothing: $received"

  own := monitor.Latch
  task::
    Task.current.cancel
    critical-do: own.set Task.current.is-canceled
  print "is-canceled: $own.get"
  idle := task:: null
  yield
  2.repeat: idle.cancel
  print "canceling twice, and after the end, does nothing"
  exception := catch: with-timeout --ms=5: critical-do: (monitor.Latch).get
  print "a critical section keeps its deadline: $exception"
  exception = catch: with-timeout --ms=5:
    critical-do --no-respect-deadline: sleep --ms=10
  // The time is up afterwards, but nothing waits any more.
  print "unless the deadline is ignored: $exception"
