// The caller throws the exception of a handler, as text; and the provider continues.
// expect: oops
// expect: 42
// expect: true
// expect: SERIALIZATION_FAILED
// expect: SERIALIZATION_FAILED
// expect: ?
// expect: still here
// expect error: Cannot encode instance of class 'Unsendable'
// expect error: Client.echo
import .common

NAMELESS ::= 99

class Nameless:
  stringify: throw "no name"

class Thrower extends Provider:
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == NAMELESS: throw Nameless
    return super index arguments --gid=gid --client=client

main:
  provider := Thrower
  provider.install
  client := Client
  client.open
  print (catch: client.fail "oops")
  exception := catch: client.fail 42
  print exception
  print exception is string
  print (catch --trace: client.echo Unsendable)
  print (catch: client.invoke_ BAD-REPLY null)
  print (catch: client.invoke_ NAMELESS null)
  print (client.echo "still here")
  client.close
  provider.uninstall
