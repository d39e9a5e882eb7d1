// Of several providers the highest priority wins; names and tags choose; equals are an error.
// expect: b
// expect: a
// expect: c
// expect: a
// expect: Cannot disambiguate
// expect: Cannot find service
// expect: Cannot have multiple entries for the same named version
// expect: Cannot allow and deny the same tag
import system.services show *
import .common

who selector/ServiceSelector=SELECTOR -> string:
  client := Client selector
  client.open
  try:
    return client.invoke_ WHO null
  finally:
    client.close

main:
  a := Provider "a" --priority=ServiceProvider.PRIORITY-NORMAL --tags=["red"]
  b := Provider "b" --priority=ServiceProvider.PRIORITY-PREFERRED --tags=["blue"]
  c := Provider "c" --priority=ServiceProvider.PRIORITY-UNPREFERRED --tags=["red", "old"]
  [a, b, c].do: it.install
  print who
  print (who (SELECTOR.restrict.deny --name="b"))
  print (who (SELECTOR.restrict.allow --name="c" --major=3))
  print (who (SELECTOR.restrict.allow --tag="red"))
  d := Provider "d" --priority=ServiceProvider.PRIORITY-PREFERRED
  d.install
  print (catch: who)
  print (catch: who (SELECTOR.restrict.allow --name="c" --major=9))
  print (catch: (SELECTOR.restrict.allow --name="c").deny --name="c" --major=1)
  print (catch: (SELECTOR.restrict.allow --tag="x").deny --tag="x")
  [a, b, c, d].do: it.uninstall
