/**
All types in all places.

@service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d02 2.3
*/
interface Types:
  /** Returns the values in a list. */
  all a/bool b/int c/float d/string e/ByteArray f/List g/Map h/any -> List
  nulls a/bool? b/int? c/float? d/string? e/ByteArray? f/List? g/Map? h/any -> List?
  nothing -> none
  named --left/int --right/int -> int
  /// The `*/` of a comment, a \backslash, and $size.
  size bytes/ByteArray -> int
  echo bytes/ByteArray -> ByteArray

  /**
  Turns a shape around.

  @throws TOO_LARGE
  @throws NO_SHAPE "there is no such shape"
  */
  turn shape/Shape -> Shape
  perhaps shape/Shape? -> Shape?

  /**
  @type shapes List<Shape?>
  @type -> Map<string, List<Shape>>
  @since 1
  */
  by-name shapes/List -> Map

  /** @timeout 50ms */
  slow -> none

  /** @index 40 */
  shelf name/string -> Shelf?

/**
A shelf of things.

@resource
*/
interface Shelf:
  put thing/any -> int
  things -> List
  drawer -> Drawer
  open-drawers -> int

/**
A drawer.

@resource
*/
interface Drawer:
  /** @close */
  shut -> none
  /** @notification name/string shape/Shape? */
  on-change callback/Lambda -> none
  put name/string shape/Shape? -> none

/** @record */
class Shape:
  name/string
  corner-points/List
  /** @type Map<int, Shape>? */
  parts/Map?
  next/Shape?
  type/any

  constructor .name .corner-points --.parts=null --.next=null --.type=null:
