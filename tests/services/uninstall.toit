// After uninstalling, running calls complete; later ones fail; resources close.
// expect: during
// expect: HANDLER_NOT_FOUND
// expect: resources [r]
// expect: uninstalled
// expect: HANDLER_NOT_FOUND
// expect: Cannot find service
// simulate: yes
import monitor
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  client.create "r"
  answer := monitor.Latch
  task:: answer.set (client.sleep "during")
  provider.changed.wait: provider.entered == 1
  provider.uninstall
  provider.gate.up
  print answer.get
  print (catch: client.echo 1)
  print "resources $provider.resources-closed"

  // A handler that uninstalls its own provider still answers.
  provider = Provider
  provider.install
  client = Client
  client.open
  print (client.invoke_ UNINSTALL null)
  print (catch: client.echo 1)
  print (catch: (Client).open --timeout=null)
