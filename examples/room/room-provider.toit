// Made from room.toit by `lucarne interface generate --toit`. Do not edit: change
// room.toit instead, and make this file again.

import system.services show ServiceHandler ServiceProvider ServiceResource

import .room as definition_
import .room-service show Room

/**
A provider of the service `Room`.

A subclass implements the methods of the interface `Room` in `room.toit`.
Each resource that it returns must be a new object: it is closed when its client closes it or ends.
*/
abstract class RoomProvider extends ServiceProvider
    implements ServiceHandler definition_.Room:
  /**
  Creates a provider with this $name and version. Both describe it, and clients can choose by them.
  */
  constructor
      name/string="room"
      --major/int=1
      --minor/int=0
      --patch/int=0
      --tags/List?=null
      --priority/int=ServiceProvider.PRIORITY-NORMAL:
    super name --major=major --minor=minor --patch=patch --tags=tags
    provides Room.SELECTOR --handler=this --priority=priority

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == Room.ENTER-INDEX:
      return open-seat_ client (this.enter arguments)
    if index == Room.SEAT-SAY-INDEX:
      return (seat-of_ client arguments[0]).say arguments[1]
    if index == -1: return definition-bytes_
    throw "no method $index in service:$name"

  /**
  Ends the resource of an $object that a method has returned.

  The resource is closed, and its client is told, after the notifications that were sent before.
  */
  end-resource object/any -> none:
    resources-do: | resource_/ServiceResource |
      if resource_ is SeatResource_:
        if identical (resource_ as SeatResource_).object_ object: resource_.close

  open-seat_ client/int object/definition_.Seat? -> ServiceResource?:
    if not object: return null
    opened/ServiceResource? := null
    try:
      opened = SeatResource_ this client object
      return opened
    finally:
      if not opened: object.close

  seat-of_ client/int handle/any -> definition_.Seat:
    found := handle is int ? (resource client handle) : null
    if found is not SeatResource_: throw "NO_SUCH_RESOURCE"
    return (found as SeatResource_).object_

class SeatResource_ extends ServiceResource:
  object_/definition_.Seat
  forwarding_/Task? := null

  constructor provider/ServiceProvider client/int .object_:
    super provider client --notifiable
    forwarding_ = task --background:: forward_

  forward_ -> none:
    try:
      catch --trace:
        while not is-closed:
          notification_ := object_.hear
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
    120, 218, 93, 145, 65, 114, 131, 48, 12, 69, 247, 156, 226, 31, 32, 96, 232, 52, 205, 180, 139,
    78, 186, 104, 15, 144, 44, 186, 118, 64, 20, 207, 128, 220, 177, 77, 146, 222, 190, 146, 73,
    166, 73, 23, 96, 140, 172, 247, 255, 151, 141, 49, 216, 70, 10, 71, 215, 18, 158, 250, 186, 237,
    169, 161, 82, 62, 14, 229, 163, 125, 176, 229, 179, 221, 80, 89, 119, 143, 135, 186, 223, 116,
    77, 187, 94, 163, 169, 234, 194, 24, 163, 15, 222, 16, 188, 159, 94, 64, 182, 29, 112, 116, 209,
    37, 31, 48, 144, 13, 17, 167, 193, 38, 164, 129, 224, 229, 37, 251, 104, 127, 170, 194, 113,
    162, 208, 91, 145, 218, 105, 95, 1, 40, 101, 235, 184, 163, 51, 234, 101, 123, 249, 249, 174,
    71, 35, 102, 41, 5, 88, 176, 157, 168, 194, 71, 240, 19, 216, 159, 224, 121, 181, 40, 252, 209,
    225, 100, 33, 22, 81, 159, 117, 35, 217, 84, 9, 140, 20, 148, 251, 77, 76, 193, 241, 23, 202,
    87, 236, 165, 152, 19, 108, 3, 69, 63, 135, 150, 110, 50, 125, 143, 234, 208, 113, 198, 104,
    192, 149, 216, 72, 110, 132, 75, 42, 210, 142, 62, 82, 119, 27, 70, 105, 255, 194, 52, 119, 97,
    246, 196, 93, 148, 20, 137, 206, 217, 159, 29, 199, 197, 249, 117, 104, 177, 194, 142, 210, 28,
    56, 170, 168, 19, 191, 243, 116, 160, 160, 254, 53, 154, 246, 221, 184, 23, 229, 171, 26, 43,
    177, 185, 31, 221, 167, 117, 41, 162, 151, 171, 208, 0, 249, 132, 2, 86, 176, 220, 33, 92, 100,
    92, 30, 142, 222, 149, 18, 23, 246, 21, 154, 19, 202, 38, 175, 90, 102, 207, 84, 252, 2, 249,
    98, 170, 172,
  ]
