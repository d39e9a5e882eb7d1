// Statements and expressions: loops, jumps, conditions, operators and their binding, exceptions on the way.
import expect show *

main:
  loops
  labels
  conditions
  chains
  binding
  logic
  integers
  shifts
  definitions-in-conditions
  finally-and-jumps
  overriding-exits
  nested-exits
  conditional-expressions
  sequences
  literals-over-lines-in-heads

loops:
  seen := []
  for i := 0; i < 5; i++:
    if i == 1: continue
    if i == 4: break
    seen.add i
  expect-equals [0, 2, 3] seen
  n := 0
  while true:
    n++
    if n == 7: break
  expect-equals 7 n
  for ;;:
    n++
    if n > 9: break
  expect-equals 10 n
  sum := 0
  for a := 0; a < 10; a++: sum += a
  expect-equals 45 sum

labels:
  seen := []
  [1, 2, 3].do: | x |
    [10, 20, 30].do: | y |
      if y == 20: continue.do
      seen.add x + y
  expect-equals [11, 31, 12, 32, 13, 33] seen
  // A loop can be left from inside a block.
  count := 0
  while true:
    [1, 2, 3].do:
      count += it
      if count > 10: break
  expect-equals 12 count
  rounds := []
  for i := 0; i < 4; i++:
    [0, 1].do:
      if i == it: continue
      rounds.add "$i$it"
  expect-equals ["10", "20", "21", "30", "31"] rounds

conditions:
  expect-equals "zero" (size-word 0)
  expect-equals "few" (size-word 3)
  expect-equals "many" (size-word 30)
  x := null
  expect-equals 1 (x ? 2 : 1)
  // Only null and false are false.
  expect-equals [1, 1, 1, 2, 2] ([0, "", [], null, false].map: it ? 1 : 2)
  y := if 1 > 2: "then" else: "else"
  expect-equals "else" y

size-word n/int -> string:
  if n == 0:
    return "zero"
  else if n < 10:
    return "few"
  else:
    return "many"

evaluated := 0
once x:
  evaluated++
  return x

chains:
  expect (1 < 2 < 3)
  expect-not (1 < 3 < 2)
  expect (1 <= 1 <= 1 < 2)
  expect (3 > 2 >= 2 > 1)
  evaluated = 0
  expect (1 < (once 2) < 3)
  expect-equals 1 evaluated
  evaluated = 0
  // Stops at the first that is false.
  expect-not (5 < (once 2) < (once 9))
  expect-equals 1 evaluated

binding:
  expect-equals 7 1 + 2 * 3
  expect-equals 9 (1 + 2) * 3
  expect-equals -3 -1 - 2
  expect-equals 2 5 - 3
  expect-equals 1 7 % 3
  expect-equals 6 3 << 1
  expect-equals 5 1 | 4
  expect-equals 3 7 & 3
  expect-equals 6 5 ^ 3
  expect-equals -6 ~5
  expect-equals true (1 + 1 == 2 and 3 < 4)
  expect-equals true (not 1 == 2)
  expect-equals 11 (double 5) + 1
  expect-equals 12 (double 5 + 1)
  expect-equals -10 (double -5)
  list := [1, 2, 3]
  expect-equals 2 list[list[0]]
  expect-equals [2] list[1..2]
  expect-equals 6 (double list.size)
  expect-equals 4 (double list[1])

double x: return x * 2

logic:
  evaluated = 0
  expect-not (false and (once true))
  expect (true or (once true))
  expect-equals 0 evaluated
  expect (true and (once true))
  expect (false or (once true))
  expect-equals 2 evaluated
  expect-equals true (not false and not null)

integers:
  expect-equals -3 -7 / 2
  expect-equals -1 -7 % 2
  expect-equals 3 7 / 2
  expect-equals 1 7 % -2
  expect-throw "DIVISION_BY_ZERO": 1 / (once 0)
  expect-throw "DIVISION_BY_ZERO": 1 % (once 0)
  expect-equals 3.5 7 / 2.0
  x := 5
  x -= 2
  x *= 4
  x /= 3
  x %= 3
  x <<= 4
  x |= 3
  x &= 18
  x ^= 1
  x >>= 1
  expect-equals 9 x
  expect-equals 9 x++
  expect-equals 10 x
  expect-equals 10 x--
  expect-equals 9 x
  expect-equals 1_000_000 1000 * 1000
  expect-equals 255 0xff
  expect-equals 5 0b101
  expect-equals 'a' 97

