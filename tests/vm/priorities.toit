// On one worker, priority decides the shares of processes, and every process gets some.
// options: --workers 1
// expect: high gets between 2 and 8 times as much as low: true
// expect: critical gets more than idle: true, but idle is not starved: true
// expect: priority of a process can be read and changed: 43 213
// expect: OUT_OF_RANGE
// expect exit: 3
// expect: NO_SUCH_PROCESS
// no stress: it counts turns
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="9f0f6d2e-7f40-4d2a-a6d1-4f8a5cf0b101" --major=1 --minor=0

class Score extends ServiceProvider implements ServiceHandler:
  counts/Map ::= {:}
  is-over/bool := false
  changed/monitor.Signal ::= monitor.Signal
  constructor:
    super "test/score" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if is-over: return false
    counts.update arguments --init=0: it + 1
    changed.raise
    return true
  on-closed client/int -> none:
    changed.raise

class Counter extends ServiceClient:
  constructor: super SELECTOR
  count name/string -> bool: return invoke_ 0 name

/** Works, and reports each equal portion of work until told to stop. */
work name/string -> none:
  counter := Counter
  counter.open --timeout=(Duration --s=60)
  while counter.count name: 20_000.repeat: it * it
  counter.close

compete score/Score one/int other/int -> List:
  score.counts.clear
  score.is-over = false
  spawn --priority=one:: work "one"
  spawn --priority=other:: work "other"
  score.changed.wait: (score.counts.get "one" --if-absent=: 0) + (score.counts.get "other" --if-absent=: 0) >= 300
  result := ["one", "other"].map: score.counts.get it --if-absent=: 0
  score.is-over = true
  score.changed.wait: score.clients_.is-empty
  return result

main:
  score := Score
  // The judge is served first, so that it does not distort the shares.
  Process.current.priority = Process.PRIORITY-CRITICAL
  score.install
  shares := compete score Process.PRIORITY-HIGH Process.PRIORITY-LOW
  ratio := shares[0].to-float / shares[1]
  print "high gets between 2 and 8 times as much as low: $(2.0 <= ratio <= 8.0 ? true : shares)"
  shares = compete score Process.PRIORITY-CRITICAL Process.PRIORITY-IDLE
  print "critical gets more than idle: $(shares[0] > shares[1]), but idle is not starved: $(shares[1] > 0)"
  process := spawn --priority=Process.PRIORITY-LOW:: (monitor.Latch).get
  before := process.priority
  process.priority = Process.PRIORITY-HIGH
  print "priority of a process can be read and changed: $before $process.priority"
  print (catch: process.priority = 256)
  print (catch: priority-after-the-end)
  // Ends the other process too.
  exit 3

priority-after-the-end:
  ended := spawn:: null
  // The main process is always ready and critical: it has to wait to let others end.
  while true:
    ended.priority
    sleep --ms=1
