// A client's process ends in the middle of a call: the handler is canceled, client and resources close.
// expect: entered
// expect: handler stopped by CANCELED
// expect: closed 1, resources [of the dead]
// expect: others are served: yes
// expect error: client fails on purpose
// expect exit: 1
// simulate: yes
import monitor
import system.services show *
import .common

class Watchful extends Provider:
  stopped/monitor.Latch ::= monitor.Latch
  constructor: super "test/watchful"
  handle index/int arguments/any --gid/int --client/int -> any:
    try:
      return super index arguments --gid=gid --client=client
    finally: | is-exception exception |
      if is-exception: critical-do: stopped.set exception.value

main:
  provider := Watchful
  provider.install
  spawn::
    client := Client
    client.open
    client.create "of the dead"
    task:: client.sleep "without an answer"
    // The request has been sent once the task waits; the next one is behind it.
    yield
    client.echo 1
    throw "client fails on purpose"
  provider.changed.wait: provider.entered == 1
  print "entered"
  print "handler stopped by $provider.stopped.get"
  provider.changed.wait: provider.closed == 1
  print "closed $provider.closed, resources $provider.resources-closed"
  client := Client
  client.open
  print "others are served: $(client.echo "yes")"
  client.close
  provider.uninstall
