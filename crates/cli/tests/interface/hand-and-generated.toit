// Clients and providers, generated and written by hand, understand each other.
// expect: generated provider: generated client hears from hand, hand hears from generated client
// expect: hand provider: generated client hears from hand, hand hears from generated client
import .exchange-client
import .exchange-server
import .hand

main:
  converse "generated provider" (ExchangeProvider)
  converse "hand provider" (HandProvider)

converse title/string provider -> none:
  provider.install
  generated := ExchangeClient
  generated.open
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
  provider.uninstall --wait
