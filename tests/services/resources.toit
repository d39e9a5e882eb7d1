// A resource closes exactly once, whichever side closes it, and its handle is not reused afterwards.
// expect: one
// expect: closed: [one]
// expect: null
// expect: closed: [one, two]
// expect: closed: [one, two, three, four]
// expect: 0 resources
// simulate: yes
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  one := client.create "one"
  handle := one.handle_
  print (client.label handle)
  one.close
  one.close
  print "closed: $provider.resources-closed"
  print (provider.resource client.id handle)
  two := client.create "two"
  // The provider closes this one; the client's later close does nothing.
  (provider.resource client.id two.handle_).close
  two.close
  print "closed: $provider.resources-closed"
  client.create "three"
  four := client.create "four"
  client.close
  four.close
  print "closed: $provider.resources-closed"
  count := 0
  provider.resources-do: count++
  print "$count resources"
  provider.uninstall
