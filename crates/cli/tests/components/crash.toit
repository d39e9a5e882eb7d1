import system.external

main:
  client := external.Client.open "test/crash"
  print (client.request 0 "ok").to-string
  print (catch: client.request 1 "now")
  print (catch: client.request 0 "still there?")
  print (catch: client.notify "still there?")
  client.close
  print (catch: external.Client.open "test/crash")
