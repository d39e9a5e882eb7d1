/** A stable merge sort. */

import .array_
import .list

/** Runs of up to this many elements are sorted by insertion, which is faster for few. */
SORT-RUN-SIZE_ ::= 12

/** Sorts the elements of $list from $from to $to (exclusive). */
sort-range_ list/List from/int to/int [compare] -> none:
  size := to - from
  if size < 2: return
  // Sorts in a plain array, whatever the kind of the list.
  data := array-new_ size null
  data.replace 0 list from to
  sort-runs_ data compare
  data = merge-runs_ data compare
  list.replace from data 0 size

/** Sorts each run of $SORT-RUN-SIZE_ elements by itself. */
sort-runs_ data/Array_ [compare] -> none:
  size := data.size
  for start := 0; start < size; start += SORT-RUN-SIZE_:
    end := min size (start + SORT-RUN-SIZE_)
    for i := start + 1; i < end; i++:
      element := data[i]
      hole := i
      while hole > start and (compare.call data[hole - 1] element) > 0:
        data[hole] = data[hole - 1]
        hole--
      data[hole] = element

/** Merges neighboring runs, twice as long in each round. Returns the array with the result. */
merge-runs_ data/Array_ [compare] -> Array_:
  size := data.size
  if size <= SORT-RUN-SIZE_: return data
  other := array-new_ size null
  for run := SORT-RUN-SIZE_; run < size; run *= 2:
    for start := 0; start < size; start += 2 * run:
      middle := min size (start + run)
      end := min size (middle + run)
      merge-two_ data start middle end other compare
    swapped := data
    data = other
    other = swapped
  return data

/** Merges the two sorted runs of $data that meet at $middle into the same place of $target. */
merge-two_ data/Array_ start/int middle/int end/int target/Array_ [compare] -> none:
  // Often the runs are in order already.
  if middle == end or (compare.call data[middle - 1] data[middle]) <= 0:
    array-move_ data start target start (end - start)
    return
  left := start
  right := middle
  position := start
  left-element := data[left]
  right-element := data[right]
  while true:
    if (compare.call left-element right-element) <= 0:
      target[position++] = left-element
      left++
      if left == middle:
        array-move_ data right target position (end - right)
        return
      left-element = data[left]
    else:
      target[position++] = right-element
      right++
      if right == end:
        array-move_ data left target position (middle - left)
        return
      right-element = data[right]
