// Lists, arrays and slices of them.

import expect show *

main:
  creating
  bounds
  growing
  inserting
  removing
  iterating
  transforming
  comparing
  searching
  slicing
  replacing
  sorting
  stable
  text
  arrays
  chunks

creating:
  expect-equals [] List
  expect-equals [null, null] (List 2)
  expect-equals [7, 7] (List 2 7)
  expect-equals [7, 7] (List 2 --initial=7)
  expect-equals [0, 1, 4] (List 3: it * it)
  expect-equals [1, 2] (List.from {1, 2})
  expect-equals [1, 2] (List.from [1, 2])
  expect-throw "OUT_OF_BOUNDS": List -1

bounds:
  list := [1, 2, 3]
  expect-throw "OUT_OF_BOUNDS": list[3]
  expect-throw "OUT_OF_BOUNDS": list[-1]
  expect-throw "OUT_OF_BOUNDS": list[3] = 4
  expect-throw "WRONG_OBJECT_TYPE": list["0" as any]
  list.resize 1
  expect-throw "OUT_OF_BOUNDS": list[1]
  list.resize 3
  expect-equals [1, null, null] list
  expect-throw "OUT_OF_BOUNDS": [].first
  expect-throw "OUT_OF_BOUNDS": [].last
  expect-throw "OUT_OF_BOUNDS": [].remove-last

growing:
  list := []
  10_000.repeat: list.add it
  expect-equals 10_000 list.size
  expect-equals 9_999 list.last
  list.add-all [1, 2]
  list.add-all {3}
  expect-equals [1, 2, 3] list[10_000..]
  list.add-all list
  expect-equals 20_006 list.size
  expect-equals 3 list.last
  list.resize 2
  expect-equals [0, 1] list
  list.clear
  expect list.is-empty
  expect-equals [1, 2, 3] [1] + [2, 3]

inserting:
  list := [1, 3]
  list.insert --at=1 2
  list.insert --at=0 0
  list.insert --at=4 4
  expect-equals [0, 1, 2, 3, 4] list
  expect-throw "OUT_OF_BOUNDS": list.insert --at=9 9
  expect-throw "OUT_OF_BOUNDS": list.insert --at=-1 9

removing:
  list := [1, 2, 3, 2, 1]
  expect-equals 1 list.remove-last
  list.remove 2
  expect-equals [1, 3, 2] list
  expect-equals 3 (list.remove --at=1)
  list.remove 99
  expect-equals [1, 2] list
  repeated := [1, 2, 1, 3, 1]
  repeated.remove --last 1
  expect-equals [1, 2, 1, 3] repeated
  repeated.remove --all 1
  expect-equals [2, 3] repeated

iterating:
  seen := []
  [1, 2, 3].do: seen.add it
  [1, 2, 3].do --reversed: seen.add it
  expect-equals [1, 2, 3, 3, 2, 1] seen
  expect-equals 2 (first-even [1, 2, 4])
  expect ([2, 4].every: it % 2 == 0)
  expect-not ([2, 3].every: it % 2 == 0)
  expect ([1, 2].any: it == 2)
  expect-not ([].any: true)
  expect ([1, [2]].contains [2])
  expect-equals 10 ([1, 2, 3, 4].reduce: | a b | a + b)
  expect-equals 20 ([1, 2, 3, 4].reduce --initial=10: | a b | a + b)
  expect-equals 5 ([].reduce --initial=5: unreachable)
  expect-throw "Not enough elements": [].reduce: | a b | a + b

first-even list:
  list.do: if it % 2 == 0: return it
  return null

transforming:
  expect-equals [2, 4] ([1, 2].map: it * 2)
  list := [1, 2, 3, 4]
  expect-equals [2, 4] (list.filter: it % 2 == 0)
  expect (identical list (list.map --in-place: it + 1))
  expect-equals [2, 3, 4, 5] list
  list.filter --in-place: it > 3
  expect-equals [4, 5] list
  filled := List 4
  filled.fill 1
  filled.fill --from=1 --to=3: it * 10
  expect-equals [1, 0, 10, 1] filled
  filled.swap 0 2
  expect-equals [10, 0, 1, 1] filled

comparing:
  expect [1, [2, "x"]] == [1, [2, "x"]]
  expect [1] != [1, 2]
  expect [1] != {1}
  expect ([1, 2].equals [1.1, 2.2] --element-equals=: | a b | a == b.to-int)

searching:
  list := [1, 2, 3, 2, 1]
  expect-equals 1 (list.index-of 2)
  expect-equals 3 (list.index-of --last 2)
  expect-equals 3 (list.index-of 2 2)
  expect-equals -1 (list.index-of 2 2 3)
  expect-equals 42 (list.index-of 9 --if-absent=: 42)
  expect-throw "BAD ARGUMENTS": list.index-of 1 -1
  sorted := List 100: it * 2
  100.repeat: expect-equals it (sorted.index-of --binary it * 2)
  expect-equals -1 (sorted.index-of --binary 7)
  expect-equals 4 (sorted.index-of --binary 7 --if-absent=: it)
  expect-equals 100 (sorted.index-of --binary 1000 --if-absent=: it)
  expect-equals 0 (sorted.index-of --binary -1 --if-absent=: it)
  words := ["a", "bb", "dddd"]
  expect-equals 1 (words.index-of 2 --binary-compare=: | word size | word.size.compare-to size)
  expect-equals 2 (words.index-of 3 --binary-compare=(: | word size | word.size.compare-to size) --if-absent=: it)

