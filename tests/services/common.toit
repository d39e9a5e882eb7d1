// helper
// A service that most of the tests here use: it echoes, throws, waits, and makes resources.
import monitor
import system.services show *

UUID ::= "2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b01"
SELECTOR ::= ServiceSelector --uuid=UUID --major=1 --minor=2

ECHO ::= 0
THROW ::= 1
SLEEP ::= 2
RESOURCE ::= 3
CALL-RESOURCE ::= 4
BAD-REPLY ::= 5
NOTIFY ::= 6
WHO ::= 7
UNINSTALL ::= 8

class Provider extends ServiceProvider implements ServiceHandler:
  opened/int := 0
  closed/int := 0
  resources-closed/List ::= []
  changed/monitor.Signal ::= monitor.Signal
  gate/monitor.Semaphore ::= monitor.Semaphore
  entered/int := 0

  constructor
      name/string="test/common"
      --priority/int=ServiceProvider.PRIORITY-NORMAL
      --tags/List?=null
      --selector/ServiceSelector=SELECTOR:
    super name --major=3 --minor=4 --patch=5
    provides selector --handler=this --priority=priority --tags=tags

  on-opened client/int -> none:
    opened++
    changed.raise

  on-closed client/int -> none:
    closed++
    changed.raise

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == ECHO: return arguments
    if index == THROW: throw arguments
    if index == SLEEP:
      entered++
      changed.raise
      gate.down
      return arguments
    if index == RESOURCE: return Resource this client arguments
    if index == CALL-RESOURCE: return ((resource client arguments) as Resource).label
    if index == BAD-REPLY: return Unsendable
    if index == NOTIFY:
      from := resource client arguments[0]
      arguments[1].repeat: (from as Resource).notify_ it
      return null
    if index == WHO: return name
    if index == UNINSTALL:
      uninstall
      return "uninstalled"
    unreachable

class Unsendable:

class Resource extends ServiceResource:
  label/string
  provider/Provider

  constructor .provider client/int .label:
    super provider client --notifiable

  on-closed -> none:
    provider.resources-closed.add label
    provider.changed.raise

class Client extends ServiceClient:
  constructor selector/ServiceSelector=SELECTOR: super selector
  echo value: return invoke_ ECHO value
  fail value: return invoke_ THROW value
  sleep value: return invoke_ SLEEP value
  create label/string -> Proxy: return Proxy this (invoke_ RESOURCE label)
  label handle/int -> string: return invoke_ CALL-RESOURCE handle
  notify proxy/Proxy count/int -> none: invoke_ NOTIFY [proxy.handle_, count]

class Proxy extends ServiceResourceProxy:
  heard/List ::= []
  changed/monitor.Signal ::= monitor.Signal

  constructor client/ServiceClient handle/int: super client handle

  on-notified_ notification/any -> none:
    heard.add notification
    changed.raise
