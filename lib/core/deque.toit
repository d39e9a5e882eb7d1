import .array_
import .collection
import .list

/** A list that grows and shrinks at both ends at the same cost. */
class Deque extends List:
  // The elements from start_ to start_ + size_, continuing at the beginning of the array after its
  // end.
  backing_/Array_ := ?
  start_/int := 0
  size_/int := 0

  /** Creates an empty deque. */
  constructor:
    backing_ = array-new_ 0 null
    super.from-subclass

  /** Creates a deque with the elements of $collection. */
  constructor.from collection/Collection:
    backing_ = Array_.from collection
    size_ = backing_.size
    super.from-subclass

  /** See $super. */
  size -> int:
    return size_

  /** See $super. */
  operator [] index/int:
    return backing_[place_ index]

  /** See $super. */
  operator []= index/int value:
    return backing_[place_ index] = value

  place_ index/int -> int:
    if not 0 <= index < size_: throw "OUT_OF_BOUNDS"
    place := start_ + index
    return place < backing_.size ? place : place - backing_.size

  /** Appends $element. */
  add element -> none:
    grow_ 1
    place := start_ + size_
    backing_[place < backing_.size ? place : place - backing_.size] = element
    size_++

  /** Puts $element in front of all others. */
  add-first element -> none:
    grow_ 1
    start_ = start_ == 0 ? backing_.size - 1 : start_ - 1
    size_++
    backing_[start_] = element

  /** Appends all elements of $collection. */
  add-all collection/Collection -> none:
    grow_ collection.size
    if identical collection this:
      size_.repeat: add this[it]
    else:
      collection.do: add it

  /** The first element. There must be one. */
  first -> any:
    return this[0]

  /** The last element. There must be one. */
  last -> any:
    return this[size_ - 1]

  /** Removes and returns the first element. */
  remove-first -> any:
    if size_ == 0: throw "OUT_OF_BOUNDS"
    result := backing_[start_]
    backing_[start_] = null
    start_ = start_ + 1 == backing_.size ? 0 : start_ + 1
    size_--
    if size_ < (backing_.size >> 2): shrink_
    return result

  /** Removes and returns the last element. */
  remove-last -> any:
    result := last
    this[size_ - 1] = null
    size_--
    shrink_
    return result

  /** Puts $value in front of the element at the index $at. Moves the shorter side. */
  insert --at/int value -> none:
    if not 0 <= at <= size_: throw "OUT_OF_BOUNDS"
    if at < size_ / 2:
      add-first value
      for i := 0; i < at; i++: swap i i + 1
    else:
      add value
      for i := size_ - 1; i > at; i--: swap i i - 1

  /** Removes and returns the element at the index $at. Moves the shorter side. */
  remove --at/int -> any:
    if not 0 <= at < size_: throw "OUT_OF_BOUNDS"
    if at < size_ / 2:
      for i := at; i > 0; i--: swap i i - 1
      return remove-first
    for i := at; i < size_ - 1; i++: swap i i + 1
    return remove-last

  /** Removes all elements. */
  clear -> none:
    backing_ = array-new_ 0 null
    start_ = 0
    size_ = 0

  /** A deque with the elements from $from to $to (exclusive). */
  copy from/int=0 to/int=size -> Deque:
    if not 0 <= from <= to <= size_: throw "OUT_OF_BOUNDS"
    return Deque.from (Array_ to - from: this[from + it])

  /** Deprecated. Use $reserve. Drops elements at the end if there are more than $new-size. */
  resize new-size/int -> none:
    if new-size < 0: throw "OUT_OF_BOUNDS"
    if new-size > size_: reserve new-size - size_
    while size_ > new-size: remove-last

  /** Makes room for exactly $amount more elements at the end, so that adding them is fast. */
  reserve amount/int -> none:
    if amount < 0: throw "OUT_OF_BOUNDS"
    is-straight := start_ + size_ <= backing_.size
    first := is-straight ? start_ : 0
    wanted := first + size_ + amount
    if wanted > backing_.size: move-to_ wanted --start=first

  /**
  Makes room for at least $amount more elements: for so many that adding them one by one is fast, too.
  */
  grow_ amount/int -> none:
    wanted := size_ + amount
    if wanted > backing_.size: move-to_ (max wanted size_ + (size_ >> 1)) --start=0

  shrink_ -> none:
    if backing_.size > 16 and size_ < (backing_.size >> 2): move-to_ size_ * 2 --start=0

  move-to_ capacity/int --start/int -> none:
    moved := array-new_ capacity null
    straight := min size_ (backing_.size - start_)
    array-move_ backing_ start_ moved start straight
    array-move_ backing_ 0 moved (start + straight) (size_ - straight)
    backing_ = moved
    start_ = start
