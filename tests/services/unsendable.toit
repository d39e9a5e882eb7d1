// A value that cannot be sent is refused by the sender, and loses nothing.
// expect: SERIALIZATION_FAILED
// expect: still mine: 40000
// expect: NESTING_TOO_DEEP
// expect: NO_SUCH_PROCESS
// expect: still mine: 40000
// expect error: Cannot encode instance of class 'Unsendable'
import rpc
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  bytes := ByteArray 40_000
  print (catch --trace: client.echo [bytes, Unsendable])
  print "still mine: $bytes.size"
  cycle := []
  cycle.add cycle
  print (catch: client.echo cycle)
  print (catch: rpc.invoke 123456789 500 bytes)
  print "still mine: $bytes.size"
  client.close
  provider.uninstall
