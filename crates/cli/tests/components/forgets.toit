// Waits, for so many milliseconds, for an answer that the component forgets.
import system.external

main arguments:
  client := external.Client.open "test/crash"
  print (catch: with-timeout --ms=(int.parse arguments[0]): client.request 1 "forgotten")
  client.close
