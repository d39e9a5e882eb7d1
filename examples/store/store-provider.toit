// Made from store.toit by `lucarne interface generate --toit`. Do not edit: change
// store.toit instead, and make this file again.

import system.services show ServiceHandler ServiceProvider ServiceResource

import .store as definition_
import .store-service show Store encode-change_

/**
A provider of the service `Store`.

A subclass implements the methods of the interface `Store` in `store.toit`.
Each resource that it returns must be a new object: it is closed when its client closes it or ends.
*/
abstract class StoreProvider extends ServiceProvider
    implements ServiceHandler definition_.Store:
  /**
  Creates a provider with this $name and version. Both describe it, and clients can choose by them.
  */
  constructor
      name/string="store"
      --major/int=1
      --minor/int=0
      --patch/int=0
      --tags/List?=null
      --priority/int=ServiceProvider.PRIORITY-NORMAL:
    super name --major=major --minor=minor --patch=patch --tags=tags
    provides Store.SELECTOR --handler=this --priority=priority

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == Store.GET-INDEX:
      return this.get arguments
    if index == Store.PUT-INDEX:
      this.put arguments[0] arguments[1]
      return null
    if index == Store.REMOVE-INDEX:
      return this.remove arguments
    if index == Store.WATCH-INDEX:
      return open-watch_ client (this.watch arguments)
    throw "no method $index in service:$name"

  open-watch_ client/int object/definition_.Watch? -> ServiceResource?:
    if not object: return null
    opened/ServiceResource? := null
    try:
      opened = WatchResource_ this client object
      return opened
    finally:
      if not opened: object.close

class WatchResource_ extends ServiceResource:
  object_/definition_.Watch
  forwarding_/Task? := null

  constructor provider/ServiceProvider client/int .object_:
    super provider client --notifiable
    forwarding_ = task --background:: forward_

  forward_ -> none:
    try:
      catch --trace: while not is-closed: notify_ (encode-change_ object_.next)
    finally:
      forwarding_ = null
      close

  on-closed -> none:
    if forwarding_: forwarding_.cancel
    object_.close
