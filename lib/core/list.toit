import .array_
import .collection
import .list-slice_
import .list-sort_

/**
A sequence of elements, numbered from zero.

It can grow and shrink, except for kinds of fixed size.
*/
abstract class List extends CollectionBase:
  constructor.from-subclass:

  /** Creates an empty list, like `[]`. */
  constructor:
    return List_

  /** Creates a list of $size elements, all of which are $filler. */
  constructor size/int filler:
    return List_.from-array_ (array-new_ size filler)

  /** Creates a list of $size elements, all of which are the $initial value. */
  constructor size/int --initial=null:
    return List_.from-array_ (array-new_ size initial)

  /** Creates a list whose elements are the results of $block for each index. */
  constructor size/int [block]:
    return List_.from-array_ (Array_ size block)

  /** Creates a list with the elements of $collection. */
  constructor.from collection/Collection:
    return List_.from-array_ (Array_.from collection)

  /** Makes the list longer, with null in the new places, or shorter. */
  abstract resize new-size -> none

  /** The element at $index, which must be from 0 to $size - 1. */
  abstract operator [] index/int

  /** Puts $value at $index, which must be from 0 to $size - 1. */
  abstract operator []= index/int value

  /** A copy of the elements from $from to $to (exclusive). */
  abstract copy from/int=0 to/int=size -> List

  /**
  A view of the elements from $from to $to (exclusive).

  It shares its elements with this list and keeps it alive.
  */
  operator [..] --from=0 --to=size -> List:
    if not 0 <= from <= to <= size: throw "BAD ARGUMENTS"
    return ListSlice_ this from to

  /** Overwrites the elements at $index and after with those of $source from $from to $to (exclusive). */
  replace index/int source from/int=0 to/int=source.size -> none:
    if identical this source and from < index:
      for i := to - from - 1; i >= 0; i--: this[index + i] = source[from + i]
    else:
      for i := 0; i < to - from; i++: this[index + i] = source[from + i]

  /** Appends $value. */
  add value -> none:
    old-size := size
    resize old-size + 1
    this[old-size] = value

  /** Appends all elements of $collection. */
  add-all collection/Collection -> none:
    old-size := size
    added := collection.size
    resize old-size + added
    if collection is List:
      replace old-size collection 0 added
      return
    i := old-size
    collection.do: this[i++] = it

  /** Inserts $value at the index $at. The element there and those after it move up. */
  insert --at/int value/any -> none:
    old-size := size
    if at == old-size:
      add value
      return
    if not 0 <= at < old-size: throw "OUT_OF_BOUNDS"
    resize old-size + 1
    replace at + 1 this at old-size
    this[at] = value

  /** Removes and returns the last element. */
  remove-last:
    result := last
    resize size - 1
    return result

  /** Removes the first element that equals $needle, if there is one. */
  remove needle -> none:
    index := index-of needle
    if index >= 0: remove --at=index

  /** Removes and returns the element at the index $at; those after it move down. */
  remove --at/int -> any:
    result := this[at]
    new-size := size - 1
    replace at this (at + 1) (new-size + 1)
    resize new-size
    return result

  /** Removes all elements that equal $needle. */
  remove --all/True needle -> none:
    filter --in-place: it != needle

  /** Removes the last element that equals $needle, if there is one. */
  remove --last/True needle -> none:
    index := index-of --last needle
    if index >= 0: remove --at=index

  /** Removes all elements. */
  clear -> none:
    resize 0

  /** A new list with the elements of this one, then those of $other. */
  operator + other/List -> List:
    result := List (size + other.size)
    result.replace 0 this 0 size
    result.replace size other 0 other.size
    return result

  /** Whether $other has as many elements, each equal according to $element-equals. */
  equals other/List [--element-equals] -> bool:
    size := this.size
    if other.size != size: return false
    for i := 0; i < size; i++:
      if not element-equals.call this[i] other[i]: return false
    return true

  /** See $super. */
  operator == other -> bool:
    if other is not List: return false
    return equals other --element-equals=: | a b | a == b

  /** See $super. */
  do [block] -> none:
    size := this.size
    for i := 0; i < size; i++: block.call this[i]

  /** Calls $block with each element, from the last to the first. */
  do --reversed/True [block] -> none:
    for i := size - 1; i >= 0; i--: block.call this[i]

  /** The first element. There must be one. */
  first:
    return this[0]

  /** The last element. There must be one. */
  last:
    return this[size - 1]

  /** A new list with the results of $block for each element. */
  map [block] -> List:
    return List size: block.call this[it]

  /** Variant of $(map [block]) that overwrites and returns this list if $in-place. */
  map --in-place/bool [block] -> List:
    if not in-place: return map block
    for i := 0; i < size; i++: this[i] = block.call this[i]
    return this

  /** The elements that satisfy $predicate, in a new list, or $in-place. */
  filter --in-place/bool=false [predicate] -> List:
    return in-place ? (filter-here_ predicate) : (filter-copy_ predicate)

  filter-copy_ [predicate] -> List:
    result := []
    do: if predicate.call it: result.add it
    return result

  filter-here_ [predicate] -> List:
    kept := 0
    for i := 0; i < size; i++:
      element := this[i]
      if predicate.call element: this[kept++] = element
    resize kept
    return this

  /** Puts $value in the places from $from to $to (exclusive). */
  fill --from/int=0 --to/int=size value:
    for i := from; i < to; i++: this[i] = value

  /** Puts the results of $block, called with 0, 1, 2 and so on, in the places from $from to $to (exclusive). */
  fill --from/int=0 --to/int=size [block]:
    for i := from; i < to; i++: this[i] = block.call i - from

  /** See $super. */
  stringify -> string:
    text := CollectionText_ "[" "]"
    do: if not text.add it.stringify: return text.cut-off
    return text.complete

  /** The texts of the elements, with $separator between them. */
  join separator/string -> string:
    return join separator: it.stringify

  /** The results of $stringify for each element, with $separator between them. */
  join separator/string [stringify] -> string:
    texts := Array_ size: stringify.call this[it]
    return string-join_ texts separator

  /**
  The index of the first element (or the $last one) that equals $needle.

  Only looks from $from to $to (exclusive). Returns -1 if there is none.
  */
  index-of --last/bool=false needle from/int=0 to/int=size -> int:
    return index-of --last=last needle from to --if-absent=: -1

  /** Variant of $(index-of --last needle from to) that returns the result of $if-absent if there is none. */
  index-of --last/bool=false needle from/int=0 to/int=size [--if-absent]:
    if not 0 <= from <= size: throw "BAD ARGUMENTS"
    if last:
      for i := to - 1; i >= from; i--: if this[i] == needle: return i
    else:
      for i := from; i < to; i++: if this[i] == needle: return i
    return if-absent.call needle

  /** The index of an element that equals $needle, in a sorted range. Returns -1 if there is none. */
  index-of --binary/True needle from/int=0 to/int=size -> int:
    return index-of --binary needle from to --if-absent=: -1

  /**
  Variant of $(index-of --binary needle from to), for callers that need the place for a new element.

  If no element is equal, returns the result of $if-absent, called with the index where the needle
    would be inserted.
  */
  index-of --binary/True needle from/int=0 to/int=size [--if-absent]:
    return index-of needle from to
        --binary-compare=(: | a b | compare_ a b)
        --if-absent=if-absent

  /** Variant of $(index-of --binary needle from to) for a range sorted by $binary-compare. */
  index-of needle from/int=0 to/int=size [--binary-compare] -> int:
    return index-of needle from to --binary-compare=binary-compare --if-absent=: -1

  /** Variant of $(index-of --binary needle from to [--if-absent]) for a range sorted by $binary-compare. */
  index-of needle from/int=0 to/int=size [--binary-compare] [--if-absent]:
    if not 0 <= from <= size: throw "BAD ARGUMENTS"
    if from == to: return if-absent.call from
    // The ends come first, so that equal elements there are found rather than those in the middle.
    order/int := binary-compare.call this[to - 1] needle
    if order == 0: return to - 1
    if order < 0: return if-absent.call to
    order = binary-compare.call this[from] needle
    if order == 0: return from
    if order > 0: return if-absent.call from
    // The element at `low` comes before the needle, the one at `high` after it.
    low := from
    high := to
    while true:
      middle := low + (high - low) / 2
      order = binary-compare.call this[middle] needle
      if order == 0: return middle
      if order > 0:
        high = middle
      else:
        if (binary-compare.call this[middle + 1] needle) > 0: return if-absent.call middle + 1
        low = middle

  /**
  Sorts the range from $from to $to (exclusive) by the order of $compare.

  Called with two elements, $compare returns a negative number, zero or a positive number if the
    first comes before, with or after the second. Elements for which it returns zero keep their order.

  Returns this list if $in-place, otherwise a copy of the whole list, in which the range is sorted.
  */
  sort --in-place/bool=false from/int=0 to/int=size [compare] -> List:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    result := in-place ? this : copy
    sort-range_ result from to compare
    return result

  /** Variant of $(sort --in-place from to [compare]) that uses `<` and `>`. */
  sort --in-place/bool=false from/int=0 to/int=size -> List:
    return sort --in-place=in-place from to: | a b | compare_ a b

  /** Whether no element comes after its successor by the order of $compare. */
  is-sorted [compare] -> bool:
    for i := 1; i < size; i++:
      if (compare.call this[i - 1] this[i]) > 0: return false
    return true

  /** Whether no element is greater than its successor. */
  is-sorted -> bool:
    return is-sorted: | a b | compare_ a b

  /** Exchanges the elements at the indexes $i and $j. */
  swap i/int j/int -> none:
    element := this[i]
    this[i] = this[j]
    this[j] = element

  compare_ a b -> int:
    return a < b ? -1 : (a > b ? 1 : 0)

  /**
  Cuts the range from $from to $to (exclusive) into chunks.

  The first has at most $available elements, the others at most $max-available.
    Calls $block with start, end and size of each. Returns the size of the range.
  */
  static chunk-up from/int to/int available/int max-available/int=available [block] -> int:
    start := from
    limit := available
    while start < to:
      end := min to (start + limit)
      block.call start end (end - start)
      start = end
      limit = max-available
    return to - from

