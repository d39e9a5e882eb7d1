// The provider: the generated one, and the implementation of a single container.
import .exchange
import .exchange-provider as generated

class ExchangeProvider extends generated.ExchangeProvider:
  exchange_ ::= Exchange_

  constructor: super "test/exchange" --major=1 --minor=0

  join -> Guest: return exchange_.join

main:
  (ExchangeProvider).install
