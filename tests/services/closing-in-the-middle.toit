// Closing a client, a resource or a proxy during calls and notifications.
// expect: a call in progress is answered: slept
// expect: a later one: Client closed
// expect: the provider closed it once: 1
// expect: after the close nothing is heard: [0]
// expect: notify of a closed resource: ALREADY_CLOSED
// expect: the last notification closes: [last]
// expect: resources closed: [quiet, final]
// expect: a resource that fails to close disturbs no others: closed 2
// expect error: not willing to close
// simulate: yes
import monitor
import system.services show *
import .common

class Stubborn extends ServiceResource:
  constructor provider/Provider client/int: super provider client
  on-closed -> none: throw "not willing to close"

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  answer := monitor.Latch
  task:: answer.set (catch: answer.set (client.sleep "slept"))
  provider.changed.wait: provider.entered == 1
  client.close
  provider.gate.up
  print "a call in progress is answered: $answer.get"
  print "a later one: $(catch: client.echo 1)"
  client.close
  print "the provider closed it once: $provider.closed"

  client = Client
  client.open
  proxy := client.create "quiet"
  resource := (provider.resource client.id proxy.handle_) as Resource
  resource.notify_ 0
  proxy.changed.wait: proxy.heard.size == 1
  resource.notify_ 1
  proxy.close
  // If the proxy were open, this would come after the one above.
  client.echo 1
  print "after the close nothing is heard: $proxy.heard"
  print "notify of a closed resource: $(catch: resource.notify_ 2)"

  proxy = client.create "final"
  resource = (provider.resource client.id proxy.handle_) as Resource
  resource.notify_ "last" --close
  proxy.changed.wait: not proxy.heard.is-empty
  print "the last notification closes: $proxy.heard"
  proxy.close
  print "resources closed: $provider.resources-closed"
  Stubborn provider client.id
  client.close
  print "a resource that fails to close disturbs no others: closed $provider.closed"
  provider.uninstall
