// A provider that notifies as fast as it can learns of the client's end, and serves others.
// expect: heard
// expect: closed
// expect: still here
// simulate: yes
import monitor
import system.services show *
import .common

class Ticker extends ServiceResource:
  provider/Tower
  constructor .provider client/int:
    super provider client --notifiable
    task --background:: while not is-closed: notify_ "tick"
  on-closed -> none:
    provider.ends.up

class Tower extends Provider:
  ends/monitor.Semaphore ::= monitor.Semaphore
  constructor: super "test/tower"
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 200: return Ticker this client
    return super index arguments --gid=gid --client=client

class TickerProxy extends ServiceResourceProxy:
  heard/monitor.Latch
  constructor client/ServiceClient handle/int .heard: super client handle
  on-notified_ notification/any -> none:
    if not heard.has-value: heard.set true

listen -> none:
  client := Client
  client.open
  heard := monitor.Latch
  TickerProxy client (client.invoke_ 200 null) heard
  heard.get
  print "heard"
  // Without closing anything.
  exit 0

main:
  tower := Tower
  tower.install
  spawn:: listen
  tower.ends.down
  print "closed"
  client := Client
  client.open
  print (client.echo "still here")
  client.close
  tower.uninstall --wait
