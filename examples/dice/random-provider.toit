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
    if index == -1: return definition-bytes_
    throw "no method $index in service:$name"

  /**
  Ends the resource of an $object that a method has returned.

  The resource is closed, and its client is told, after the notifications that were sent before.
  */
  end-resource object/any -> none:
    resources-do: | resource_/ServiceResource |
      if resource_ is DieResource_:
        if identical (resource_ as DieResource_).object_ object: resource_.close

  open-die_ client/int object/definition_.Die? -> ServiceResource?:
    if not object: return null
    opened/ServiceResource? := null
    try:
      opened = DieResource_ this client object
      return opened
    finally:
      if not opened: object.close

  die-of_ client/int handle/any -> definition_.Die:
    found := handle is int ? (resource client handle) : null
    if found is not DieResource_: throw "NO_SUCH_RESOURCE"
    return (found as DieResource_).object_

class DieResource_ extends ServiceResource:
  object_/definition_.Die

  constructor provider/ServiceProvider client/int .object_:
    super provider client --notifiable
    object_.on-highest:: | rolls | send_ rolls

  send_ notification/any -> none:
    if not is-closed: notify_ notification

  on-closed -> none:
    object_.close

/** The definition, compressed: providers carry it for tools such as `lucarne call`. */
definition-bytes_ -> ByteArray:
  return #[
    120, 218, 117, 145, 203, 110, 194, 48, 16, 69, 247, 124, 197, 124, 64, 66, 18, 250, 16, 237,
    162, 162, 45, 93, 32, 181, 27, 232, 190, 114, 156, 9, 25, 41, 177, 145, 31, 208, 254, 125, 199,
    54, 169, 0, 209, 69, 148, 100, 238, 120, 230, 232, 184, 40, 10, 88, 88, 52, 123, 146, 8, 56,
    151, 85, 253, 32, 103, 249, 157, 44, 101, 126, 91, 215, 85, 62, 111, 231, 152, 207, 42, 113, 83,
    87, 237, 189, 184, 111, 74, 168, 166, 229, 164, 40, 138, 240, 192, 51, 88, 237, 13, 159, 212,
    45, 24, 161, 26, 61, 128, 242, 67, 141, 198, 78, 39, 164, 28, 154, 86, 112, 184, 142, 201, 227,
    4, 32, 156, 89, 144, 106, 240, 27, 202, 241, 215, 117, 70, 31, 44, 188, 60, 47, 191, 222, 87,
    31, 171, 207, 84, 63, 166, 107, 116, 222, 40, 11, 226, 56, 23, 90, 195, 59, 74, 240, 59, 112,
    58, 131, 218, 59, 80, 218, 1, 41, 217, 251, 134, 212, 54, 3, 215, 33, 244, 52, 144, 155, 242,
    136, 45, 42, 52, 194, 29, 43, 5, 35, 65, 254, 196, 221, 238, 156, 165, 186, 194, 178, 89, 45,
    223, 54, 255, 176, 52, 132, 112, 32, 215, 241, 50, 178, 35, 25, 43, 176, 212, 160, 205, 192, 43,
    71, 125, 4, 217, 245, 226, 135, 35, 217, 107, 139, 22, 18, 147, 52, 200, 68, 121, 152, 17, 251,
    71, 170, 37, 97, 116, 186, 48, 152, 164, 158, 88, 230, 230, 83, 161, 220, 122, 97, 115, 118,
    149, 52, 32, 132, 29, 252, 33, 28, 72, 61, 48, 132, 223, 101, 73, 98, 5, 90, 5, 30, 163, 251,
    254, 194, 10, 43, 165, 150, 164, 112, 164, 85, 204, 35, 228, 217, 138, 87, 193, 213, 36, 91, 12,
    117, 35, 70, 31, 120, 162, 35, 158, 204, 224, 208, 241, 45, 236, 185, 20, 210, 142, 182, 29, 90,
    151, 176, 70, 162, 128, 161, 85, 62, 102, 105, 98, 241, 158, 6, 51, 154, 210, 10, 71, 182, 232,
    50, 104, 12, 239, 191, 240, 23, 253, 10, 217, 72,
  ]
