// Sleeping tasks wake in the order of their times, not before them, and do not disturb each other.
// expect: [1, 2, 3, 4, 5]
// expect: never early: true
// expect: a sleep of zero does not block others
// simulate: yes
import monitor

main:
  order := []
  early := false
  done := monitor.Semaphore
  [4, 1, 5, 3, 2].do: | n |
    task::
      // Far enough apart that a busy machine cannot reorder them.
      start := Time.monotonic-us
      sleep --ms=n * 60
      if Time.monotonic-us - start < n * 60_000: early = true
      order.add n
      done.up
  5.repeat: done.down
  print order
  print "never early: $(not early)"
  sleep --ms=0
  sleep (Duration --us=-5)
  print "a sleep of zero does not block others"
