// Notifications arrive in order, also those sent before the handle has arrived, and stop at close.
// expect: early: [0, 1, 2]
// expect: 1000 in order: true
// expect: nothing after close: true
// simulate: yes
import monitor
import system.services show *
import .common show SELECTOR Proxy

class Eager extends ServiceProvider implements ServiceHandler:
  last/ServiceResource? := null
  constructor:
    super "test/eager" --major=1 --minor=0
    provides SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0:
      source := Source this client
      last = source
      3.repeat: source.notify_ it
      return source
    arguments.repeat: (last as Source).notify_ it
    return null

class Source extends ServiceResource:
  constructor provider/ServiceProvider client/int: super provider client --notifiable
  on-closed -> none:

class EagerClient extends ServiceClient:
  constructor: super SELECTOR
  create -> Proxy: return Proxy this (invoke_ 0 null)
  flood count/int -> none: invoke_ 1 count

main:
  spawn::
    provider := Eager
    provider.install
    provider.uninstall --wait
  client := EagerClient
  client.open --timeout=(Duration --s=5)
  proxy := client.create
  proxy.changed.wait: proxy.heard.size >= 3
  print "early: $proxy.heard"
  proxy.heard.clear
  client.flood 1000
  proxy.changed.wait: proxy.heard.size >= 1000
  in-order := true
  1000.repeat: if proxy.heard[it] != it: in-order = false
  print "1000 in order: $in-order"
  size := proxy.heard.size
  proxy.close
  catch: client.flood 10
  print "nothing after close: $(proxy.heard.size == size)"
  client.close
