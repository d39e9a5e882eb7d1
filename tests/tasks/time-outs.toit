// `with-timeout` ends every kind of waiting, by the innermost expired time-out.
// expect: sleep: DEADLINE_EXCEEDED
// expect: latch: DEADLINE_EXCEEDED
// expect: semaphore: DEADLINE_EXCEEDED
// expect: channel receive: DEADLINE_EXCEEDED
// expect: channel send: DEADLINE_EXCEEDED
// expect: mutex: DEADLINE_EXCEEDED
// expect: signal: DEADLINE_EXCEEDED
// expect: gate: DEADLINE_EXCEEDED
// expect: mailbox: DEADLINE_EXCEEDED
// expect: call: DEADLINE_EXCEEDED
// expect: try-await: false
// expect: inner first: DEADLINE_EXCEEDED, then on
// expect: outer first: DEADLINE_EXCEEDED, not on
// expect: result 7
// expect: null means no limit: 8
// expect: deadline gone: null
// expect: the outer one is back: true
// expect: a wait that is over already succeeds
// expect: no overflow: 1
// expect: none left: 0
// simulate: yes
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="6b7a1c8e-2d3f-4c55-8a1b-0f6f5f0a9c01" --major=1 --minor=0

class Sleeper extends ServiceProvider implements ServiceHandler:
  running/int := 0
  changed/monitor.Signal ::= monitor.Signal
  constructor:
    super "test/sleeper" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    running++
    try:
      (monitor.Latch).get
    finally:
      running--
      critical-do: changed.raise
    unreachable

class Client extends ServiceClient:
  constructor: super SELECTOR
  hang: return invoke_ 0 null

monitor Box:
  full/bool := false
  try-take deadline/int -> bool:
    return try-await --deadline=deadline: full

limited [block]:
  return catch: with-timeout --ms=5 block

main:
  print "sleep: $(limited: sleep --ms=3_600_000)"
  print "latch: $(limited: (monitor.Latch).get)"
  print "semaphore: $(limited: (monitor.Semaphore).down)"
  channel := monitor.Channel 1
  print "channel receive: $(limited: channel.receive)"
  channel.send 1
  print "channel send: $(limited: channel.send 2)"
  mutex := monitor.Mutex
  release := monitor.Latch
  held := monitor.Latch
  task:: mutex.do:
    held.set true
    release.get
  held.get
  print "mutex: $(limited: mutex.do: unreachable)"
  release.set true
  mutex.do: null
  print "signal: $(limited: (monitor.Signal).wait)"
  print "gate: $(limited: (monitor.Gate).enter)"
  print "mailbox: $(limited: (monitor.Mailbox).send 1)"
  provider := Sleeper
  provider.install
  client := Client
  client.open
  print "call: $(limited: client.hang)"
  print "try-await: $((Box).try-take Time.monotonic-us + 5_000)"

  reached := ""
  exception := catch:
    with-timeout --ms=3_600_000:
      caught := catch: with-timeout --ms=5: (monitor.Latch).get
      reached = ", then on"
      throw caught
  print "inner first: $exception$reached"
  reached = ", not on"
  exception = catch:
    with-timeout --ms=5:
      catch: with-timeout --ms=3_600_000: (monitor.Latch).get
      // Code that swallows an expired deadline gains no time.
      reached = ", then on"
  print "outer first: $exception$reached"

  print "result $(with-timeout --ms=3_600_000: 7)"
  print "null means no limit: $(with-timeout null: 8)"
  print "deadline gone: $Task.current.deadline"
  with-timeout --ms=3_600_000:
    outer := Task.current.deadline
    with-timeout --ms=1_000: Task.current.deadline
    print "the outer one is back: $(Task.current.deadline == outer)"
  ready := monitor.Latch
  ready.set "here"
  catch: with-timeout --ms=3_600_000:
    ready.get
    print "a wait that is over already succeeds"
  print "no overflow: $(with-timeout --us=int.MAX: sleep --ms=1; 1)"
  with-timeout --ms=60_000: provider.changed.wait: provider.running == 0
  print "none left: $provider.running"
  client.close
  provider.uninstall
