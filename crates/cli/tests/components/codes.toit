import monitor
import system.external

main:
  notified := monitor.Channel 10
  codes := external.Client.open "test/codes" --on-notify=:: notified.send it
  print "notify: $(codes.request 1 #[])"
  2.repeat: print "notified of $notified.receive.size"
  print "reply: $(codes.request 2 #[])"
  print "and then: $notified.receive"
  print (catch: with-timeout --ms=10: codes.request 3 #[])
  print "too late: $(codes.request 4 #[])"
  print "without memory: $(codes.request 5 #[])"
  print "memory: $(codes.request 6 #[])"
  print (catch: codes.request 7 #[])
  print (catch: codes.request 8 #[])
  print (catch: codes.request (1 << 40) #[])

  deaf := external.Client.open "test/deaf"
  deaf.notify "dropped"
  print (catch: deaf.request 0 "nothing")
  print (catch: external.Client.open "test/deaf")
  deaf.close
  print (catch: deaf.notify "closed")
  print (catch: deaf.set-on-notify:: null)
  print (external.Client.open "test/deaf").is-closed
