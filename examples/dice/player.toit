// A player in Toit, for the casino in `dice.rs`, which runs it.
import monitor
import .random-client

main:
  random := RandomClient
  random.open
  print "from Toit, a random number: $(random.generate 100)"
  print "from Toit, no die: $(catch: random.create-die 0)"
  die := random.create-die 6
  highest := monitor.Latch
  die.on-highest:: | rolls | if not highest.has-value: highest.set rolls
  while true: if die.roll == 6: break
  print "from Toit, a six after $highest.get rolls"
  random.close
