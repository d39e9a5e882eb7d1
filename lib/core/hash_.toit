/**
The common part of maps and sets: a hash table that keeps the order of insertion.

Entries lie one after the other in $HashedCollection_.backing_. Each takes
  $HashedCollection_.stride_ places: the hash code, the key and, in a map, the value. A removed
  entry has null as its hash code.

The index, which small tables lack, is an open-addressing table of entry numbers (32 bits each, 0
  meaning free). Removal does not change it: the number leads to an entry that equals nothing. When
  the entries or the index are full, both are replaced by new ones of the right size, without the
  removed entries.

Natives do the work for keys that are numbers, strings, byte arrays or booleans. For all other keys
  they only find the entries with the same hash code, since they cannot call `==`.
*/

import .array_
import .byte-array
import .collection

/** Tables with up to this many entries have no index: they are searched from end to end. */
HASH-UNINDEXED-MAX_ ::= 8

abstract class HashedCollection_:
  // Natives and the message encoder access these fields by their places.
  size_/int := 0
  backing_/Array_ := ?
  end_/int := 0
  first_/int := 0
  index_/ByteArray? := null
  free-slots_/int := 0
  /** The number of places that an entry takes. */
  stride_/int

  constructor.with-stride_ .stride_:
    backing_ = array-new_ 0 null

  /** The hash code of $key. */
  hash-code_ key -> int:
    return key.hash-code

  /** Whether $key, which is in the table, equals the key that is searched. */
  compare_ key probe -> bool:
    return key == probe

  /** The number of elements. */
  size -> int:
    return size_

  /** Whether there are no elements. */
  is-empty -> bool:
    return size_ == 0

  /** Removes all elements. */
  clear -> none:
    size_ = 0
    end_ = 0
    first_ = 0
    free-slots_ = 0
    index_ = null
    backing_ = array-new_ 0 null

  /** Whether $key is in the table. */
  contains key -> bool:
    #primitive.hash.contains: return (find_ key) >= 0

  /** Whether all elements of $collection are in the table. */
  contains-all collection/Collection -> bool:
    collection.do: if not contains it: return false
    return true

  /** Removes $key, if it is in the table. */
  remove key -> none:
    remove key --if-absent=: null

  /** Removes $key. If it is not in the table, calls $if-absent with it. */
  remove key [--if-absent] -> none:
    position := find_ key
    if position < 0:
      if-absent.call key
    else:
      remove-at_ position

  /** Removes all elements of $collection that are in the table. */
  remove-all collection/Collection -> none:
    collection.do: remove it

  /** The place of the entry with $key, or -1. */
  find_ key -> int:
    position := hash-find_ this key
    return position == null ? (find-compare_ key) : position

  /** Like $find_, for keys that only Toit code can compare. */
  find-compare_ key -> int:
    return find-by-hash_ (hash-code_ key): compare_ it key

  /** The place of the first entry with this $hash whose key satisfies $matches, or -1. */
  find-by-hash_ hash/int [matches] -> int:
    cursor := -1
    while true:
      cursor = hash-next_ this hash cursor
      if cursor < 0: return -1
      position := cursor & 0xffff_ffff
      if matches.call backing_[position + 1]: return position

  /** Adds an entry whose key is not in the table yet. */
  append_ hash/int key value -> none:
    if hash-append_ this hash key value: return
    rebuild_ size_ + 1
    hash-append_ this hash key value

  remove-at_ position/int -> none:
    stride := stride_
    array-fill_ backing_ position (position + stride) null
    size_--
    if size_ == 0:
      clear
    else if position == first_:
      skip-removed_
    else if position + stride == end_:
      drop-removed_
    else if end_ > 128 and size_ * stride < (end_ - first_) >> 2:
      // Iterating over a table should not cost more than its size.
      rebuild_ size_

  /** Moves $first_ to the first existing entry. There must be one. */
  skip-removed_ -> none:
    position := first_
    while not backing_[position]: position += stride_
    first_ = position

  /** Moves $end_ to the place after the last existing entry. There must be one. */
  drop-removed_ -> none:
    stride := stride_
    end := end_
    while not backing_[end - stride]: end -= stride
    end_ = end

  /** Gives the table room for $wanted entries and half as many more, and drops the removed entries. */
  rebuild_ wanted/int -> none:
    room := wanted + (wanted >> 1) + 2
    index := room > HASH-UNINDEXED-MAX_ ? ByteArray (hash-index-bytes_ room) : null
    hash-rebuild_ this (array-new_ (room * stride_) null) index

  /**
  Calls $block with the array and the place in it of each entry.

  A table that is rebuilt meanwhile gets a new array, so that the old one can be
    followed to its end.
  */
  do-positions_ [block] -> none:
    backing := backing_
    stride := stride_
    end := end_
    for position := first_; position < end; position += stride:
      if backing[position]: block.call backing position

  /** Like $do-positions_, from the last entry to the first. */
  do-positions-reversed_ [block] -> none:
    backing := backing_
    stride := stride_
    for position := end_ - stride; position >= 0; position -= stride:
      if backing[position]: block.call backing position

hash-find_ table/HashedCollection_ key -> int?:
  #primitive.hash.find

hash-next_ table/HashedCollection_ hash/int cursor/int -> int:
  #primitive.hash.next

hash-append_ table/HashedCollection_ hash/int key value -> bool:
  #primitive.hash.append

hash-rebuild_ table/HashedCollection_ backing/Array_ index/ByteArray? -> none:
  #primitive.hash.rebuild

hash-index-bytes_ entries/int -> int:
  #primitive.hash.index-bytes
