import .array_
import .collection
import .hash_
import .list

/**
A collection of values, each found by its key, in the order of insertion.

Keys need a `hash-code` that fits their `==` and does not change. Numbers,
  strings and byte arrays have one.
*/
class Map extends HashedCollection_:
  /** Creates an empty map, like `{:}`. */
  constructor:
    super.with-stride_ 3

  /**
  Creates a map that does not keep its values alive.

  A value that nothing else refers to becomes null, and its key disappears some time later.
  */
  constructor.weak:
    return WeakMap_

  /** Creates a map of $size entries. The blocks return the key and the value for each number from 0 on. */
  constructor size/int [get-key] [get-value]:
    super.with-stride_ 3
    for i := 0; i < size; i++: this[get-key.call i] = get-value.call i

  /** The value of $key, which must be in the map. */
  operator [] key:
    #primitive.hash.at: return at-compare_ key

  at-compare_ key:
    position := find_ key
    if position >= 0: return backing_[position + 2]
    if key is string or key is num: throw "key '$key' not found"
    throw "key not found"

  /** Makes $value the value of $key. */
  operator []= key value:
    #primitive.hash.put: return put-compare_ key value

  put-compare_ key value:
    hash := hash-code_ key
    position := find-by-hash_ hash: compare_ it key
    if position < 0:
      append_ hash key value
    else:
      backing_[position + 2] = value
    return value

  /** The value of $key, or null. */
  get key:
    #primitive.hash.get: return get-compare_ key

  get-compare_ key:
    position := find_ key
    return position < 0 ? null : backing_[position + 2]

  /**
  The value of $key. If it is not in the map, returns the result of $if-absent, called with $key.
  */
  get key [--if-absent]:
    position := find_ key
    return position < 0 ? (if-absent.call key) : backing_[position + 2]

  /** The result of $if-present, called with the value of $key. Null if $key is not in the map. */
  get key [--if-present]:
    position := find_ key
    return position < 0 ? null : if-present.call backing_[position + 2]

  /** The result of $if-present, called with the value of $key, or that of $if-absent, called with $key. */
  get key [--if-present] [--if-absent]:
    position := find_ key
    return position < 0 ? (if-absent.call key) : if-present.call backing_[position + 2]

  /** The value of $key. If it is not in the map, first sets the value to the result of $init. */
  get key [--init]:
    position := find_ key
    if position >= 0: return backing_[position + 2]
    return this[key] = init.call key

  /** Replaces the value of $key, which must be in the map, with the result of $updater for the old value. */
  update key [updater]:
    return update key updater --if-absent=: throw "key not found"

  /**
  Variant of $(update key [updater]) where $if-absent returns the new value of a missing $key.
  */
  update key [updater] [--if-absent]:
    position := find_ key
    new-value := position < 0 ? (if-absent.call key) : updater.call backing_[position + 2]
    return this[key] = new-value

  /** Variant of $(update key [updater]) where $if-absent is the new value of a missing $key. */
  update key [updater] --if-absent:
    return update key updater --if-absent=(: if-absent)

  /** Variant of $(update key [updater]) where a missing $key first gets the result of $init. */
  update key [--init] [updater]:
    return update key updater --if-absent=(: updater.call (init.call key))

  /** Variant of $(update key [updater]) where a missing $key first gets the value $init. */
  update key --init [updater]:
    return update key updater --if-absent=(: updater.call init)

  /** Calls $block with each key and its value. The map must not change meanwhile. */
  do [block] -> none:
    do-positions_: | backing position | block.call backing[position + 1] backing[position + 2]

  /** Variant of $(do [block]), from the last key to the first. */
  do --reversed/True [block] -> none:
    do-positions-reversed_: | backing position | block.call backing[position + 1] backing[position + 2]

  /** Calls $block with each key. */
  do --keys/True --reversed/bool=false [block] -> none:
    if reversed:
      do --reversed: | key _ | block.call key
    else:
      do: | key _ | block.call key

  /** Calls $block with each value. */
  do --values/True --reversed/bool=false [block] -> none:
    if reversed:
      do --reversed: | _ value | block.call value
    else:
      do: | _ value | block.call value

  /** A list of the keys. */
  keys -> List:
    result := []
    do: | key _ | result.add key
    return result

  /** A list of the values. */
  values -> List:
    result := []
    do: | _ value | result.add value
    return result

  /** Combines the values with $block. There must be at least one. */
  reduce --values/True [block]:
    return this.values.reduce block

  /** Combines $initial and then each value with $block. */
  reduce --values/True --initial [block]:
    return reduce --initial=initial: | result _ value | block.call result value

  /** Combines the keys with $block. There must be at least one. */
  reduce --keys/True [block]:
    return this.keys.reduce block

  /** Combines $initial and then each key with $block. */
  reduce --keys/True --initial [block]:
    return reduce --initial=initial: | result key _ | block.call result key

  /**
  Combines $initial and then each key and its value with $block. Its first argument is the result so far.
  */
  reduce --initial [block]:
    result := initial
    do: | key value | result = block.call result key value
    return result

  /** Whether at least one key satisfies $predicate. */
  any --keys/True [predicate] -> bool:
    return any: | key _ | predicate.call key

  /** Whether at least one value satisfies $predicate. */
  any --values/True [predicate] -> bool:
    return any: | _ value | predicate.call value

  /** Whether at least one key with its value satisfies $predicate. */
  any [predicate] -> bool:
    do: | key value | if predicate.call key value: return true
    return false

  /** Whether all keys satisfy $predicate. */
  every --keys/True [predicate] -> bool:
    return every: | key _ | predicate.call key

  /** Whether all values satisfy $predicate. */
  every --values/True [predicate] -> bool:
    return every: | _ value | predicate.call value

  /** Whether all keys with their values satisfy $predicate. */
  every [predicate] -> bool:
    do: | key value | if not predicate.call key value: return false
    return true

  /** A map with the same keys and values. */
  copy -> Map:
    return map: | _ value | value

  /** A map with the same keys, whose values are the results of $block for each key and value. */
  map [block] -> Map:
    result := Map
    do: | key value | result[key] = block.call key value
    return result

  /** Variant of $(map [block]) that overwrites the values of this map. */
  map --in-place/True [block] -> none:
    do-positions_: | backing position |
      backing[position + 2] = block.call backing[position + 1] backing[position + 2]

  /** The entries that satisfy $predicate, in a new map, or $in-place. */
  filter --in-place/bool=false [predicate] -> Map:
    if in-place:
      do: | key value | if not predicate.call key value: remove key
      return this
    result := Map
    do: | key value | if predicate.call key value: result[key] = value
    return result

  /** The key that was inserted first. There must be one. */
  first:
    do: | key _ | return key
    throw "Not enough elements"

  /** The key that was inserted last. There must be one. */
  last:
    do --reversed: | key _ | return key
    throw "Not enough elements"

  /** See $super. */
  stringify -> string:
    if is-empty: return "{:}"
    text := CollectionText_ "{" "}"
    do: | key value | if not text.add "$key: $value": return text.cut-off
    return text.complete

