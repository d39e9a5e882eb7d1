// Watches names in the store of `store.rs`, which runs it: those with a prefix, until one is
// removed.
import monitor
import system.services show *

// The same numbers as in `store.rs`.
SELECTOR ::= ServiceSelector
    --uuid="3d7f2c1e-9b59-4a53-8ad6-5f0ce7a1c9b4"
    --major=1
    --minor=0

class StoreClient extends ServiceClient:
  constructor: super SELECTOR
  put name/string value/any -> none: invoke_ 1 [name, value]
  watch prefix/string -> Watch: return Watch this (invoke_ 3 prefix)

class Watch extends ServiceResourceProxy:
  changes_/monitor.Channel ::= monitor.Channel 10

  constructor client/ServiceClient handle/int: super client handle

  /** Returns the next change: a map of a name and its value, which is null if it was removed. */
  next -> Map: return changes_.receive

  on-notified_ change/Map -> none: changes_.send change

main arguments/List:
  prefix := arguments[0]
  last := arguments[1]
  store := StoreClient
  store.open
  watch := store.watch prefix
  store.put "watcher" prefix
  while true:
    change := watch.next
    print "Toit sees $change["name"]: $change["value"]"
    if change["name"] == last and change["value"] == null: break
  store.close