/** The list that `[]` creates. It uses the first $size_ elements of an array. */
class List_ extends List:
  array_/Array_ := ?
  size_/int := 0

  constructor:
    array_ = array-new_ 0 null
    super.from-subclass

  /** Creates a list that takes over $array. */
  constructor.from-array_ array/Array_:
    array_ = array
    size_ = array.size
    super.from-subclass

  /** See $super. */
  size -> int:
    return size_

  /** See $super. */
  operator [] index:
    #primitive.array.list-at

  /** See $super. */
  operator []= index value:
    #primitive.array.list-put

  /** See $super. */
  do [block] -> none:
    for i := 0; i < size_; i++: block.call array_[i]

  /** See $super. */
  add value -> none:
    index := size_
    if index >= array_.size: array_ = array_.grown_ (index + (index >> 1) + 4) index
    array_[index] = value
    size_ = index + 1

  /** See $super. */
  remove-last:
    index := size_ - 1
    if index < 0: throw "OUT_OF_BOUNDS"
    result := array_[index]
    resize index
    return result

  /** See $super. */
  resize new-size -> none:
    if new-size < 0: throw "OUT_OF_BOUNDS"
    capacity := array_.size
    if new-size > capacity:
      array_ = array_.grown_ (max new-size (capacity + (capacity >> 1))) size_
    else if new-size < capacity / 4 and capacity > 16:
      array_ = array_.grown_ (new-size * 2) (min size_ new-size)
    else if new-size < size_:
      array-fill_ array_ new-size size_ null
    size_ = new-size

  /** See $super. */
  replace index/int source from/int=0 to/int=source.size -> none:
    if source is not List:
      super index source from to
      return
    // An empty range may lie outside.
    if from != to and not 0 <= from <= to <= source.size: throw "OUT_OF_BOUNDS"
    if not 0 <= index <= size_ - (to - from): throw "OUT_OF_BOUNDS"
    if from != to: array_.replace index source from to

  /** See $super. */
  copy from/int=0 to/int=size -> List:
    if not 0 <= from <= to <= size_: throw "BAD ARGUMENTS"
    result := array-new_ (to - from) null
    array-move_ array_ from result 0 (to - from)
    return List_.from-array_ result
