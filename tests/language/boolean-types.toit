// The types of true and false.

import expect show *

only-true x/True -> True: return x
only-false --flag/False -> bool: return flag

answer/any := false

class Switch:
  state/True := true

main:
  yes := true
  no := false
  expect (only-true yes)
  expect-not (only-false --no-flag)
  expect-throw "AS_CHECK_FAILED": only-true no
  expect-throw "AS_CHECK_FAILED": only-false --flag=yes
  expect-throw "AS_CHECK_FAILED": only-true answer
  expect-throw "AS_CHECK_FAILED": (Switch).state = answer
  expect (yes is True and yes is bool)
  expect-not yes is False
  expect (no is False and no is bool)
  expect-not no is True
  expect-equals "true false" "$yes $no"
  expect-equals {true: 1, false: 2}[yes] 1
