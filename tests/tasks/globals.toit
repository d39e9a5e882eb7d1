// Globals are initialized once, when first used, even by several tasks.
// expect: the initializer ran 1 times for [same, same, same, same]
// expect: INITIALIZATION_IN_PROGRESS
// expect: INITIALIZATION_IN_PROGRESS
// expect: INITIALIZATION_IN_PROGRESS
// expect: and then it is there: 1
// expect: failed 1
// expect: failed 2
// expect: third time lucky
// expect: waiters try again: [second, second]
// expect: assigned before use: given
// expect: a canceled initializer is tried again: fresh
// expect: two that wait for each other: [INITIALIZATION_IN_PROGRESS, INITIALIZATION_IN_PROGRESS]
// expect: waiting for another's: DEADLINE_EXCEEDED
// expect: waiting for another's: CANCELED
// expect: it came in the end: there
// simulate: yes
import monitor

runs := 0
gate ::= monitor.Latch

slow ::= compute-slow
compute-slow -> string:
  runs++
  gate.get
  return "same"

ouroboros/any ::= bite 1
bite n/int:
  return ouroboros

hen/any ::= lay
egg/any ::= hatch
lay: return egg
hatch: return hen

abyss/any ::= descend 1_000
descend n/int:
  if n == 0: return abyss
  return (descend n - 1) + 1

gets-there/any ::= detour
was-tried := false
detour:
  if not was-tried:
    was-tried = true
    catch: gets-there.foo
  return 1

tries := 0
flaky ::= attempt
attempt:
  tries++
  if tries < 3: throw "failed $tries"
  return "third time lucky"

first-fails := true
stop ::= monitor.Latch
shared ::= share
share:
  if first-fails:
    first-fails = false
    stop.get
    throw "first"
  return "second"

replaceable := unwanted
unwanted -> any: unreachable

patient := wait-long
is-patient := true
wait-long:
  if is-patient: (monitor.Latch).get
  return "fresh"

left/any := go-right
right/any := go-left
go-right:
  yield
  return right
go-left:
  yield
  return left

arrival ::= monitor.Latch
awaited ::= arrive
arrive: return arrival.get

main:
  done := monitor.Semaphore
  seen := []
  4.repeat:
    task::
      seen.add slow
      done.up
  yield
  gate.set true
  4.repeat: done.down
  print "the initializer ran $runs times for $seen"

  print (catch: ouroboros)
  print (catch: hen)
  print (catch: abyss)
  print "and then it is there: $gets-there"
  print (catch: flaky)
  print (catch: flaky)
  print flaky

  // The task whose initializer fails gets the exception; waiting tasks start over.
  answers := []
  failure := null
  task::
    failure = catch: shared
    done.up
  yield
  2.repeat:
    task::
      answers.add shared
      done.up
  yield
  stop.set true
  3.repeat: done.down
  print "waiters try again: $answers"

  replaceable = "given"
  print "assigned before use: $replaceable"

  canceled := task:: patient
  yield
  is-patient = false
  canceled.cancel
  yield
  print "a canceled initializer is tried again: $patient"

  outcomes := []
  task:: outcomes.add (catch: left); done.up
  task:: outcomes.add (catch: right); done.up
  2.repeat: done.down
  print "two that wait for each other: $outcomes"

  task:: awaited
  yield
  print "waiting for another's: $(catch: with-timeout --ms=5: awaited)"
  outcome := monitor.Latch
  waiting := task::
    try:
      awaited
    finally: | is-exception exception |
      critical-do: outcome.set exception.value
  yield
  waiting.cancel
  print "waiting for another's: $outcome.get"
  arrival.set "there"
  print "it came in the end: $awaited"
