// The math library.

import expect show *
import math

main:
  close 0.0 (math.sin 0)
  close 1.0 (math.sin math.PI / 2)
  close -1.0 (math.cos math.PI)
  close 1.0 (math.tan math.PI / 4)
  close math.PI / 2 (math.asin 1)
  close math.PI (math.acos -1)
  close math.PI / 4 (math.atan 1)
  close math.PI / 2 (math.atan2 1 0)
  close math.E (math.exp 1)
  close 1.0 (math.log math.E)
  close 3.0 (math.log 8 2)
  close 1024.0 (math.pow 2 10)
  close math.SQRT2 (math.sqrt 2)
  close 1.1752011936438014 (math.sinh 1)
  close 1.5430806348152437 (math.cosh 1)
  close 0.7615941559557649 (math.tanh 1)
  point := math.Point3f 1 2 2
  close 3.0 point.length
  expect-equals (math.Point3f 2 4 4) point * 2
  expect-equals (math.Point3f 1 4 4) point * point
  expect-equals (math.Point3f 0.5 1 1) point / 2
  expect-equals (math.Point3f 0 0 0) point + (-point)
  expect-equals "1.0, 2.0, 2.0" point.stringify
  expect-equals point (math.Point3f.deserialize point.to-byte-array)
  expect-throw "UNSUPPORTED_TYPE": point * "2"

close expected/float actual/float:
  expect (expected - actual).abs < 1e-12
