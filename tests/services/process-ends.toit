// A client's process that ends without closing has its resources and client closed.
// expect: opened 1, closed 1, resources [left]
// simulate: yes
import .common

main:
  provider := Provider
  provider.install
  spawn::
    client := Client
    client.open
    client.create "left"
  with-timeout --ms=10_000: provider.changed.wait: provider.closed == 1
  print "opened $provider.opened, closed $provider.closed, resources $provider.resources-closed"
  provider.uninstall
