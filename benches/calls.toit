// Measures calls between two processes, notifications, and spawning. Prints `NAME VALUE UNIT` lines.
import monitor
import system.services show *

SELECTOR ::= ServiceSelector
    --uuid="b1c1f6a2-2f0e-4d6b-9f0e-0b7a0e2f4c55"
    --major=1
    --minor=0

class Provider extends ServiceProvider implements ServiceHandler:
  constructor:
    super "bench" --major=1 --minor=0
    provides SELECTOR --handler=this

  /** The methods: 0 returns its argument, 1 opens a $Source, 2 makes a source send a number of notifications. */
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return arguments
    if index == 1: return Source this client
    ((resource client arguments[0]) as Source).flood arguments[1]
    return null

class Source extends ServiceResource:
  constructor provider/ServiceProvider client/int: super provider client --notifiable
  on-closed -> none:
  flood count/int: count.repeat: notify_ it

class Client extends ServiceClient:
  constructor: super SELECTOR
  echo value: return invoke_ 0 value

class Counter extends ServiceResourceProxy:
  count/int := 0
  wanted/int := 0
  done/monitor.Semaphore ::= monitor.Semaphore
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none:
    count++
    if count == wanted: done.up

/** Calls $block five times. Returns the shortest time, in µs, divided by $count. */
best count/int [block] -> float:
  best := float.INFINITY
  5.repeat:
    start := Time.monotonic-us
    block.call
    best = min best (Time.monotonic-us - start).to-float / count
  return best

report name/string value/float unit/string: print "$(%-34s name) $(%10.3f value) $unit"

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)

  count := 20_000
  report "call, one int" (best count: count.repeat: client.echo it) "us"
  bytes := ByteArray 1024
  report "call, 1 KiB" (best count: count.repeat: client.echo bytes) "us"
  large := ByteArray 1024 * 1024
  count = 2_000
  report "call, 1 MiB handed over" (best count: count.repeat: large = client.echo large) "us"

  counter := Counter client (client.invoke_ 1 null)
  count = 50_000
  time := best count:
    counter.wanted = counter.count + count
    client.invoke_ 2 [counter.handle_, count]
    counter.done.down
  report "notification" time "us"
  client.close

  count = 2_000
  report "spawn to end" (best count: count.repeat: spawn-and-wait) "us"

/** Starts a process, and waits until the system reports its end. */
spawn-and-wait -> none:
  ended := Ended.instance
  ended.expected = (spawn:: null).id
  discovery_.watch ended.expected
  ended.gate.down

class Ended implements SystemMessageHandler_:
  static instance/Ended ::= Ended.private_
  gate/monitor.Semaphore ::= monitor.Semaphore
  expected/int? := null
  constructor.private_:
    set-system-message-handler_ SYSTEM-RPC-NOTIFY-TERMINATED_ this
  on-message type/int gid/int pid/int message/any -> none:
    if pid == expected: gate.up
