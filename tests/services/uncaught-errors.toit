// What is printed for errors of services that are not caught.
//
// expect exit: 1
// expect error: called from the client:
// expect error: : Client.ask
// expect error: Client asks for service 1b3d5e7f-0000-4000-8000-000000000001, version 1.2.x: no container provides it
// expect error: the selector does not allow its providers: test/teller@1.3
// expect error: Cannot find service

import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="1b3d5e7f-0000-4000-8000-000000000001" --major=1 --minor=2

class Provider extends ServiceProvider implements ServiceHandler:
  constructor:
    super "test/teller" --major=1 --minor=3
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    return arguments[5]

class Client extends ServiceClient:
  constructor selector/ServiceSelector: super selector
  ask list: return invoke_ 0 list

main:
  catch --trace: (Client SELECTOR).open --timeout=null
  provider := Provider
  provider.install
  denied := SELECTOR.restrict.deny --name="test/teller"
  catch --trace: (Client denied).open --timeout=null
  client := Client SELECTOR
  client.open
  client.ask [1]
