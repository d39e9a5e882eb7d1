// Deques.

import expect show *

main:
  deque := Deque
  expect deque.is-empty
  expect-throw "OUT_OF_BOUNDS": deque.first
  expect-throw "OUT_OF_BOUNDS": deque.last
  expect-throw "OUT_OF_BOUNDS": deque.remove-first
  expect-throw "OUT_OF_BOUNDS": deque.remove-last
  deque.add 2
  deque.add 3
  deque.add-first 1
  expect-equals 3 deque.size
  expect-equals "[1, 2, 3]" deque.stringify
  expect-equals 1 deque.first
  expect-equals 3 deque.last
  expect-equals 1 deque.remove-first
  expect-equals 3 deque.remove-last
  expect-equals [2] (List.from deque)
  expect-equals 2 deque.remove-first
  expect deque.is-empty

  in-the-middle
  like-a-list
  against-a-list

in-the-middle:
  deque := Deque.from [0, 1, 2, 3, 4]
  deque.insert --at=1 10
  deque.insert --at=5 11
  deque.insert --at=7 12
  expect-equals [0, 10, 1, 2, 3, 11, 4, 12] (List.from deque)
  expect-equals 10 (deque.remove --at=1)
  expect-equals 11 (deque.remove --at=4)
  expect-throw "OUT_OF_BOUNDS": deque.insert --at=9 1
  expect-throw "OUT_OF_BOUNDS": deque.remove --at=6
  expect-equals [0, 1, 2, 3, 4, 12] (List.from deque)

like-a-list:
  deque := Deque.from [3, 1, 2]
  deque[0] = 5
  expect-equals 5 deque[0]
  expect-throw "OUT_OF_BOUNDS": deque[3]
  expect-throw "OUT_OF_BOUNDS": deque[-1]
  expect (deque.contains 2)
  expect-equals 8 (deque.reduce: | a b | a + b)
  expect (deque.any: it == 1)
  expect (deque.every: it > 0)
  expect-equals 1 (deque.index-of 1)
  sum := 0
  deque.do --reversed: sum = sum * 10 + it
  expect-equals 215 sum
  deque.add-all [7, 8]
  expect-equals [1, 2, 7] (List.from (deque.copy 1 4))
  deque.add-all deque
  expect-equals 10 deque.size
  deque.reserve 100
  deque.clear
  expect-equals 0 deque.size
  deque.add 1
  expect-equals 1 deque.last

// Thousands of random steps on a deque and on a list must have the same outcome.
against-a-list:
  set-random-seed "deque"
  deque := Deque
  list := []
  5000.repeat: | step |
    choice := random 6
    if choice < 2:
      deque.add step
      list.add step
    else if choice == 2:
      deque.add-first step
      list.insert --at=0 step
    else if choice == 3 and not list.is-empty:
      expect-equals (list.remove --at=0) deque.remove-first
    else if choice == 4 and not list.is-empty:
      expect-equals list.remove-last deque.remove-last
    else if not list.is-empty:
      at := random list.size
      expect-equals list[at] deque[at]
  expect-equals list (List.from deque)
