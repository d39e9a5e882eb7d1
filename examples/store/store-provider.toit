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
          notification_ := (encode-change_ object_.next)
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
    120, 218, 109, 147, 221, 78, 195, 48, 12, 133, 239, 251, 20, 126, 0, 218, 174, 140, 1, 227, 2,
    13, 33, 238, 208, 144, 248, 189, 68, 105, 234, 174, 145, 186, 100, 114, 210, 253, 188, 61, 142,
    219, 77, 235, 196, 197, 84, 101, 181, 207, 119, 156, 227, 230, 121, 14, 11, 143, 180, 53, 26,
    97, 90, 221, 213, 215, 186, 192, 116, 94, 206, 230, 233, 141, 154, 77, 211, 123, 85, 221, 166,
    179, 122, 162, 241, 78, 21, 122, 94, 222, 64, 145, 77, 146, 60, 207, 227, 15, 62, 130, 35, 244,
    176, 85, 109, 199, 143, 242, 0, 86, 173, 49, 75, 140, 13, 72, 181, 98, 69, 41, 120, 72, 0, 98,
    245, 194, 216, 10, 247, 48, 233, 143, 195, 159, 239, 24, 58, 178, 30, 66, 131, 189, 14, 184, 26,
    148, 8, 93, 129, 35, 176, 93, 219, 130, 169, 193, 4, 104, 148, 7, 235, 44, 3, 0, 86, 24, 164,
    38, 247, 129, 140, 93, 65, 250, 8, 202, 30, 198, 160, 226, 120, 12, 13, 185, 157, 135, 229, 219,
    239, 247, 211, 235, 215, 203, 136, 255, 129, 225, 95, 120, 6, 75, 33, 71, 100, 0, 213, 182, 110,
    135, 85, 36, 111, 186, 49, 89, 250, 114, 134, 71, 15, 209, 222, 216, 196, 245, 197, 180, 107,
    183, 229, 171, 58, 14, 168, 108, 5, 52, 220, 192, 174, 65, 246, 65, 113, 82, 220, 27, 31, 122,
    28, 73, 199, 229, 172, 165, 115, 237, 152, 51, 29, 113, 126, 84, 208, 77, 228, 240, 8, 177, 149,
    213, 77, 104, 24, 187, 33, 172, 205, 62, 131, 79, 158, 88, 119, 68, 104, 195, 49, 62, 69, 8, 62,
    158, 107, 67, 62, 68, 246, 46, 170, 12, 45, 103, 112, 17, 151, 252, 23, 156, 190, 235, 72, 227,
    105, 35, 158, 134, 38, 103, 123, 238, 249, 50, 72, 223, 105, 25, 44, 238, 3, 20, 147, 11, 219,
    134, 211, 168, 57, 246, 152, 136, 84, 232, 70, 217, 213, 197, 77, 25, 113, 39, 175, 217, 206,
    179, 84, 28, 101, 117, 235, 124, 60, 200, 243, 20, 201, 96, 86, 59, 170, 206, 172, 246, 218,
    125, 230, 114, 9, 89, 162, 91, 229, 253, 32, 25, 173, 158, 221, 251, 200, 233, 114, 88, 75, 241,
    201, 53, 178, 156, 37, 162, 29, 2, 147, 236, 78, 171, 17, 253, 56, 203, 50, 157, 230, 15, 2, 50,
    233, 200, 228, 245, 67, 242, 7, 86, 90, 17, 114,
  ]
