// Measures the duration of calls from one container to another while other containers run. The
// arguments choose the role of this container:
//     provide NAME   answers calls, and sends notifications to clients that request them
//     measure NAME   calls the provider NAME 2,000 times, with a pause before each call as on a real device,
//                    and prints the median and the 99th percentile of the durations
//     calls NAME     calls the provider NAME without end, from 16 tasks at the same time
//     notes NAME     receives notifications from the provider NAME, which sends them without end
import system.services show *

SELECTOR ::= ServiceSelector
    --uuid="8d7f2a0e-6a1b-4c9e-8a55-0f3c7b2d9e14"
    --major=1
    --minor=0

CALLS ::= 2_000
AT-A-TIME ::= 16

class Provider extends ServiceProvider implements ServiceHandler:
  constructor name/string:
    super name --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    return index == 0 ? arguments : Source this client

class Source extends ServiceResource:
  constructor provider/ServiceProvider client/int:
    super provider client --notifiable
    task --background:: while not is-closed: notify_ "note"

  on-closed -> none:

class Client extends ServiceClient:
  constructor --of/string: super (SELECTOR.restrict.allow --name=of)
  echo value/any -> any: return invoke_ 0 value
  notes -> Notes: return Notes this (invoke_ 1 null)

class Notes extends ServiceResourceProxy:
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none:

main arguments/List:
  role := arguments[0]
  name := arguments[1]
  if role == "provide":
    (Provider name).install
    return
  client := Client --of=name
  client.open --timeout=(Duration --s=5)
  if role == "measure": measure client
  else if role == "calls": AT-A-TIME.repeat: task:: while true: client.echo "call"
  else if role == "notes":
    client.notes
    while true: sleep --ms=1_000
  else: throw "unknown role: $role"

measure client/Client -> none:
  taken := List CALLS: | number |
    sleep --ms=1
    (Duration.of: client.echo number).in-us
  taken.sort --in-place
  print "$taken[CALLS / 2] us, 99 %: $taken[CALLS * 99 / 100] us"
