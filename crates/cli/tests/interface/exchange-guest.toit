// A program that uses the client, as the tutorial writes one. Only its import would differ for a client written by hand.
import .exchange-client

main:
  main --name="guest"

main --name/string:
  client := ExchangeClient
  client.open --timeout=(Duration --s=5)
  guest := client.join
  send-task/Task? := null
  try:
    send-task = task::
      counter := 0
      while true:
        guest.send "hello from $name ($(counter++))"
        sleep --ms=10
    heard := 0
    while true:
      message := guest.receive
      if message == "quit": break
      heard++
    print "$name heard enough: $(heard > 0)"
  finally:
    critical-do:
      if send-task: send-task.cancel
      guest.close
      client.close
