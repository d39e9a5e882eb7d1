// 100,000 calls and 100,000 notifications: nothing is lost or reordered.
// expect: calls 100000, sum 4999950000
// expect: notifications 100000, in order: true
// no stress: it would take minutes
import monitor
import system.services show *
import .common

COUNT ::= 100_000

class Counter extends ServiceResourceProxy:
  next/int := 0
  in-order/bool := true
  changed/monitor.Signal ::= monitor.Signal
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none:
    if notification != next: in-order = false
    next++
    if next == COUNT: changed.raise

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  sum := 0
  COUNT.repeat: sum += client.echo it
  print "calls $COUNT, sum $sum"
  counter := Counter client (client.invoke_ RESOURCE "counter")
  client.invoke_ NOTIFY [counter.handle_, COUNT]
  counter.changed.wait: counter.next == COUNT
  print "notifications $counter.next, in order: $counter.in-order"
  client.close
