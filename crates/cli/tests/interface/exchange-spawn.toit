// expect sometime: ada heard enough: true
// expect sometime: bob heard enough: true
// expect: the last guest has left
import .exchange-client
import .exchange-guest as guest
import .exchange-server

main:
  spawn::
    provider := ExchangeProvider
    provider.install
    provider.uninstall --wait
    print "the last guest has left"
  spawn:: guest.main --name="ada"
  spawn:: guest.main --name="bob"
  client := ExchangeClient
  client.open --timeout=(Duration --s=5)
  own := client.join
  // When a message of each has arrived, both are there. What they send after that, the other hears, too.
  2.repeat:
    heard := {}
    while heard.size < 2: heard.add (own.receive.contains "ada")
  own.send "quit"
  own.close
  client.close
