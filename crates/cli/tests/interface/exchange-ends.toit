// How resources end: when clients close them or end, and when the method of the notifications throws.
// expect: closed: 1
// expect: RESOURCE_CLOSED
// expect: NO_SUCH_RESOURCE
// expect: NO_SUCH_RESOURCE
// expect: closed: 2
// expect: NO_SUCH_RESOURCE
// expect: closed: 3
// expect: heard one, then two
// expect: closed: 4
// expect error: the sensor is broken
import .exchange
import .exchange-client as generated
import .exchange-provider as generated
import .exchange-service as generated
import monitor

class Provider extends generated.ExchangeProvider:
  closed := 0
  changed/monitor.Signal ::= monitor.Signal

  join -> Guest: return Sensor this

  // Waits until as many resources were closed, each once.
  wait-for count/int -> none:
    changed.wait: closed >= count
    print "closed: $closed"

class Sensor implements Guest:
  provider_/Provider
  sent_ ::= monitor.Channel 10

  constructor .provider_:

  close -> none:
    provider_.closed++
    provider_.changed.raise

  send message/string -> none: sent_.send message

  receive -> string:
    message := sent_.receive
    if message == "break": throw "the sensor is broken"
    return message

main:
  provider := Provider
  provider.install
  client := generated.ExchangeClient
  client.open

  // The client closes the resource, while the provider waits for its next notification.
  guest := client.join
  guest.close
  provider.wait-for 1
  print (catch: guest.send "late")
  // A client written by hand sends null then, or a number that it has made up.
  print (catch: client.invoke_ generated.Exchange.GUEST-SEND-INDEX [null, "late"])
  print (catch: client.invoke_ generated.Exchange.GUEST-SEND-INDEX [1_000_001, "late"])

  // Another process ends.
  spawn::
    other := generated.ExchangeClient
    other.open --timeout=(Duration --s=10)
    other.join
  provider.wait-for 2

  // The provider's object fails: its resource closes, and the provider goes on.
  guest = client.join
  guest.send "break"
  while true:
    error := catch: guest.send "is it closed?"
    if error:
      print error
      break
    sleep --ms=1
  provider.wait-for 3

  // Notifications that were sent before the client reads them are not lost.
  guest = client.join
  guest.send "one"
  guest.send "two"
  print "heard $guest.receive, then $guest.receive"
  client.close
  provider.wait-for 4
  provider.uninstall --wait
