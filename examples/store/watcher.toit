// Watches names in the store of `store.rs`, which runs it: those with a prefix, until one is
// removed.
import .store-client

main arguments/List:
  prefix := arguments[0]
  last := arguments[1]
  store := StoreClient
  store.open
  watch := store.watch prefix
  store.put "watcher" prefix
  while true:
    change := watch.next
    print "Toit sees $change.name: $change.value"
    if change.name == last and change.value == null: break
  store.close
