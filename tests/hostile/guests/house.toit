// helper
// The two containers that the attacks must not harm: a victim, which provides a service to all, and a bystander.
import expect show *
import rpc
import system
import system.services show *
import system.storage

HOUSE ::= ServiceSelector --uuid="6d1b0c5e-0f0e-4a55-9e1f-9b7f3c1d2a01" --major=1 --minor=0

/** A service that a stranger in Rust provides, which answers wrongly, late or never. */
STRANGE ::= ServiceSelector --uuid="6d1b0c5e-0f0e-4a55-9e1f-9b7f3c1d2a02" --major=1 --minor=0

ECHO ::= 0
ROOM ::= 1
RING ::= 2
WAIT ::= 3
BYTES ::= 4

class House extends ServiceProvider implements ServiceHandler:
  constructor:
    super "test/house" --major=1 --minor=0
    provides HOUSE --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == ECHO: return arguments
    if index == ROOM: return Room this client
    if index == RING:
      room := (resource client arguments[0]) as Room
      arguments[1].repeat: room.notify_ it
      return null
    if index == WAIT:
      sleep --ms=arguments
      return null
    if index == BYTES: return (system.process-stats --gc)[system.STATS-INDEX-ALLOCATED-MEMORY]
    throw "no method $index"

class Room extends ServiceResource:
  constructor provider/ServiceProvider client/int: super provider client --notifiable
  on-closed -> none:

victim -> none:
  (House).install

class Guest extends ServiceClient:
  /** The number under which the provider offers the service. */
  service/int := -1
  constructor selector/ServiceSelector=HOUSE: super selector
  open_ --pid/int --id/int -> any:
    service = id
    return super --pid=pid --id=id
  id -> int: return id_
  provider -> int: return pid_
  echo value/any -> any: return invoke_ ECHO value
  room -> RoomProxy: return RoomProxy this (invoke_ ROOM null)
  ring room/RoomProxy count/int -> none: invoke_ RING [room.handle_, count]
  wait ms/int -> none: invoke_ WAIT ms
  bytes -> int: return invoke_ BYTES null

class RoomProxy extends ServiceResourceProxy:
  heard/int := 0
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none: heard++

/** The exceptions that an attack has met, each once. */
noted_/Set ::= {}

/** Calls an attack, and prints the first exceptions of each kind. */
note [attack] -> none:
  exception := catch: attack.call
  if not exception or noted_.size >= 50: return
  text := "$exception"
  if noted_.contains text: return
  noted_.add text
  print "attack: $text"

/** Opens the service of the victim, which may not have registered yet. */
open-house -> Guest:
  guest := Guest
  guest.open --timeout=(Duration --s=60)
  return guest

/**
Does for so many $rounds what an honest container does, and prints the results.

Each round measures how late a sleep ends, and checks an answer. Some rounds also open and close clients, receive
  notifications, and use the storage.
*/
bystander rounds/int -> none:
  house := open-house
  before := house.bytes
  // All containers start at the same time, and each has its first turns before those of a container that has had some.
  sleep --ms=5
  late := List rounds
  rounds.repeat: | round |
    due := Time.monotonic-us + 1_000 + (random 4_000)
    sleep (Duration --us=due - Time.monotonic-us)
    late[round] = Time.monotonic-us - due
    expect-equals [round, "round"] (house.echo [round, "round"])
    if round % 8 == 0: visit round
    if round % 8 == 4: visit-stranger
  late.sort --in-place
  print "bystander: late $late[rounds / 2] us, at worst $late.last us"
  print "bystander: $rounds rounds, victim $before bytes before, $house.bytes bytes after"
  house.close

/** Prints the size of the victim, when the attackers have ended. */
look-after -> none:
  house := open-house
  print "bystander: victim $house.bytes bytes after the attack"
  house.close

visit round/int -> none:
  guest := open-house
  room := guest.room
  guest.ring room 3
  while room.heard < 3: sleep --ms=1
  room.close
  guest.close
  bucket := storage.Bucket.open --flash "bystander"
  bucket["round"] = round
  expect-equals round bucket["round"]
  bucket.close

/** Whatever the stranger does, it ends in time, and in an exception of this task. */
visit-stranger -> none:
  catch:
    with-timeout --ms=20:
      guest := Guest STRANGE
      guest.open --timeout=null --if-absent=: return
      try:
        guest.echo 1
      finally:
        guest.close
