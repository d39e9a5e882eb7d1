// The results of opening a client, and actions that must not be repeated.
// expect: test/common 3.4.5
// expect: service:test/common@3.4.5
// expect: Already opened
// expect: Client closed
// expect: Already installed
// expect: opened 1 closed 1
// simulate: yes
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  print "$client.name $client.major.$client.minor.$client.patch"
  print client
  print (catch: client.open)
  client.close
  print (catch: client.echo 1)
  print (catch: provider.install)
  print "opened $provider.opened closed $provider.closed"
  provider.uninstall
