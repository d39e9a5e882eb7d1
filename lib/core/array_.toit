import .collection
import .list
import .list-slice_

/** A list whose size is fixed when it is created; the other collections are built on it. */
class Array_ extends List:
  /** Creates an array of $size elements, all of which are $filler. */
  constructor size/int filler=null:
    return array-new_ size filler

  /** Creates an array whose elements are the results of $block for each index. */
  constructor size/int [block]:
    array := array-new_ size null
    for i := 0; i < size; i++: array[i] = block.call i
    return array

  /** Creates an array with the elements of $collection. */
  constructor.from collection/Collection:
    size := collection.size
    array := array-new_ size null
    if collection is List:
      array.replace 0 collection 0 size
    else:
      i := 0
      collection.do: array[i++] = it
    return array

  constructor.private_:
    super.from-subclass

  /** The given $collection if it is an array, otherwise an array with its elements. */
  static ensure collection/Collection -> Array_:
    return collection is Array_ ? (collection as Array_) : Array_.from collection

  /** See $super. */
  size -> int:
    #primitive.array.size

  /** See $super. */
  operator [] index:
    #primitive.array.at

  /** See $super. */
  operator []= index value:
    #primitive.array.put

  /** See $super. */
  do [block] -> none:
    size := this.size
    for i := 0; i < size; i++: block.call this[i]

  /** See $super. */
  replace index/int source from/int=0 to/int=source.size -> none:
    if source is not List:
      super index source from to
      return
    if not 0 <= from <= to <= source.size: throw "OUT_OF_BOUNDS"
    if not 0 <= index <= size - (to - from): throw "OUT_OF_BOUNDS"
    if source is List_:
      array-move_ (source as List_).array_ from this index (to - from)
    else if source is Array_:
      array-move_ source from this index (to - from)
    else if source is ListSlice_:
      slice := source as ListSlice_
      replace index slice.list_ (slice.from_ + from) (slice.from_ + to)
    else:
      super index source from to

  /** See $super. */
  resize new-size -> none:
    if new-size != size: throw "COLLECTION_CANNOT_CHANGE_SIZE"

  /** See $super. */
  operator + other/List -> Array_:
    size := this.size
    result := array-new_ (size + other.size) null
    result.replace 0 this 0 size
    result.replace size other 0 other.size
    return result

  /** See $super. */
  copy from/int=0 to/int=size -> Array_:
    if not 0 <= from <= to <= size: throw "BAD ARGUMENTS"
    result := array-new_ (to - from) null
    array-move_ this from result 0 (to - from)
    return result

  /** A larger array with the first $used elements of this one. */
  grown_ capacity/int used/int -> Array_:
    result := array-new_ capacity null
    array-move_ this 0 result 0 used
    return result

array-new_ size/int filler -> Array_:
  #primitive.array.new

/** Copies $count elements. The two ranges may overlap. Both must lie inside their arrays. */
array-move_ from-array/Array_ from/int to-array/Array_ to/int count/int -> none:
  #primitive.array.move

array-fill_ array/Array_ from/int to/int value -> none:
  #primitive.array.fill

/** An array of one element. */
create-array_ x -> Array_:
  return array-new_ 1 x

/** An array of two elements. */
create-array_ x y -> Array_:
  result := array-new_ 2 x
  result[1] = y
  return result