slicing:
  list := [1, 2, 3, 4, 5]
  slice := list[1..4]
  expect-equals [2, 3, 4] slice
  slice[0] = 22
  expect-equals 22 list[1]
  inner := slice[1..]
  expect-equals [3, 4] inner
  inner.sort --in-place: | a b | b.compare-to a
  expect-equals [1, 22, 4, 3, 5] list
  expect-equals [4, 3] inner.copy
  expect-equals 2 (inner.index-of 99 --if-absent=: 2)
  expect-throw "OUT_OF_BOUNDS": slice[3]
  expect-throw "OUT_OF_BOUNDS": slice[-1]
  expect-throw "OUT_OF_BOUNDS": slice[0..4]
  expect-throw "BAD ARGUMENTS": list[0..6]
  expect-throw "SLICE_CANNOT_CHANGE_SIZE": slice.add 1
  expect-equals [22, 4, 3, 5] list[1..5] + []

replacing:
  list := [0, 1, 2, 3, 4, 5, 6, 7]
  list.replace 2 list 0 4
  expect-equals [0, 1, 0, 1, 2, 3, 6, 7] list
  list.replace 0 list 2 6
  expect-equals [0, 1, 2, 3, 2, 3, 6, 7] list
  list.replace 1 list[4..] 0 3
  expect-equals [0, 2, 3, 6, 2, 3, 6, 7] list
  list[4..].replace 0 [9, 9]
  expect-equals [0, 2, 3, 6, 9, 9, 6, 7] list
  expect-throw "OUT_OF_BOUNDS": list.replace 7 [1, 2]
  expect-throw "OUT_OF_BOUNDS": list.replace -1 [1, 2]
  copy := list.copy 1 3
  expect-equals [2, 3] copy
  copy[0] = 0
  expect-equals 2 list[1]

sorting:
  [0, 1, 2, 3, 11, 12, 13, 24, 25, 100, 1000].do: | size |
    set-random-seed "list $size"
    list := List size: random 500
    sorted := list.sort
    expect sorted.is-sorted
    expect-equals size sorted.size
    reverse := list.sort: | a b | b.compare-to a
    expect-equals sorted (List size: reverse[size - 1 - it])
    list.sort --in-place
    expect-equals sorted list
    // Sorts sorted and reversed lists.
    expect-equals sorted sorted.sort
    expect-equals sorted reverse.sort
  expect-equals ["a", "b", "c"] ["c", "a", "b"].sort
  list := [5, 4, 3, 2, 1]
  expect-equals [5, 2, 3, 4, 1] (list.sort 1 4)
  list.sort --in-place 0 2
  expect-equals [4, 5, 3, 2, 1] list
  expect-throw "OUT_OF_BOUNDS": list.sort 0 6
  expect-not [2, 1].is-sorted
  expect ([2, 1].is-sorted: | a b | b.compare-to a)

stable:
  pairs := List 1000: [random 10, it]
  pairs.sort --in-place: | a b | a[0].compare-to b[0]
  expect (pairs.is-sorted: | a b | a[0].compare-to b[0] --if-equal=: a[1].compare-to b[1])

text:
  expect-equals "[1, \"x\"]".size - 2 [1, "x"].stringify.size
  expect-equals "[1, x, null]" [1, "x", null].stringify
  expect-equals "[]" [].stringify
  expect-equals "1-2-3" ([1, 2, 3].join "-")
  expect-equals "01,02" ([1, 2].join ",": "$(%02d it)")
  expect-equals "" ([].join ",")
  long := (List 10_000: it).stringify
  expect (long.ends-with "...")
  expect long.size < 4100

arrays:
  array := Array_ 3
  expect-equals [null, null, null] (List.from array)
  array[1] = 5
  expect-throw "OUT_OF_BOUNDS": array[3]
  expect-throw "COLLECTION_CANNOT_CHANGE_SIZE": array.add 1
  expect-equals [null, 5, null, 7] (List.from array + [7])
  expect (array.copy 1 2) is Array_
  expect-equals 10 (Array_ 5: it).size + 5
  // Large enough for a place of its own in the heap.
  large := Array_ 100_000: it
  100.repeat: large[it * 1000] = "text $it"
  expect-equals "text 99" large[99_000]
  expect-equals 99_999 large.last

chunks:
  seen := []
  expect-equals 10 (List.chunk-up 5 15 3 4: | from to size | seen.add [from, to, size])
  expect-equals [[5, 8, 3], [8, 12, 4], [12, 15, 3]] seen
