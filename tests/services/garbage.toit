// A client or proxy without references closes by itself.
// expect: resources [forgotten]
// expect: clients closed 1
import system
import .common

forget-proxy client/Client: client.create "forgotten"
forget-client: (Client).open

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  forget-proxy client
  with-timeout --ms=10_000:
    while provider.resources-closed.is-empty:
      system.process-stats --gc
      yield
  print "resources $provider.resources-closed"
  forget-client
  with-timeout --ms=10_000:
    while provider.closed == 0:
      system.process-stats --gc
      yield
  print "clients closed $provider.closed"
  client.close
  provider.uninstall
