// Monitors: one task inside at a time, no task overtaken forever, no wake-up lost.
// expect: never two inside: true
// expect: all got turns: true
// expect: everything consumed: 2000, in order: true
// expect: first come first served: [0, 1, 2, 3, 4]
// expect: waiting lets others in: 3
// expect: a throwing method leaves: still usable
// expect: a return leaves: still usable
// expect: must own monitor to await
// expect: conditions on different things all come true: [even, odd, ten]
// expect: a method calls another of the same: 2
// expect: deadline in await: DEADLINE_EXCEEDED, usable: 1
// expect: try-await: true false
// simulate: yes
import expect show *
import monitor

monitor Room:
  inside/int := 0
  crowded/bool := false
  visits/Map ::= {:}
  count/int := 0

  visit name/int -> none:
    inside++
    if inside > 1: crowded = true
    visits.update name --init=0: it + 1
    yield
    if inside > 1: crowded = true
    inside--

  set-count n/int -> none: count = n
  wait-for n/int -> int:
    await: count >= n
    return count
  fail: throw "from inside"
  leave-early:
    [1, 2].do: return it
    return 0
  usable -> string: return "still usable"
  wait-even -> string:
    await: count % 2 == 0 and count > 0
    return "even"
  wait-odd -> string:
    await: count % 2 == 1
    return "odd"
  wait-ten -> string:
    await: count == 10
    return "ten"
  try-wait n/int us/int -> bool:
    return try-await --deadline=Time.monotonic-us + us: count >= n
  call-bypass: return await_ null: true

monitor Turns:
  queue/List ::= []
  open/bool := false
  enter n/int -> none:
    await: open
    queue.add n
  unlock -> none: open = true

monitor Pair:
  outer: return inner_ + 1
  inner_: return 1

main:
  room := Room
  done := monitor.Semaphore
  5.repeat: | name |
    task::
      20.repeat: room.visit name
      done.up
  5.repeat: done.down
  print "never two inside: $(not room.crowded)"
  print "all got turns: $(room.visits.values.every: it == 20)"

  // Many producers and consumers over a channel of one: each hand-over needs a wake-up.
  channel := monitor.Channel 1
  sums := List 4: 0
  counts := 0
  in-order := true
  4.repeat: | producer |
    task:: 500.repeat: channel.send [producer, it]
  last := List 4: -1
  2.repeat:
    task::
      1000.repeat:
        item := channel.receive
        if item[1] <= last[item[0]]: in-order = false
        last[item[0]] = item[1]
        counts++
      done.up
  2.repeat: done.down
  print "everything consumed: $counts, in order: $in-order"

  turns := Turns
  5.repeat: | n |
    task::
      turns.enter n
      done.up
    yield
  turns.unlock
  5.repeat: done.down
  print "first come first served: $turns.queue"

  result := monitor.Latch
  task:: result.set (room.wait-for 3)
  yield
  [1, 2, 3].do: room.set-count it
  print "waiting lets others in: $result.get"
  catch: room.fail
  print "a throwing method leaves: $room.usable"
  room.leave-early
  print "a return leaves: $room.usable"
  print (catch: (room as any).await: true)

  room.set-count 0
  heard := []
  task:: heard.add room.wait-ten; done.up
  task:: heard.add room.wait-odd; done.up
  task:: heard.add room.wait-even; done.up
  yield
  room.set-count 2
  yield
  room.set-count 1
  yield
  room.set-count 10
  3.repeat: done.down
  print "conditions on different things all come true: $heard"
  print "a method calls another of the same: $((Pair).outer)"
  exception := catch: with-timeout --ms=5: room.wait-for 1_000
  print "deadline in await: $exception, usable: $((room.wait-for 1) > 0 ? 1 : 0)"
  print "try-await: $(room.try-wait 10 3_600_000_000) $(room.try-wait 11 1_000)"
