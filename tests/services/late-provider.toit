// All clients that wait for a provider get it when it appears, for any number of clients and at any time.
// expect: 100 opened, 0 failed
// expect: each was counted: 100 opened, 100 closed
// expect: rounds 50
// simulate: yes
import monitor
import system.services show *
import .common

OTHER ::= ServiceSelector --uuid="2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b09" --major=1 --minor=2

main:
  opened := 0
  failed := 0
  done := monitor.Semaphore
  100.repeat:
    task::
      client := Client
      exception := catch: client.open --timeout=(Duration --s=20)
      if exception: failed++
      else: opened++
      client.close
      done.up
  // All of them are waiting now, or about to wait.
  yield
  provider := Provider
  provider.install
  100.repeat: done.down
  print "$opened opened, $failed failed"
  provider.uninstall --wait
  print "each was counted: $provider.opened opened, $provider.closed closed"

  // A provider that appears exactly while a client asks must not be missed.
  rounds := 0
  50.repeat: | round |
    late := Provider --selector=OTHER
    task::
      (round % 7).repeat: yield
      late.install
    client := Client OTHER
    client.open --timeout=(Duration --s=20)
    rounds++
    client.close
    late.uninstall
  print "rounds $rounds"