shifts:
  expect-equals int.MIN 1 << 63
  expect-equals 0 1 << 64
  expect-equals -1 -1 >> 100
  expect-equals 1 -1 >>> 63
  expect-equals 0 -1 >>> 64

definitions-in-conditions:
  list := [1, 2]
  total := 0
  while element := (list.is-empty ? null : list.remove-last): total += element
  expect-equals 3 total
  if found := [5].first: expect-equals 5 found
  else: unreachable

events := []

finally-and-jumps:
  events.clear
  for i := 0; i < 3; i++:
    try:
      if i == 0: continue
      events.add "work $i"
      if i == 1: break
    finally:
      events.add "finally $i"
  expect-equals ["finally 0", "work 1", "finally 1"] events
  events.clear
  expect-equals "value" returns-through-two
  expect-equals ["inner", "outer"] events
  events.clear
  expect-equals 3 returns-from-block-through-finally
  expect-equals ["callee", "caller"] events
  events.clear
  expect-throw "x": throws-through-blocks
  expect-equals ["callee", "block", "caller"] events

returns-through-two:
  try:
    try:
      return "value"
    finally:
      events.add "inner"
  finally:
    events.add "outer"

guarded [block]:
  try:
    block.call
  finally:
    events.add "callee"

returns-from-block-through-finally:
  try:
    guarded: return 3
  finally:
    events.add "caller"
  return 4

throws-through-blocks:
  try:
    try:
      guarded: throw "x"
    finally:
      events.add "block"
  finally:
    events.add "caller"

overriding-exits:
  expect-equals 7 return-over-exception
  expect-equals "finally" return-over-return
  expect-equals "done 2" break-over-exception
  expect-equals "second" (catch: throw-over-throw)
  expect-equals "block" return-over-exception-from-block
  expect-equals [0, 1, 2] continue-over-exception

return-over-exception:
  try:
    throw "lost"
  finally:
    return 7

return-over-return:
  try:
    return "try"
  finally:
    return "finally"

break-over-exception:
  i := 0
  while true:
    i++
    try:
      throw "lost"
    finally:
      if i == 2: break
      continue
  return "done $i"

throw-over-throw:
  try:
    throw "first"
  finally:
    throw "second"

return-over-exception-from-block:
  [1].do:
    try:
      throw "lost"
    finally:
      return "block"
  return "fell out"

continue-over-exception:
  seen := []
  3.repeat:
    try:
      seen.add it
      throw "lost"
    finally:
      continue.repeat
  return seen

nested-exits:
  events.clear
  result := outer-most
  expect-equals "from the depths" result
  expect-equals ["1", "2", "3", "caught inside finally: inner", "0"] events

outer-most:
  try:
    try:
      dig 3: return "from the depths"
    finally:
      exception := catch: throw "inner"
      events.add "caught inside finally: $exception"
  finally:
    events.add "0"
  return "fell out"

dig n/int [block]:
  if n == 0: block.call
  try:
    dig n - 1 block
  finally:
    events.add "$n"

conditional-expressions:
  expect-equals "b" (1 > 2 ? "a" : 2 > 1 ? "b" : "c")
  x := null
  expect-equals 5 (x or 5)
  expect-equals null (x and 5)
  expect-equals 6 (5 and 6)

sequences:
  a := 1; b := 2
  expect-equals 3 a + b
  expect-equals 2
      [
        1,
        2,
      ].size
  text := "a" +
      "b"
  expect-equals "ab" text
  code := (: 5; 6)
  value := code.call
  expect-equals 6 value

literals-over-lines-in-heads:
  size := : | all | all.size
  if found := size.call {
    1, 2
  }:
    expect-equals 2 found
  else:
    expect false
  rounds := 0
  while rounds < { 3: 4,
                   5: 6,
  }.size: rounds++
  expect-equals 2 rounds
  if identical 1 {
    7: 1,
  }[7]: rounds++
  expect-equals 3 rounds
