// Finalizers run once, after the last reference has disappeared, in a task of their own; weak maps drop values.
// expect: finalized a
// expect: finalizer sees its object: b
// expect: removed: true false
// expect: kept ones are not finalized: []
// expect: all 100 ran, none twice
// expect: a finalizer may wait and allocate
// expect: WRONG_OBJECT_TYPE
// expect: a weak map keeps 1 of 3: [kept]
// expect: a finalizer that throws is reported, and does no harm
// expect error: from a finalizer
import monitor
import system

class Thing:
  name/string
  constructor .name:

collect -> none:
  3.repeat:
    system.process-stats --gc
    // The finalizers run in tasks of their own.
    yield

drop-one log/List: add-finalizer (Thing "a"):: log.add "finalized a"

drop-itself log/List:
  thing := Thing "b"
  add-finalizer thing:: log.add "finalizer sees its object: $thing.name"

removal -> List:
  thing := Thing "c"
  add-finalizer thing:: unreachable
  return [remove-finalizer thing, remove-finalizer thing]

drop-many counts/Map:
  100.repeat: | n |
    add-finalizer (Thing "$n"):: counts.update n --init=0: it + 1

drop-waiting done/monitor.Latch gate/monitor.Latch:
  add-finalizer (Thing "w")::
    text := gate.get
    done.set (List 1000: "$text $it").first[..text.size]

fill map/Map -> Thing:
  kept := Thing "kept"
  map[1] = Thing "lost"
  map[2] = kept
  map[3] = Thing "lost too"
  return kept

drop-failing log/List:
  add-finalizer (Thing "x")::
    log.add "x"
    throw "from a finalizer"

main:
  log := []
  drop-one log
  while log.is-empty: collect
  print log.first
  log.clear
  drop-itself log
  while log.is-empty: collect
  print log.first
  result := removal
  print "removed: $result[0] $result[1]"
  log.clear
  kept := Thing "kept"
  add-finalizer kept:: log.add kept.name
  collect
  print "kept ones are not finalized: $log"
  kept.name.size
  counts := {:}
  drop-many counts
  while counts.size < 100: collect
  collect
  print "all $counts.size ran, $((counts.values.every: it == 1) ? "none" : "some") twice"
  done := monitor.Latch
  gate := monitor.Latch
  drop-waiting done gate
  collect
  gate.set "a finalizer may wait and allocate"
  while not done.has-value: collect
  print done.get
  print (catch: add-finalizer {:}:: null)
  weak := Map.weak
  thing := fill weak
  collect
  names := []
  weak.do: | key value | if value: names.add value.name
  print "a weak map keeps $names.size of 3: $names"
  thing.name.size
  log.clear
  drop-failing log
  while log.is-empty: collect
  collect
  print "a finalizer that throws is reported, and does no harm"
