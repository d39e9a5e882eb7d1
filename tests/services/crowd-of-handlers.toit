// Another call is answered even if many handlers are blocked.
// expect: answered while 50 are blocked
// expect: sum 1225
import monitor
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  sum := 0
  done := monitor.Semaphore
  50.repeat: | i |
    task::
      answer := client.sleep i
      sum += answer
      done.up
  provider.changed.wait: provider.entered == 50
  print (client.echo "answered while $provider.entered are blocked")
  50.repeat: provider.gate.up
  50.repeat: done.down
  print "sum $sum"
  client.close
  provider.uninstall
