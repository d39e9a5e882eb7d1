// `Task.group`: results by place, first failure, required numbers, cancellation from outside and inside.
// expect: {0: 0, 1: 10, 2: 20}
// expect: order [2, 1, 0]
// expect: {:}
// expect: 1 of 3 [1], others stopped: 2
// expect: failure oops, others stopped: 1
// expect: Bad Argument
// expect: canceled from outside, both stopped: 2
// expect: nested {1: 2, 0: {0: 1}}
// expect: results of null: {0: null}
// expect: deadline DEADLINE_EXCEEDED, stopped: 1
// simulate: yes
import monitor

main:
  print (Task.group [:: 0, :: 10, :: 20])

  // The later ones let the earlier ones go on.
  gates := List 3: monitor.Latch
  result := Task.group (List 3: | i | ::
    if i < 2: gates[i].get
    if i > 0: gates[i - 1].set true
    i)
  print "order $result.keys"
  print (Task.group [])

  stopped := 0
  hang := ::
    try:
      (monitor.Latch).get
    finally:
      stopped++
  result = Task.group --required=1 [hang, :: "quick", hang]
  print "$result.size of 3 $result.keys, others stopped: $stopped"

  stopped = 0
  exception := catch: Task.group [hang, :: throw "oops"]
  print "failure $exception, others stopped: $stopped"
  print (catch: Task.group --required=2 [:: 1])

  stopped = 0
  ended := monitor.Latch
  grouping := task::
    try:
      Task.group [hang, hang]
    finally:
      critical-do: ended.set stopped
  // Both members have to be in their `try`.
  10.repeat: yield
  grouping.cancel
  print "canceled from outside, both stopped: $ended.get"

  print "nested $(Task.group [:: Task.group [:: 1], :: 2])"
  print "results of null: $(Task.group [:: null])"
  stopped = 0
  exception = catch: with-timeout --ms=10: Task.group [hang]
  print "deadline $exception, stopped: $stopped"