/** A map that compares keys with `identical` where $Map uses `==`. */
class IdentityMap extends Map:
  constructor:

  compare_ key probe -> bool:
    return identical key probe

  find_ key -> int:
    return find-compare_ key

  /** See $super. */
  contains key -> bool:
    return (find_ key) >= 0

  /** See $super. */
  operator [] key:
    return at-compare_ key

  /** See $super. */
  operator []= key value:
    return put-compare_ key value

  /** See $super. */
  get key:
    return get-compare_ key

/**
The class of weak maps: see $Map.weak.

Where other maps store a value, it stores a weak array of one element, which holds the value.
*/
class WeakMap_ extends Map:
  constructor:
    watch_

  static hold_ value -> Array_:
    cell := array-new-weak_
    array-weak-put_ cell value
    return cell

  /** See $super. */
  operator [] key:
    return array-weak-at_ (super key)

  /** See $super. */
  operator []= key value:
    // If a string is both the key and the value, the key must not keep the value alive.
    own-key := key is string and identical key value ? (key as string).copy : key
    super own-key (hold_ value)
    return value

  /** See $super. */
  get key:
    cell := super key
    return cell and (array-weak-at_ cell)

  /** See $super. */
  get key [--if-absent]:
    position := find_ key
    return position < 0 ? (if-absent.call key) : (array-weak-at_ backing_[position + 2])

  /** See $super. */
  get key [--if-present]:
    return (contains key) ? (if-present.call this[key]) : null

  /** See $super. */
  get key [--if-present] [--if-absent]:
    return (contains key) ? (if-present.call this[key]) : (if-absent.call key)

  /** See $super. */
  get key [--init]:
    if contains key: return this[key]
    return this[key] = init.call key

  /** See $super. */
  update key [updater] [--if-absent]:
    return this[key] = (contains key) ? (updater.call this[key]) : (if-absent.call key)

  /** See $super. */
  do [block] -> none:
    super: | key cell | block.call key (array-weak-at_ cell)

  /** See $super. */
  do --reversed/True [block] -> none:
    super --reversed: | key cell | block.call key (array-weak-at_ cell)

  /** See $super. */
  map --in-place/True [block] -> none:
    super --in-place: | key cell | hold_ (block.call key (array-weak-at_ cell))

  /** Drops the keys whose values have been collected. */
  sweep_ -> none:
    filter --in-place: | _ value | value != null

  /** Sweeps this map after the next collection, and so on, until the map itself is collected. */
  watch_ -> none:
    cell := hold_ this
    add-finalizer WeakMapSentinel_::
      map := array-weak-at_ cell
      if map:
        map.sweep_
        map.watch_

/** An object that nothing refers to, so that its finalizer runs after the next collection. */
class WeakMapSentinel_:

array-new-weak_ -> Array_:
  #primitive.array.new-weak

array-weak-at_ cell/Array_ -> any:
  #primitive.array.weak-at

array-weak-put_ cell/Array_ value -> none:
  #primitive.array.weak-put
