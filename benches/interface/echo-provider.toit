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
    if index == -1: return definition-bytes_
    throw "no method $index in service:$name"

/** The definition, compressed: providers carry it for tools such as `lucarne call`. */
definition-bytes_ -> ByteArray:
  return #[
    120, 218, 117, 143, 49, 110, 195, 48, 12, 69, 119, 157, 130, 23, 144, 37, 199, 169, 97, 100, 40,
    188, 100, 44, 16, 20, 93, 58, 202, 10, 29, 11, 72, 164, 130, 162, 18, 231, 246, 149, 108, 119,
    200, 208, 65, 32, 63, 241, 244, 63, 169, 148, 130, 62, 34, 221, 157, 69, 104, 113, 55, 182, 131,
    182, 242, 173, 182, 90, 238, 77, 99, 101, 55, 106, 148, 237, 126, 208, 216, 152, 110, 236, 76,
    13, 117, 165, 133, 82, 170, 60, 248, 68, 78, 228, 35, 60, 38, 195, 224, 24, 46, 200, 177, 18,
    206, 51, 210, 104, 178, 225, 209, 78, 225, 32, 0, 10, 219, 59, 127, 198, 25, 116, 150, 62, 221,
    6, 36, 184, 155, 107, 66, 149, 105, 144, 239, 144, 203, 43, 88, 103, 25, 211, 13, 204, 66, 12,
    255, 114, 187, 63, 201, 19, 133, 71, 132, 227, 199, 233, 235, 59, 207, 24, 103, 222, 34, 34,
    147, 243, 151, 242, 123, 237, 94, 13, 154, 44, 127, 66, 177, 95, 233, 83, 216, 162, 150, 102,
    185, 179, 39, 180, 129, 206, 194, 94, 77, 140, 235, 188, 156, 53, 171, 117, 155, 231, 86, 109,
    240, 57, 32, 89, 14, 4, 213, 12, 213, 243, 32, 126, 1, 131, 16, 104, 125,
  ]
