import system.services

UUID ::= "6d4f6a5e-3c9b-4a0f-9f3e-70b15cd1a8e2"

class Calls extends services.ServiceProvider implements services.ServiceHandler:
  constructor:
    super "test/calls" --major=1 --minor=4
    provides (services.ServiceSelector --uuid=UUID --major=1 --minor=4) --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return Kept this client
    if index == 1: return arguments + 1
    throw "bad index"

class Kept extends services.ServiceResource:
  constructor provider/services.ServiceProvider client/int:
    super provider client
  on-closed -> none:

class Caller extends services.ServiceClient:
  constructor: super (services.ServiceSelector --uuid=UUID --major=1 --minor=4)
  keep: return invoke_ 0 null
  next number: return invoke_ 1 number
  bad: return invoke_ 2 null

main arguments:
  if arguments == ["provide"]:
    Calls.install
    print "provides"
    return
  caller := (Caller).open as Caller
  caller.keep
  caller.keep
  print "kept"
  while true:
    caller.next 1
    catch: caller.bad
    sleep --ms=5
