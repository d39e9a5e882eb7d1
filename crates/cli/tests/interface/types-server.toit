import .types
import .types-provider as generated

class TypesProvider extends generated.TypesProvider:
  all a/bool b/int c/float d/string e/ByteArray f/List g/Map h/any -> List:
    return [a, b, c, d, e, f, g, h]

  nulls a/bool? b/int? c/float? d/string? e/ByteArray? f/List? g/Map? h/any -> List?:
    if a == null: return null
    return [a, b, c, d, e, f, g, h]

  nothing -> none:

  named --left/int --right/int -> int:
    return left - right

  size bytes/ByteArray -> int: return bytes.size
  echo bytes/ByteArray -> ByteArray: return bytes

  turn shape/Shape -> Shape:
    if shape.name == "large": throw "TOO_LARGE"
    if shape.name == "none": throw "there is no such shape"
    return Shape "turned $shape.name" shape.corner-points --parts=shape.parts --next=shape.next --type=shape.type

  perhaps shape/Shape? -> Shape?: return shape

  by-name shapes/List -> Map:
    result := {:}
    shapes.do: | shape/Shape? |
      if shape: (result.get shape.name --init=: []).add shape
    return result

  slow -> none: sleep --ms=60_000

  shelf name/string -> Shelf?:
    return name == "none" ? null : Shelf_ this

class Shelf_ implements Shelf:
  provider_/TypesProvider
  things_ ::= []

  constructor .provider_:

  put thing/any -> int:
    things_.add thing
    if thing == "THE END": provider_.end-resource this
    return things_.size
  things -> List: return things_
  drawer -> Drawer: return Drawer_
  open-drawers -> int: return Drawer_.opened

class Drawer_ implements Drawer:
  static opened := 0
  callback_/Lambda? := null

  constructor: opened++

  shut -> none:
    opened--

  on-change callback/Lambda -> none: callback_ = callback
  put name/string shape/Shape? -> none: callback_.call name shape

main:
  (TypesProvider).install
