/** What the collections have in common. */

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

/** A collection all of whose methods rest on $do. */
abstract class CollectionBase implements Collection:
  constructor.from-subclass_:

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

  /** See $(Collection.reduce [block]). */
  reduce [block]:
    if is-empty: throw "Not enough elements"
    is-first := true
    result := null
    do:
      result = is-first ? it : (block.call result it)
      is-first = false
    return result

  /** See $(Collection.reduce --initial [block]). */
  reduce --initial [block]:
    result := initial
    do: result = block.call result it
    return result

/** The longest text that a collection shows before it is cut off. */
MAX-PRINT-STRING_ ::= 4000

/**
The text of a collection between $open and $close.

Calls $each with a block to which it must give the text of each element.
*/
stringify-elements_ open/string close/string [each] -> string:
  texts := []
  length := 0
  each.call: | text/string |
    length += text.size + 2
    if length > MAX-PRINT-STRING_: return "$open$(texts.join ", ")..."
    texts.add text
  return "$open$(texts.join ", ")$close"
