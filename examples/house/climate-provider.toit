// Made from climate.toit by `lucarne interface generate --toit`. Do not edit: change
// climate.toit instead, and make this file again.

import system.services show ServiceHandler ServiceProvider ServiceResource

import .climate as definition_
import .climate-service show Climate

/**
A provider of the service `Climate`.

A subclass implements the methods of the interface `Climate` in `climate.toit`.
Each resource that it returns must be a new object: it is closed when its client closes it or ends.
*/
abstract class ClimateProvider extends ServiceProvider
    implements ServiceHandler definition_.Climate:
  /**
  Creates a provider with this $name and version. Both describe it, and clients can choose by them.
  */
  constructor
      name/string="climate"
      --major/int=1
      --minor/int=0
      --patch/int=0
      --tags/List?=null
      --priority/int=ServiceProvider.PRIORITY-NORMAL:
    super name --major=major --minor=minor --patch=patch --tags=tags
    provides Climate.SELECTOR --handler=this --priority=priority

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == Climate.TEMPERATURE-INDEX:
      return this.temperature
    if index == Climate.WATCH-INDEX:
      return open-watch_ client this.watch
    if index == -1: return definition-bytes_
    throw "no method $index in service:$name"

  /**
  Ends the resource of an $object that a method has returned.

  The resource is closed, and its client is told, after the notifications that were sent before.
  */
  end-resource object/any -> none:
    resources-do: | resource_/ServiceResource |
      if resource_ is WatchResource_:
        if identical (resource_ as WatchResource_).object_ object: resource_.close

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
      catch --trace:
        while not is-closed:
          notification_ := object_.next
          if not is-closed: notify_ notification_
    finally:
      forwarding_ = null
      close

  on-closed -> none:
    if forwarding_: forwarding_.cancel
    object_.close

/** The definition, compressed: providers carry it for tools such as `lucarne call`. */
definition-bytes_ -> ByteArray:
  return #[
    120, 218, 101, 144, 221, 106, 132, 48, 16, 133, 239, 125, 138, 121, 0, 255, 118, 87, 172, 246,
    162, 88, 10, 125, 128, 82, 232, 117, 140, 147, 53, 160, 147, 146, 140, 221, 125, 252, 38, 81,
    22, 109, 47, 66, 72, 230, 204, 119, 14, 167, 40, 10, 232, 28, 218, 31, 45, 17, 100, 89, 183,
    131, 82, 50, 27, 170, 186, 207, 42, 60, 55, 89, 171, 158, 206, 89, 223, 92, 122, 209, 183, 205,
    165, 174, 36, 156, 242, 50, 41, 138, 34, 28, 248, 28, 253, 210, 164, 103, 193, 8, 154, 64, 128,
    53, 102, 206, 19, 77, 140, 86, 9, 79, 124, 91, 135, 207, 9, 64, 208, 119, 154, 6, 188, 67, 185,
    62, 183, 207, 15, 228, 197, 146, 3, 246, 48, 198, 249, 27, 173, 240, 31, 8, 100, 110, 105, 160,
    50, 18, 143, 14, 140, 242, 252, 1, 175, 22, 61, 22, 39, 167, 23, 151, 123, 194, 126, 35, 123,
    241, 122, 62, 122, 157, 14, 94, 95, 130, 229, 136, 255, 188, 114, 120, 183, 102, 14, 142, 96,
    40, 5, 20, 114, 4, 57, 10, 186, 98, 176, 213, 12, 218, 129, 243, 49, 130, 225, 45, 32, 130, 85,
    100, 197, 26, 58, 139, 206, 44, 86, 226, 163, 152, 215, 85, 150, 194, 66, 172, 167, 141, 32, 39,
    227, 112, 216, 215, 19, 17, 143, 114, 8, 239, 12, 167, 242, 79, 96, 205, 14, 148, 177, 49, 114,
    84, 236, 114, 167, 32, 104, 0, 187, 21, 168, 99, 190, 168, 57, 54, 17, 141, 253, 35, 222, 97,
    70, 134, 48, 249, 5, 254, 239, 153, 129,
  ]
