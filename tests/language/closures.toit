// Closures share variables with the code around them, and each round of a loop has its own.
import expect show *

main:
  shared-variable
  counters
  for-loops
  while-loops
  blocks-and-lambdas
  lambdas-in-lambdas
  parameters
  it-of-blocks
  leaving-blocks
  recursion

shared-variable:
  x := 1
  add := :: x++
  3.repeat: add.call
  expect-equals 4 x
  x = 10
  expect-equals 10 add.call
  expect-equals 11 x

make-counter start/int -> List:
  count := start
  return [:: count++, :: count]

counters:
  one := make-counter 0
  two := make-counter 100
  3.repeat: one[0].call
  two[0].call
  expect-equals 3 one[1].call
  expect-equals 101 two[1].call

for-loops:
  lambdas := []
  for i := 0; i < 3; i++: lambdas.add:: i
  expect-equals [0, 1, 2] (lambdas.map: it.call)
  // The loop sees changes of the body, and so does the lambda of that round.
  lambdas = []
  for i := 0; i < 6; i++:
    lambdas.add:: i
    i++
  expect-equals [1, 3, 5] (lambdas.map: it.call)
  // A lambda can change the variable of its own round.
  seen := []
  for i := 0; i < 10; i++:
    skip := :: i += 4
    seen.add i
    skip.call
  expect-equals [0, 5] seen

while-loops:
  lambdas := []
  n := 0
  while n < 3:
    local := n * 10
    lambdas.add:: local++
    n++
  expect-equals [0, 10, 20] (lambdas.map: it.call)
  expect-equals [1, 11, 21] (lambdas.map: it.call)

blocks-and-lambdas:
  sum := 0
  lambdas := []
  [1, 2, 3].do: | element |
    sum += element
    lambdas.add:: sum += element
  expect-equals 6 sum
  lambdas.do: it.call
  expect-equals 12 sum

lambdas-in-lambdas:
  a := 1
  outer := ::
    b := 10
    inner := ::
      a++
      b++
      a * 100 + b
    [inner, inner.call]
  first := outer.call
  expect-equals 211 first[1]
  expect-equals 312 first[0].call
  second := outer.call
  expect-equals 411 second[1]
  expect-equals 4 a

parameters:
  expect-equals 3 ((:: | a b | a + b).call 1 2)
  expect-equals 7 ((:: it + 1).call 6)
  expect-equals 10 ((:: | a b c d | a + b + c + d).call 1 2 3 4)
  // A lambda may be given more than it takes.
  expect-equals 5 ((:: | a | a).call 5 6 7)
  expect-throw-any: (:: | a b | a).call 1

expect-throw-any [block]:
  exception := catch:
    block.call
    unreachable
  expect exception != "Unreachable"

it-of-blocks:
  expect-equals [2, 4] ([1, 2].map: it * 2)
  expect-equals [[1], [2]] ([1, 2].map: [it])
  outer := []
  [1, 2].do: | x | [10, 20].do: outer.add it + x
  expect-equals [11, 21, 12, 22] outer

find list/List [condition]:
  list.do: if condition.call it: return it
  return null

leaving-blocks:
  expect-equals 4 (find [1, 3, 4, 5, 6]: it % 2 == 0)
  expect-equals null (find [1, 3]: it % 2 == 0)
  seen := []
  [1, 2, 3, 4].do:
    if it == 2: continue.do
    seen.add it
  expect-equals [1, 3, 4] seen
  expect-equals [1, -1, 3] ([1, 2, 3].map: it == 2 ? (continue.map -1) : it)
  expect-equals "from the middle" nested-return

nested-return:
  [1].do: [2].do: [3].do: return "from the middle"
  return "fell out"

recursion:
  fib/Lambda? := null
  fib = :: | n | n < 2 ? n : (fib.call n - 1) + (fib.call n - 2)
  expect-equals 55 (fib.call 10)
