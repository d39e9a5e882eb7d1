// Calls nest as deep as the task's stack allows, however much of the thread's stack each takes in machine code.
// expect: 20100
// expect: 200
// expect: STACK_OVERFLOW
sum n/int -> int:
  a := n + 1; b := n + 2; c := n + 3; d := n + 4; e := n + 5; f := n + 6; g := n + 7; h := n + 8
  if n == 0: return 0
  rest := sum n - 1
  if a + b + c + d + e + f + g + h != 8 * n + 36: throw "changed"
  return rest + n

blocks n/int [block] -> int:
  if n == 0: return block.call 0
  return blocks n - 1: | x | (block.call x) + 1

forever n/int -> int: return 1 + (forever n + 1)

main:
  // Enough calls for the functions to become hot.
  2_000.repeat: sum 200
  print (sum 200)
  500.repeat: blocks 200: it
  print (blocks 200: it)
  print (catch: forever 0)
