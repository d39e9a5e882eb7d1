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
    throw "no method $index in service:$name"

  open-seat_ client/int object/definition_.Seat? -> ServiceResource?:
    if not object: return null
    opened/ServiceResource? := null
    try:
      opened = SeatResource_ this client object
      return opened
    finally:
      if not opened: object.close

  seat-of_ client/int handle/int -> definition_.Seat:
    found := (resource client handle) as SeatResource_?
    if not found: throw "NO_SUCH_RESOURCE"
    return found.object_

class SeatResource_ extends ServiceResource:
  object_/definition_.Seat
  forwarding_/Task? := null

  constructor provider/ServiceProvider client/int .object_:
    super provider client --notifiable
    forwarding_ = task --background:: forward_

  forward_ -> none:
    try:
      catch --trace: while not is-closed: notify_ object_.hear
    finally:
      forwarding_ = null
      close

  on-closed -> none:
    if forwarding_: forwarding_.cancel
    object_.close
