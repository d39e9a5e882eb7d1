// Time-outs and cancellation end the call here and the handler there.
// expect: DEADLINE_EXCEEDED
// expect: handler stopped: CANCELED
// expect: task canceled
// expect: handler stopped: CANCELED
// expect: after
// simulate: yes
import monitor
import system.services show *
import .common show Client SELECTOR

/// Its handlers wait until they are stopped. They say which call has come, and how it has ended.
class Patient extends ServiceProvider implements ServiceHandler:
  entered := {}
  arrivals/monitor.Channel ::= monitor.Channel 50
  stopped/monitor.Channel ::= monitor.Channel 50
  constructor:
    super "test/patient" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return arguments
    try:
      entered.add arguments
      arrivals.send arguments
      sleep --ms=3_600_000
    finally: | is-exception exception |
      critical-do: stopped.send [arguments, exception.value]
    return null

  /// Waits until a call has come.
  await-arrival call -> none:
    while true: if arrivals.receive == call: return

  /// How a call has ended.
  end-of call:
    while true:
      ended := stopped.receive
      if ended[0] == call: return ended[1]

main:
  provider := Patient
  provider.install
  client := Client
  client.open
  // On a busy machine a call may end before its handler has begun. It is then tried again with more time.
  call := 0
  error := null
  while not provider.entered.contains call:
    call++
    error = catch: with-timeout --ms=(20 << call): client.invoke_ 1 call
  print error
  print "handler stopped: $(provider.end-of call)"
  ended := monitor.Latch
  caller := task::
    try:
      client.invoke_ 1 "canceled"
    finally:
      critical-do: ended.set "task canceled"
  provider.await-arrival "canceled"
  caller.cancel
  print ended.get
  print "handler stopped: $(provider.end-of "canceled")"
  print (client.echo "after")
  client.close
  provider.uninstall
