// Provider and client of the exchange, written by hand as the documents show, with the bytes of the generated ones.
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d01" --major=0 --minor=1
JOIN-INDEX ::= 0
GUEST-SEND-INDEX ::= 1

class HandProvider extends ServiceProvider implements ServiceHandler:
  guests_ ::= []

  constructor:
    super "hand/exchange" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == JOIN-INDEX:
      guest := HandResource this client
      guests_.add guest
      return guest
    if index == GUEST-SEND-INDEX:
      sender := (resource client arguments[0]) as HandResource
      guests_.do: if it != sender: it.notify_ arguments[1]
      return null
    unreachable

class HandResource extends ServiceResource:
  constructor provider/ServiceProvider client/int:
    super provider client --notifiable

  on-closed -> none:
    (provider_ as HandProvider).guests_.remove this

class HandClient extends ServiceClient:
  constructor: super SELECTOR
  join -> HandProxy: return HandProxy this (invoke_ JOIN-INDEX null)

class HandProxy extends ServiceResourceProxy:
  channel_ ::= monitor.Channel 10
  constructor client/ServiceClient handle/int: super client handle
  send message/string -> none: client_.invoke_ GUEST-SEND-INDEX [handle_, message]
  receive -> string: return channel_.receive
  on-notified_ notification/any -> none: channel_.send notification
