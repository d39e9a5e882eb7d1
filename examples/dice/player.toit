// A player in Toit, for the casino in `dice.rs`, which runs it.
import monitor
import system.services show *

// The same numbers as in `dice.rs`.
SELECTOR ::= ServiceSelector
    --uuid="e8c1b9c2-5c0c-4bb1-8f8e-21a3b1f6a6d0"
    --major=1
    --minor=0

class RandomClient extends ServiceClient:
  constructor: super SELECTOR
  generate limit/int -> int: return invoke_ 0 limit
  create-die sides/int -> Die: return Die this (invoke_ 1 sides)
  roll_ handle/int -> int: return invoke_ 2 handle

class Die extends ServiceResourceProxy:
  highest/monitor.Latch ::= monitor.Latch

  constructor client/ServiceClient handle/int: super client handle

  roll -> int: return (client_ as RandomClient).roll_ handle_

  // The provider sends the number of rolls until the highest side came up.
  on-notified_ rolls/int -> none:
    if not highest.has-value: highest.set rolls

main:
  random := RandomClient
  random.open
  print "from Toit, a random number: $(random.generate 100)"
  print "from Toit, no die: $(catch: random.create-die 0)"
  die := random.create-die 6
  while die.roll != 6:
  print "from Toit, a six after $die.highest.get rolls"
  random.close
