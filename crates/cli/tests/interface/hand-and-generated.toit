// Clients and providers, generated and written by hand, understand each other.
// expect: generated provider: generated client hears from hand, hand hears from generated client
// expect: hand provider: generated client hears from hand, hand hears from generated client
import .exchange-server
import .hand
import .exchange-talk

main:
  converse "generated provider" (ExchangeProvider)
  converse "hand provider" (HandProvider)

converse title/string provider -> none:
  provider.install
  talk title
  provider.uninstall --wait
