// Closing what belonged to a provider that has died is no error, and says nothing.
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
