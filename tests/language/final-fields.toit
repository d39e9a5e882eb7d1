// Final fields, assigned where the compiler does not see their class.

import expect show *

mixin Counted:
  count/int ::= 7

class Point extends Object with Counted:
  x/int
  static ORIGIN ::= 0
  constructor .x:
  size: return x

class Sub extends Point:
  constructor: super 1

class Other:
  x/int := 3

main:
  [Point 1, Sub].do: | point/any |
    expect-throw "FINAL_FIELD_ASSIGNMENT_FAILED": point.x = 2
    expect-throw "FINAL_FIELD_ASSIGNMENT_FAILED": point.count++
    // A name that is not a field cannot be found.
    expect-throw "LOOKUP_FAILED": point.size = 3
    expect-equals 1 point.x
  other/any := Other
  other.x = 4
  expect-equals 4 other.x
  expect-throw "LOOKUP_FAILED": other.count = 3
