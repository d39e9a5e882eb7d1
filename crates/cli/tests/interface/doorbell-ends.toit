// How clients learn that a resource has ended whose notifications they get by a lambda.
// expect: rang 1
// expect: rang 2
// expect: front: RESOURCE_CLOSED
// expect: closed front
// expect: back: RESOURCE_CLOSED
// expect: closed back
// expect: side: RESOURCE_CLOSED
// expect: closed side
// expect: turned 2
// expect: closed key
// expect: NO_SUCH_RESOURCE
// expect: cellar: RESOURCE_CLOSED
// expect: closed cellar
import .doorbell
import .doorbell-client as generated
import .doorbell-provider as generated
import monitor

class Provider extends generated.DoorbellProvider:
  buttons ::= {:}
  closed ::= monitor.Channel 10
  key_/Key? := null

  watch name/string -> Button:
    button := Button_ name this
    buttons[name] = button
    return button

  key -> Key:
    key_ = Key_ this
    return key_

class Button_ implements Button:
  name_/string
  provider_/Provider
  callback_/Lambda? := null

  constructor .name_ .provider_:

  on-ring callback/Lambda -> none: callback_ = callback
  close -> none: provider_.closed.send name_
  ring times/int -> none: callback_.call times

class Key_ implements Key:
  provider_/Provider

  constructor .provider_:

  turn times/int -> int: return times
  hang-up -> none: provider_.closed.send "key"

main:
  provider := Provider
  provider.install
  client := generated.DoorbellClient
  client.open
  ends := monitor.Channel 10
  show := :: | name |
    print "$name: $ends.receive"
    print "closed $provider.closed.receive"

  // The provider ends the resource, after two notifications.
  front := client.watch "front"
  front.on-ring (:: print "rang $it") --on-end=:: ends.send it
  provider.buttons["front"].ring 1
  provider.buttons["front"].ring 2
  provider.end-resource provider.buttons["front"]
  show.call "front"
  // It has ended, and other objects have no resource.
  provider.end-resource provider.buttons["front"]
  provider.end-resource provider
  // The client is told once.
  front.close

  // The resource ends before its client listens.
  back := client.watch "back"
  provider.end-resource provider.buttons["back"]
  while not back.end_: sleep --ms=1
  back.on-ring (:: print "rang $it") --on-end=:: ends.send it
  show.call "back"

  // The client closes the resource.
  side := client.watch "side"
  side.on-ring (:: print "rang $it") --on-end=:: ends.send it
  // No notification comes after the end.
  waiting := client.watch "waiting"
  provider.buttons["waiting"].ring 1
  waiting.close
  waiting.on-ring:: print "rang $it"
  provider.closed.receive
  side.close
  show.call "side"

  // A resource without a second lambda.
  silent := client.watch "silent"
  silent.on-ring:: print "rang $it"
  provider.end-resource provider.buttons["silent"]
  provider.closed.receive

  // A resource without notifications.
  key := client.key
  print "turned $(key.turn 2)"
  provider.end-resource provider.key_
  print "closed $provider.closed.receive"
  print (catch: key.turn 3)
  key.hang-up

  // The provider is uninstalled.
  cellar := client.watch "cellar"
  cellar.on-ring (:: print "rang $it") --on-end=:: ends.send it
  provider.uninstall
  show.call "cellar"
