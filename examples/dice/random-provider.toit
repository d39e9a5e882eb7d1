// Made from random.toit by `lucarne interface generate --toit`. Do not edit: change
// random.toit instead, and make this file again.

import system.services show ServiceHandler ServiceProvider ServiceResource

import .random as definition_
import .random-service show Random

/**
A provider of the service `Random`.

A subclass implements the methods of the interface `Random` in `random.toit`.
Each resource that it returns must be a new object: it is closed when its client closes it or ends.
*/
abstract class RandomProvider extends ServiceProvider
    implements ServiceHandler definition_.Random:
  /**
  Creates a provider with this $name and version. Both describe it, and clients can choose by them.
  */
  constructor
      name/string="random"
      --major/int=1
      --minor/int=0
      --patch/int=0
      --tags/List?=null
      --priority/int=ServiceProvider.PRIORITY-NORMAL:
    super name --major=major --minor=minor --patch=patch --tags=tags
    provides Random.SELECTOR --handler=this --priority=priority

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == Random.GENERATE-INDEX:
      return this.generate arguments
    if index == Random.CREATE-DIE-INDEX:
      return open-die_ client (this.create-die arguments)
    if index == Random.DIE-ROLL-INDEX:
      return (die-of_ client arguments).roll
    throw "no method $index in service:$name"

  open-die_ client/int object/definition_.Die? -> ServiceResource?:
    if not object: return null
    opened/ServiceResource? := null
    try:
      opened = DieResource_ this client object
      return opened
    finally:
      if not opened: object.close

  die-of_ client/int handle/int -> definition_.Die:
    found := (resource client handle) as DieResource_?
    if not found: throw "NO_SUCH_RESOURCE"
    return found.object_

class DieResource_ extends ServiceResource:
  object_/definition_.Die

  constructor provider/ServiceProvider client/int .object_:
    super provider client --notifiable
    object_.on-highest:: | rolls | send_ rolls

  send_ notification/any -> none:
    if not is-closed: notify_ notification

  on-closed -> none:
    object_.close
