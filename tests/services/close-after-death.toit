// Closing a client or proxy of a dead provider is not an error, and prints nothing.
// expect: closed
// expect exit: 1
import .common

main:
  spawn::
    provider := Provider
    provider.install
    provider.changed.wait: provider.entered == 1
    throw "dies on purpose"
  client := Client
  client.open --timeout=(Duration --s=5)
  proxy := client.create "resource"
  catch: client.sleep null
  proxy.close
  client.close
  print "closed"
