import .list

/** A view of a part of a list. */
class ListSlice_ extends List:
  list_/List
  from_/int
  to_/int

  constructor list/List from/int to/int:
    // A slice of a slice refers to the list itself.
    if list is ListSlice_:
      outer := list as ListSlice_
      list_ = outer.list_
      from_ = outer.from_ + from
      to_ = outer.from_ + to
    else:
      list_ = list
      from_ = from
      to_ = to
    super.from-subclass

  /** See $super. */
  size -> int:
    return to_ - from_

  /** See $super. */
  operator [] index:
    return list_[absolute_ index]

  /** See $super. */
  operator []= index value:
    return list_[absolute_ index] = value

  absolute_ index/int -> int:
    absolute := from_ + index
    if not from_ <= absolute < to_: throw "OUT_OF_BOUNDS"
    return absolute

  /** See $super. */
  operator [..] --from=0 --to=size -> List:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    return ListSlice_ this from to

  /** See $super. */
  copy from/int=0 to/int=size -> List:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    return list_.copy (from_ + from) (from_ + to)

  /** See $super. */
  replace index/int source from/int=0 to/int=source.size -> none:
    if not 0 <= index <= size - (to - from): throw "OUT_OF_BOUNDS"
    list_.replace (from_ + index) source from to

  /** See $super. */
  resize new-size -> none:
    throw "SLICE_CANNOT_CHANGE_SIZE"
