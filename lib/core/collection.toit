/** The common part of the collections. */

/** A group of elements. */
interface Collection:
  /** Calls $block with each element. The collection must not change meanwhile. */
  do [block] -> none

  /** The number of elements. */
  size -> int

  /** Whether $other is of the same kind and has equal elements. */
  operator == other -> bool

  /** Whether there are no elements. */
  is-empty -> bool

  /** Whether all elements satisfy $predicate. */
  every [predicate] -> bool

  /** Whether at least one element satisfies $predicate. */
  any [predicate] -> bool

  /** Whether some element equals $element. */
  contains element -> bool

  /** Combines the elements with $block, from the first on. There must be at least one. */
  reduce [block]

  /** Combines $initial and then each element with $block. */
  reduce --initial [block]

/** A collection whose methods all use $do. */
abstract class CollectionBase implements Collection:
  /** See $Collection.do. */
  abstract do [block] -> none

  /** See $Collection.size. */
  abstract size -> int

  /** See $Collection.==. */
  abstract operator == other -> bool

  /** See $Collection.is-empty. */
  is-empty -> bool:
    return size == 0

  /** See $Collection.every. */
  every [predicate] -> bool:
    do: if not predicate.call it: return false
    return true

  /** See $Collection.any. */
  any [predicate] -> bool:
    do: if predicate.call it: return true
    return false

  /** See $Collection.contains. */
  contains element -> bool:
    do: if it == element: return true
    return false

  /** Combines the elements, see $Collection.reduce. */
  reduce [block]:
    if is-empty: throw "Not enough elements"
    is-first := true
    result := null
    do:
      result = is-first ? it : (block.call result it)
      is-first = false
    return result

  /** Combines $initial and the elements, see $Collection.reduce. */
  reduce --initial [block]:
    result := initial
    do: result = block.call result it
    return result

/** The maximum size of a collection's text before it is cut off. */
MAX-PRINT-STRING_ ::= 4000

/** Builds the text of a collection. */
class CollectionText_:
  open_/string
  close_/string
  texts_/List ::= []
  length_/int := 0

  constructor .open_ .close_:

  /** Adds the text of an element. Returns whether there is room for more. */
  add text/string -> bool:
    length_ += text.size + 2
    if length_ > MAX-PRINT-STRING_: return false
    texts_.add text
    return true

  /** The text of a collection all of whose elements were added. */
  complete -> string:
    return "$open_$(texts_.join ", ")$close_"

  /** The text of a collection whose next element did not fit. */
  cut-off -> string:
    return "$open_$(texts_.join ", ")..."
