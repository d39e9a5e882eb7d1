// The same large byte array occurs several times in a message, whole and as a slice: each arrives whole, in arguments,
// results and spawned lambdas. The sender's is emptied once the message is sent.
// expect: argument: 40000 39999 40000, 7 7 7
// expect: left: 0
// expect: map: 40000 40000
// expect: slice first: 3 40000
// expect: refused: 40000
// expect: spawned: 40000 40000 10, 7
import .common

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  bytes := sevens
  answer := client.echo [bytes, bytes[1..], bytes]
  print "argument: $answer[0].size $answer[1].size $answer[2].size, $answer[0][39_999] $answer[1][39_998] $answer[2][39_999]"
  print "left: $bytes.size"
  bytes = sevens
  map := client.echo {"a": bytes, "b": [bytes]}
  print "map: $map["a"].size $map["b"][0].size"
  bytes = sevens
  answer = client.echo [bytes[..3], bytes]
  print "slice first: $answer[0].size $answer[1].size"
  // A message that cannot be encoded empties nothing.
  bytes = sevens
  catch: client.echo [bytes, bytes, client]
  print "refused: $bytes.size"
  slice := bytes[5..15]
  again := bytes
  client.close
  spawn:: print "spawned: $bytes.size $again.size $slice.size, $again[39_999]"

sevens -> ByteArray:
  return ByteArray 40_000: 7
