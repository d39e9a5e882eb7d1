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

class Patient extends ServiceProvider implements ServiceHandler:
  stopped/monitor.Channel ::= monitor.Channel 5
  entered/monitor.Semaphore ::= monitor.Semaphore
  constructor:
    super "test/patient" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return arguments
    try:
      entered.up
      sleep --ms=3_600_000
    finally: | is-exception exception |
      critical-do: stopped.send exception.value
    return null

main:
  provider := Patient
  provider.install
  client := Client
  client.open
  print (catch: with-timeout --ms=20: client.invoke_ 1 null)
  print "handler stopped: $provider.stopped.receive"
  provider.entered.down
  ended := monitor.Latch
  caller := task::
    try:
      client.invoke_ 1 null
    finally:
      critical-do: ended.set "task canceled"
  provider.entered.down
  caller.cancel
  print ended.get
  print "handler stopped: $provider.stopped.receive"
  print (client.echo "after")
  client.close
  provider.uninstall
