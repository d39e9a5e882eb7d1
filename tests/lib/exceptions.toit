// Throwing, catching, unwinding.

import expect show *

main:
  catching
  finally-order
  unwinding
  trace-blocks
  nested
  lookups
  assertions
  helpers

catching:
  expect-equals "oops" (catch: throw "oops")
  expect-equals null (catch: 42)
  expect-equals 499 (catch: throw 499)
  list := []
  expect (identical list (catch: throw list))
  expect-equals "inner" (catch: catch-and-throw "inner")
  expect-equals 3 returns-from-block

catch-and-throw value:
  [1].do: throw value

returns-from-block:
  catch: return 3
  return 4

finally-order:
  events := []
  exception := catch:
    try:
      try:
        events.add "work"
        throw "x"
      finally:
        events.add "inner"
    finally: | is-exception error |
      events.add "outer $is-exception $error.value"
  expect-equals "x" exception
  expect-equals ["work", "inner", "outer true x"] events
  events.clear
  try:
    events.add "work"
  finally: | is-exception error |
    events.add "$is-exception $error"
  expect-equals ["work", "false null"] events
  expect-equals 7 return-through-finally

return-through-finally:
  try:
    throw "lost"
  finally:
    return 7

unwinding:
  expect-equals "second" (catch: throw-twice)
  outer := catch:
    catch --unwind=(: | value | value == "pass"): throw "pass"
    unreachable
  expect-equals "pass" outer
  inner := catch --unwind=(: | value | value == "pass"): throw "stop"
  expect-equals "stop" inner
  expect-equals "on" (catch: (catch --unwind: throw "on"))
  expect-equals null (catch: (catch --no-unwind: throw "off"))

throw-twice:
  try:
    throw "first"
  finally:
    throw "second"

trace-blocks:
  seen := null
  exception := catch --trace=(: | value trace | seen = value; false): throw "traced"
  expect-equals "traced" exception
  expect-equals "traced" seen
  values := []
  catch
      --trace=: | value | values.add "trace $value"; false
      --unwind=: | value | values.add "unwind $value"; false
      : throw 1
  expect-equals ["trace 1", "unwind 1"] values

nested:
  depth := 0
  exception := catch: dive 100: depth++
  expect-equals "bottom" exception
  expect-equals 100 depth

dive depth [block]:
  if depth == 0: throw "bottom"
  try:
    dive depth - 1 block
  finally:
    block.call

lookups:
  x/any := null
  expect-equals "LOOKUP_FAILED" (catch: x.no-such-method)
  expect-equals "LOOKUP_FAILED" (catch: (5 as any).no-such-method 1 2)
  y/any := "text"
  expect-equals "AS_CHECK_FAILED" (catch: y as int)
  expect-equals "AS_CHECK_FAILED" (catch: takes-int y)

takes-int x/int:
  return x

assertions:
  expect-equals ASSERTION-FAILED-ERROR (catch: throw ASSERTION-FAILED-ERROR)
  assert: 1 + 1 == 2
  expect-equals "Unreachable" (catch: unreachable)

helpers:
  expect-equals 10 (hex-char-to-value 'a')
  expect-equals 15 (hex-char-to-value 'F')
  expect-equals 7 (hex-char-to-value '7')
  expect-equals -1 (hex-char-to-value 'g' --if-error=: -1)
  expect-throw "INVALID_ARGUMENT": hex-char-to-value ' '
  expect-equals 'f' (to-lower-case-hex 15)
  expect-equals 'F' (to-upper-case-hex 15)
  expect (identical "ab" "a" + "b")
  expect-not (identical [] [])
  expect (identical float.NAN float.NAN)
  expect-not (identical 0.0 -0.0)
  expect (identical null null)
  expect-equals "lambda" (:: 1).stringify
  expect-equals "true" true.stringify
  expect-equals "null" null.stringify
