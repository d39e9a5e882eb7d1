// Monitors, with which tasks wait for each other.

import expect show *
import monitor

main:
  mutexes
  latches
  semaphores
  signals
  limited-signals
  signals-and-timeouts
  gates
  channels
  channel-blocks
  mailboxes

mutexes:
  mutex := monitor.Mutex
  inside := 0
  done := monitor.Semaphore
  5.repeat:
    task::
      mutex.do:
        expect-equals 0 inside
        inside++
        yield
        inside--
      done.up
  5.repeat: done.down
  expect-equals 7 (mutex.do: 7)

latches:
  latch := monitor.Latch
  expect-not latch.has-value
  task:: latch.set 42
  expect-equals 42 latch.get
  expect-equals 42 latch.get
  expect latch.has-value
  failing := monitor.Latch
  task:: failing.set --exception "failed"
  expect-throw "failed": failing.get

semaphores:
  semaphore := monitor.Semaphore --count=1 --limit=2
  expect-equals 1 semaphore.count
  3.repeat: semaphore.up
  expect-equals 2 semaphore.count
  2.repeat: semaphore.down
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=1: semaphore.down
  expect-throw "INVALID_ARGUMENT": monitor.Semaphore --count=-1
  expect-throw "INVALID_ARGUMENT": monitor.Semaphore --count=3 --limit=2

signals:
  signal := monitor.Signal
  ready := false
  seen := 0
  task::
    signal.wait: ready
    seen++
  yield
  signal.raise
  yield
  expect-equals 0 seen
  ready = true
  signal.raise
  yield
  expect-equals 1 seen
  // A raise without a waiting task is dropped.
  signal.raise
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=1: signal.wait

limited-signals:
  signal := monitor.Signal
  order := []
  4.repeat: | number |
    task::
      signal.wait
      order.add number
  yield
  signal.raise --max=1
  yield
  expect-equals [0] order
  signal.raise --max=2
  yield
  expect-equals [0, 1, 2] order
  signal.raise
  yield
  expect-equals [0, 1, 2, 3] order
  expect-throw "INVALID_ARGUMENT": signal.raise --max=0

// A task that has given up must not swallow a raise.
signals-and-timeouts:
  signal := monitor.Signal
  gave-up := monitor.Latch
  served := false
  task::
    gave-up.set (catch: with-timeout --ms=1: signal.wait)
  yield
  task::
    signal.wait
    served = true
  expect-equals DEADLINE-EXCEEDED-ERROR gave-up.get
  signal.raise --max=1
  yield
  expect served

gates:
  gate := monitor.Gate
  passed := 0
  3.repeat: task::
    gate.enter
    passed++
  yield
  expect-equals 0 passed
  expect gate.is-locked
  gate.unlock
  yield
  expect-equals 3 passed
  expect gate.is-unlocked
  gate.enter
  gate.lock
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=1: gate.enter
  expect (monitor.Gate --unlocked).is-unlocked

channels:
  channel := monitor.Channel 2
  expect-equals 2 channel.capacity
  task:: 100.repeat: channel.send it
  100.repeat: expect-equals it channel.receive
  expect-equals 0 channel.size
  expect (channel.try-send 1)
  expect (channel.try-send 2)
  expect-not (channel.try-send 3)
  expect-equals 2 channel.size
  expect-equals 1 (channel.receive --no-blocking)
  expect-equals 2 channel.receive
  expect-equals null (channel.receive --no-blocking)
  expect-throw "INVALID_ARGUMENT": monitor.Channel 0
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=1: channel.receive

channel-blocks:
  channel := monitor.Channel 1
  channel.send 1
  called := false
  task:: channel.send: called = true; 2
  yield
  expect-not called
  expect-equals 1 channel.receive
  expect-equals 2 channel.receive
  expect called

mailboxes:
  mailbox := monitor.Mailbox
  task::
    3.repeat:
      message := mailbox.receive
      mailbox.reply message * 2
  3.repeat: expect-equals it * 2 (mailbox.send it)
  expect-throw "No message received": mailbox.reply 1
