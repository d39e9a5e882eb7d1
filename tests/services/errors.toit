// What a handler throws, its caller throws, as text; and the provider serves on.
// expect: oops
// expect: 42
// expect: true
// expect: SERIALIZATION_FAILED
// expect: SERIALIZATION_FAILED
// expect: still here
// expect error: Cannot encode instance of class 'Unsendable'
// expect error: Client.echo
import .common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  print (catch: client.fail "oops")
  exception := catch: client.fail 42
  print exception
  print exception is string
  print (catch --trace: client.echo Unsendable)
  print (catch: client.invoke_ BAD-REPLY null)
  print (client.echo "still here")
  client.close
  provider.uninstall
