import .array_
import .collection
import .hash_
import .list

/**
A collection without duplicates, in the order of insertion.

Elements need a `hash-code` that fits their `==` and does not change. Numbers,
  strings and byte arrays have one.
*/
class Set extends HashedCollection_ implements Collection:
  /** Creates an empty set, like `{}`. */
  constructor:
    super.with-stride_ 2

  /** Adds $key. It replaces an equal element, if there is one. */
  add key -> none:
    #primitive.hash.add: add-compare_ key

  add-compare_ key -> none:
    hash := hash-code_ key
    position := find-by-hash_ hash: compare_ it key
    if position < 0:
      append_ hash key null
    else:
      backing_[position + 1] = key

  /** Adds all elements of $collection. */
  add-all collection/Collection -> none:
    collection.do: add it

  /** The element that equals $key. If there is none, returns the result of $if-absent, called with $key. */
  get key [--if-absent]:
    position := find_ key
    return position < 0 ? (if-absent.call key) : backing_[position + 1]

  /** The element that equals $key, or null. */
  get key:
    return get key --if-absent=: null

  /**
  The element with the given $hash for which $compare returns true.

  If there is none, adds and returns the result of $initial, unless that is null.
  */
  get-by-hash_ hash/int [--initial] [--compare] -> any:
    position := find-by-hash_ hash: compare.call it
    if position >= 0: return backing_[position + 1]
    created := initial.call
    if created != null: append_ hash created null
    return created

  /** See $Collection.do. */
  do [block] -> none:
    do-positions_: | backing position | block.call backing[position + 1]

  /** Calls $block with each element, from the last to the first. */
  do --reversed/True [block] -> none:
    do-positions-reversed_: | backing position | block.call backing[position + 1]

  /** Whether $other is a set with equal elements, in any order. */
  operator == other -> bool:
    return other is Set and (other as Set).size == size and (contains-all other)

  /** See $Collection.every. */
  every [predicate] -> bool:
    do: if not predicate.call it: return false
    return true

  /** See $Collection.any. */
  any [predicate] -> bool:
    do: if predicate.call it: return true
    return false

  /** Combines the elements, see $Collection.reduce. */
  reduce [block]:
    return to-list.reduce block

  /** Combines $initial and the elements, see $Collection.reduce. */
  reduce --initial [block]:
    result := initial
    do: result = block.call result it
    return result

  /** A set with the same elements. */
  copy -> Set:
    return filter: true

  /** The set of the results of $block for each element. */
  map [block] -> Set:
    result := Set
    do: result.add (block.call it)
    return result

  /** The elements that satisfy $predicate, in a new set, or $in-place. */
  filter --in-place/bool=false [predicate] -> Set:
    if in-place:
      do-positions_: | backing position |
        element := backing[position + 1]
        if not predicate.call element: remove element
      return this
    result := Set
    do: if predicate.call it: result.add it
    return result

  /** The elements that are in $other as well, in a new set, or $in-place. */
  intersect --in-place/bool=false other/Set -> Set:
    return filter --in-place=in-place: other.contains it

  /** The element that was inserted first. There must be one. */
  first:
    do: return it
    throw "Not enough elements"

  /** The element that was inserted last. There must be one. */
  last:
    do --reversed: return it
    throw "Not enough elements"

  /** A list of the elements. */
  to-list -> List:
    result := []
    do: result.add it
    return result

  /** See $super. */
  stringify -> string:
    text := CollectionText_ "{" "}"
    do: if not text.add it.stringify: return text.cut-off
    return text.complete

/** A set that compares with `identical` where $Set uses `==`. */
class IdentitySet extends Set:
  compare_ key probe -> bool:
    return identical key probe

  find_ key -> int:
    return find-compare_ key

  /** See $super. */
  contains key -> bool:
    return (find_ key) >= 0

  /** See $super. */
  add key -> none:
    add-compare_ key
