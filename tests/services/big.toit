// A byte array of 10 MB is handed over: the sender's is empty, and nothing is copied in between.
// expect: 10000000 123
// expect: mine: 0
// expect: back: 10000000 124
// expect: small: 3 3
// expect: a list with two: 40000 40000, left 0 0
import .common

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  big := ByteArray 10_000_000
  big[9_999_999] = 123
  answer/ByteArray := client.echo big
  print "$answer.size $answer[9_999_999]"
  print "mine: $big.size"
  answer[0] = 124
  again/ByteArray := client.echo answer
  print "back: $again.size $again[0]"
  small := #[1, 2, 3]
  print "small: $((client.echo small).size) $small.size"
  one := ByteArray 40_000
  two := ByteArray 40_000
  both := client.echo [one, two]
  print "a list with two: $both[0].size $both[1].size, left $one.size $two.size"
  client.close
