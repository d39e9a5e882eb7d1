// A proxy whose `on-notified_` blocks delays neither replies nor other proxies, nor its own order.
// expect: reply while blocked
// expect: other proxy heard [0, 1, 2]
// expect: slow proxy heard [0, 1, 2, 3, 4]
import monitor
import system.services show *
import .common

class SlowProxy extends ServiceResourceProxy:
  gate/monitor.Semaphore ::= monitor.Semaphore
  heard/List ::= []
  changed/monitor.Signal ::= monitor.Signal
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none:
    gate.down
    heard.add notification
    changed.raise

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  slow := SlowProxy client (client.invoke_ RESOURCE "slow")
  other := client.create "other"
  client.invoke_ NOTIFY [slow.handle_, 5]
  client.notify other 3
  print (client.echo "reply while blocked")
  other.changed.wait: other.heard.size == 3
  print "other proxy heard $other.heard"
  5.repeat: slow.gate.up
  slow.changed.wait: slow.heard.size == 5
  print "slow proxy heard $slow.heard"
  client.close
  provider.uninstall
