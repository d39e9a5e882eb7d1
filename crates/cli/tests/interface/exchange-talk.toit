// A generated client and one written by hand hear each other, whatever the provider is.
import .exchange-client
import .hand

main:
  talk "provider"

talk title/string -> none:
  generated := ExchangeClient
  generated.open --timeout=(Duration --s=10)
  hand := HandClient
  hand.open
  a := generated.join
  b := hand.join
  a.send "from generated client"
  b.send "from hand"
  print "$title: generated client hears $a.receive, hand hears $b.receive"
  b.close
  a.close
  hand.close
  generated.close
