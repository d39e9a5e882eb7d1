// Calls that return a resource, and opens, are given up at about the time of their answer, or fail after the resource was
// made: nothing of them stays open.
// expect: resources: 0, clients: 1
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="3d4c8b13-6f0a-4f5e-9f0b-6b8f6f1f2a01" --major=1 --minor=0

class Desk extends ServiceProvider implements ServiceHandler:
  open/int := 0
  constructor:
    super "test/desk" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return Ticket this client
    if index == 2:
      Ticket this client
      throw "lost"
    return [open, clients_.size]

class Ticket extends ServiceResource:
  desk_/Desk
  constructor .desk_ client/int:
    super desk_ client
    desk_.open++
  on-closed -> none: desk_.open--

class Client extends ServiceClient:
  constructor: super SELECTOR
  take -> int: return invoke_ 0 null
  counts -> List: return invoke_ 1 null
  lose -> none: invoke_ 2 null

main:
  spawn::
    desk := Desk
    desk.install
    desk.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  300.repeat: | i/int |
    // The handle of a ticket that comes is closed by hand: there is no proxy.
    catch:
      handle/int? := null
      with-timeout --us=(i % 50): handle = client.take
      if handle: client.close-resource_ handle
    other := Client
    catch: with-timeout --us=(i % 50) * 4: other.open
    other.close
    ticket := null
    task := task:: catch: ticket = client.take
    task.cancel
    yield
    if ticket: client.close-resource_ ticket
  100.repeat: if (catch: client.lose) != "lost": throw "it has to fail"
  counts := null
  while true:
    counts = client.counts
    if counts[0] == 0 and counts[1] == 1: break
    sleep --ms=5
  print "resources: $counts[0], clients: $counts[1]"
  client.close
