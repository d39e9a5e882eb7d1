// A process can have 1,024 outstanding requests. More are refused; the others are answered.
// expect: refused: Cannot enqueue more requests, 476 of 1500
// expect: any receiver: Cannot enqueue more requests
// expect: a client still closes
// expect: answered: 1024, each with its own
// expect: afterwards there is room
import monitor
import .common

main:
  spawn::
    gate := Provider
    gate.install
    gate.changed.wait: gate.entered == 1024
    // Closing is never refused, so it can be used as a signal here.
    gate.changed.wait: gate.closed == 1
    1024.repeat: gate.gate.up
    gate.uninstall --wait

  client := Client
  client.open --timeout=(Duration --s=10)
  extra := Client
  extra.open
  exceptions := {:}
  answered := 0
  right := true
  done := monitor.Semaphore
  refused := monitor.Semaphore
  1500.repeat: | number |
    task::
      answer := null
      exception := catch: answer = client.sleep number
      if exception:
        exceptions.update exception --init=0: it + 1
        refused.up
      else:
        answered++
        if answer != number: right = false
        done.up
  476.repeat: refused.down
  exceptions.do: | text count | print "refused: $text, $count of 1500"
  print "any receiver: $(catch: (Client).open)"
  extra.close
  print "a client still closes"
  1024.repeat: done.down
  print "answered: $answered, each with its own$(right ? "" : " not")"
  client.echo 1
  print "afterwards there is room"
  client.close
