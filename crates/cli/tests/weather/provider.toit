// The provider of the ledger. It says when an entry comes twice, and how many counts are open.
import system.services show *
import .ledger

class Ledger extends ServiceProvider implements ServiceHandler:
  entries_/Set ::= {}
  open/int := 0

  constructor:
    super "weather/ledger" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == ENTER-INDEX:
      if entries_.contains arguments: print "wrong: $arguments was executed twice"
      entries_.add arguments
      return null
    if index == KNOWS-INDEX: return entries_.contains arguments
    if index == COUNT-INDEX: return Counting this client
    if index == BYTES-INDEX: return ByteArray 50_000
    unreachable

  say-open change/int -> none:
    open += change
    print "open counts: $open"

class Counting extends ServiceResource:
  ledger_/Ledger
  counting_/Task? := null

  constructor .ledger_ client/int:
    super ledger_ client --notifiable
    ledger_.say-open 1
    counting_ = task --background:: count_

  count_ -> none:
    number := 0
    catch:
      while not is-closed:
        notify_ number++
        sleep --ms=10
    counting_ = null

  on-closed -> none:
    if counting_: counting_.cancel
    ledger_.say-open -1

main:
  (Ledger).install
  print "ready"
