// A service that answers with a greeting, and two client processes. Run it with `lucarne run examples/greeting.toit`.
import monitor
import system.services show *

// Identifies the service forever. Any UUID works, if no other service uses it.
SELECTOR ::= ServiceSelector
    --uuid="0b9a54a1-3d6e-4a57-8d9a-0a1f3cf7b4c2"
    --major=1
    --minor=0

// The provider.
class Greeter extends ServiceProvider implements ServiceHandler:
  guests/int := 0
  left/monitor.Signal ::= monitor.Signal

  constructor:
    super "example/greeter" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    return "hello from the house, $arguments"

  // Called for each client when it closes, or when its process ends without closing it.
  on-closed client/int -> none:
    guests++
    left.raise

// The client.
class GreeterClient extends ServiceClient:
  constructor: super SELECTOR
  greet name/string -> string: return invoke_ 0 name

main:
  greeter := Greeter
  greeter.install
  // Each `spawn` starts a process that shares nothing with this one.
  2.repeat: | index |
    spawn::
      client := GreeterClient
      client.open --timeout=(Duration --s=5)
      print "guest: $(client.greet "guest $(index + 1)")"
    // Wait for each client to close, so that the output is always the same.
    greeter.left.wait: greeter.guests == index + 1
  print "house: both guests have left"
  greeter.uninstall
