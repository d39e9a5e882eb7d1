// What is printed for errors of services that are not caught.
//
// expect exit: 1
// expect error: called from the client:
// expect error: : Client.ask
// expect error: Client asks for service 1b3d5e7f-0000-4000-8000-000000000001, version 1.2.x: no container provides it
// expect error: the selector does not allow its providers: test/teller@1.3
// expect error: Cannot find service
// expect error: Cannot disambiguate
// expect error: several providers have the priority 128: test/teller@1.3, test/other@1.4 [new]; restrict the selector

import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="1b3d5e7f-0000-4000-8000-000000000001" --major=1 --minor=2

class Provider extends ServiceProvider implements ServiceHandler:
  constructor name/string="test/teller" --minor/int=3 --tags/List?=null:
    super name --major=1 --minor=minor
    provides SELECTOR --handler=this --tags=tags

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
  other := Provider "test/other" --minor=4 --tags=["new"]
  other.install
  catch --trace: (Client SELECTOR).open
  other.uninstall
  client := Client SELECTOR
  client.open
  client.ask [1]
