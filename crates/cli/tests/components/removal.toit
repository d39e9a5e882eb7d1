import monitor
import system.external

main:
  first := external.Client.open "test/first"
  failed := monitor.Latch
  task:: failed.set (catch: first.request 0 #[])
  sleep --ms=10
  print "answer: $((first.request 1 #[]).to-string)"
  print "unanswered: $failed.get"
  print "later: $(catch: first.request 0 #[])"
  print "notify: $(catch: first.notify #[])"
  first.close
  print "open: $(catch: external.Client.open "test/first")"

  second := external.Client.open "test/second"
  print "second: $(catch: second.request 2 #[])"

  last := external.Client.open "test/last"
  task --background:: last.request 0 #[]
  sleep --ms=10
