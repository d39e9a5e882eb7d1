// Made from echo.toit by `lucarne interface generate --toit`. Do not edit: change
// echo.toit instead, and make this file again.

import system.services show ServiceHandler ServiceProvider

import .echo as definition_
import .echo-service show Echo decode-point_ encode-point_

/**
A provider of the service `Echo`.

A subclass implements the methods of the interface `Echo` in `echo.toit`.
*/
abstract class EchoProvider extends ServiceProvider
    implements ServiceHandler definition_.Echo:
  /**
  Creates a provider with this $name and version. Both describe it, and clients can choose by them.
  */
  constructor
      name/string="echo"
      --major/int=1
      --minor/int=0
      --patch/int=0
      --tags/List?=null
      --priority/int=ServiceProvider.PRIORITY-NORMAL:
    super name --major=major --minor=minor --patch=patch --tags=tags
    provides Echo.SELECTOR --handler=this --priority=priority

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == Echo.NUMBER-INDEX:
      return this.number arguments
    if index == Echo.SUM-INDEX:
      return this.sum arguments[0] arguments[1]
    if index == Echo.TEXT-INDEX:
      return this.text arguments
    if index == Echo.POINT-INDEX:
      return encode-point_ (this.point (decode-point_ arguments))
    throw "no method $index in service:$name"
