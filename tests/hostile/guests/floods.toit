// helper
// Guests that do without end what each container may do.
import log
import monitor
import net
import net.udp
import rpc
import system.containers
import system.services show *
import system.storage
import uuid
import .house

/** The number of tasks that flood at the same time. */
TASKS ::= 16

FLOODS ::= {
  "calls": :: calls,
  "calls of a group": :: calls-of-group,
  "canceled calls": :: canceled-calls,
  "opens": :: opens,
  "closes": :: closes,
  "resources": :: resources,
  "registrations": :: registrations,
  "discoveries": :: discoveries,
  "watches": :: watches,
  "components": :: components,
  "notifications": :: notifications,
  "messages": :: messages,
  "prints": :: prints,
  "logs": :: logs,
  "traces": :: traces,
  "spawns": :: spawns,
  "deaths": :: deaths,
  "tasks": :: tasks,
  "timers": :: timers,
  "buckets": :: buckets,
  "regions": :: regions,
  "instances": :: instances,
  "sockets": :: sockets,
  "unread bytes": :: unread-bytes,
}

calls -> none:
  house := open-house
  TASKS.repeat: task:: while true: house.echo [it, "call", ByteArray 1_000]
  while true: sleep --ms=1_000

/** Calls from many processes of one container: some of the calls make the victim wait. */
calls-of-group -> none:
  32.repeat:
    spawn::
      house := open-house
      TASKS.repeat: task:: while true: note: house.echo [it, "call", ByteArray 1_000]
      while true: note: house.wait 1_000
  while true: sleep --ms=1_000

canceled-calls -> none:
  house := open-house
  while true: note: with-timeout --ms=1: house.wait 1_000

/** Opens clients below the level of the library, which would open only one. */
opens -> none:
  house := open-house
  while true: rpc.invoke house.provider 300 [house.service, HOUSE.uuid.to-string, 1, 0]

closes -> none:
  house := open-house
  while true:
    rpc.invoke house.provider 303 [house.id, random 100]
    rpc.invoke house.provider 301 (random 100) + house.id + 1

resources -> none:
  house := open-house
  while true:
    kept := []
    note: while true: kept.add house.room
    sleep --ms=1

class Many extends ServiceProvider implements ServiceHandler:
  constructor:
    super "many" --major=1 --minor=0
    1_000.repeat:
      provides (ServiceSelector --uuid=(uuid.Uuid.uuid5 "many" "$it").to-string --major=1 --minor=0) --handler=this
  handle index/int arguments/any --gid/int --client/int -> any: return null

registrations -> none:
  while true:
    many := Many
    many.install
    if (random 2) == 0: many.uninstall

discoveries -> none:
  absent := Guest (ServiceSelector --uuid=(uuid.Uuid.uuid5 "absent" "").to-string --major=1 --minor=0)
  while true:
    absent.open --timeout=null --if-absent=: null
    absent.open --timeout=(Duration --us=100) --if-absent=: null

/** Waits at the service manager for ever more providers, which never appear. */
watches -> none:
  manager := rpc.invoke -1 300 [0, "dc58d7e1-1b1f-4a93-a9ac-bd45a47d7de8", 0, 3]
  number := 0
  while true:
    rpc.invoke -1 302 [manager[0], 0, [(uuid.Uuid.uuid5 "watch" "$(number++)").to-string, true]]
    rpc.invoke -1 302 [manager[0], 3, number]

components -> none:
  number := 0
  while true:
    note: rpc.invoke -1 304 "component $(number++)"
    note: rpc.invoke -1 305 "component $(random number)"

notifications -> none:
  house := open-house
  rooms := List 4: house.room
  while true: rooms.do: house.ring it 500

messages -> none:
  provider := open-house.provider
  while true:
    note: while true: process-send_ provider (64 + (random 192)) (ByteArray (random 1_000))
    yield

prints -> none:
  while true: print "a flood of lines"

logs -> none:
  while true: log.info "a flood of records" --tags={"number": random 10}

traces -> none:
  while true:
    catch --trace: throw "a flood of traces"

spawns -> none:
  while true: spawn:: sleep --ms=3_600_000

deaths -> none:
  while true: spawn:: null

tasks -> none:
  while true:
    waiting := monitor.Latch
    1_000.repeat: task:: waiting.get
    waiting.set null
    yield

timers -> none:
  1_000.repeat: task:: while true: sleep (Duration --us=1 + (random 1_000))
  while true: sleep --ms=1_000

buckets -> none:
  number := 0
  while true:
    note:
      bucket := storage.Bucket.open --flash "flood $(random 100)"
      bucket["$(number++)"] = ByteArray 30_000
      bucket.remove "$(random number)"
    note: (storage.Bucket.open --ram "flood")["$number"] = "ram"

regions -> none:
  while true:
    note:
      region := storage.Region.open --flash "flood $(random 100)" --capacity=64 * 1_024
      region.write --at=0 (ByteArray 1_000)
      region.erase
      if (random 2) == 0: region.close

instances -> none:
  while true: containers.start containers.current { "do": "sleep" }

/** Opens sockets without end, and closes none. */
sockets -> none:
  network := net.open
  opened := []
  while true: note: opened.add network.udp-open

/** Writes to connections and a socket for datagrams that nothing reads from. */
unread-bytes -> none:
  network := net.open
  server := network.tcp-listen 0
  silent := network.udp-open
  address := net.SocketAddress (net.IpAddress.parse "127.0.0.1") silent.local-address.port
  TASKS.repeat:
    task::
      socket := network.tcp-connect "127.0.0.1" server.local-address.port
      while true: note: socket.out.write (ByteArray 64_000)
    task::
      sender := network.udp-open
      while true: note: sender.send (udp.Datagram (ByteArray 1_000) address)
  while true: sleep --ms=1_000
