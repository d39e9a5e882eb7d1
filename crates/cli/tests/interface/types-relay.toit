// Provides the service of all types, and passes each call on to another provider of it. The arguments are the tags of
// both.
import .types
import .types-client as generated
import .types-provider as generated

class Relay extends generated.TypesProvider:
  next_/Types

  constructor tag/string .next_:
    super --tags=[tag]

  all a/bool b/int c/float d/string e/ByteArray f/List g/Map h/any -> List:
    return next_.all a b c d e f g h

  nulls a/bool? b/int? c/float? d/string? e/ByteArray? f/List? g/Map? h/any -> List?:
    return next_.nulls a b c d e f g h

  nothing -> none: next_.nothing
  named --left/int --right/int -> int: return next_.named --left=left --right=right
  size bytes/ByteArray -> int: return next_.size bytes
  echo bytes/ByteArray -> ByteArray: return next_.echo bytes
  turn shape/Shape -> Shape: return next_.turn shape
  perhaps shape/Shape? -> Shape?: return next_.perhaps shape
  by-name shapes/List -> Map: return next_.by-name shapes
  slow -> none: next_.slow
  shelf name/string -> Shelf?: unreachable

main arguments:
  next := generated.TypesClient (generated.TypesClient.SELECTOR.restrict.allow --tag=arguments[1])
  next.open --timeout=(Duration --s=30)
  (Relay arguments[0] next).install
