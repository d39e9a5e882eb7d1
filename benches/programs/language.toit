// The programs of the language benchmark: see benches/language. Each line of the output has a name, a value that must be
//   the same in all languages, and a time in ms.
// The programs in the other files of this folder are the same, line by line.

measure name/string [block] -> none:
  start := Time.monotonic-us
  value := block.call
  ms := (Time.monotonic-us - start) / 1_000.0
  print "$name $value $(%.1f ms)"

fib n:
  if n < 2: return n
  return (fib n - 1) + (fib n - 2)

loop n:
  sum := 0
  for i := 0; i < n; i++: sum += i % 7
  return sum

sieve n:
  flags := List n: true
  count := 0
  for i := 2; i < n; i++:
    if flags[i]:
      count++
      for j := i + i; j < n; j += i: flags[j] = false
  return count

mandelbrot n:
  count := 0
  for y := 0; y < n; y++:
    for x := 0; x < n; x++:
      cr := 2.0 * x / n - 1.5
      ci := 2.0 * y / n - 1.0
      zr := 0.0
      zi := 0.0
      i := 0
      while i < 50 and zr * zr + zi * zi < 4.0:
        t := zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = t
        i++
      if i == 50: count++
  return count

class Tree:
  left := ?
  right := ?
  constructor .left .right:
  check: return left ? 1 + left.check + right.check : 1

tree depth:
  if depth == 0: return Tree null null
  return Tree (tree depth - 1) (tree depth - 1)

trees depth count:
  sum := 0
  for i := 0; i < count; i++: sum += (tree depth).check
  return sum

place row n columns up down:
  if row == n: return 1
  count := 0
  for c := 0; c < n; c++:
    if columns[c] and up[row + c] and down[row - c + n]:
      columns[c] = false
      up[row + c] = false
      down[row - c + n] = false
      count += place row + 1 n columns up down
      columns[c] = true
      up[row + c] = true
      down[row - c + n] = true
  return count

queens n: return place 0 n (List n: true) (List 2 * n: true) (List 2 * n + 1: true)

abstract class Shape:
  side := ?
  constructor .side:
  abstract area
class Square extends Shape:
  constructor side: super side
  area: return side * side
class Double extends Shape:
  constructor side: super side
  area: return side * 2
class Single extends Shape:
  constructor side: super side
  area: return side

dispatch n:
  shapes := [Square 3, Double 4, Single 5]
  sum := 0
  for i := 0; i < n; i++: sum += shapes[i % 3].area
  return sum

blocks n rounds:
  list := List n: it
  sum := 0
  rounds.repeat: list.do: sum += it
  return sum

random-numbers n:
  state := 42
  return List n:
    state = (state * 1103515245 + 12345) % 2147483648
    state

sort n:
  list := random-numbers n
  list.sort --in-place
  return list[0] + list[n / 2]

maps n:
  map := {:}
  keys := random-numbers n
  keys.do: map[it] = it % 100
  sum := 0
  keys.do: sum += map[it]
  return sum

strings n:
  parts := []
  for i := 0; i < n; i++: parts.add "item $i"
  text := parts.join ","
  length := 0
  (text.split ",").do: length += it.size
  return length

main:
  measure "fib": fib 30
  measure "loop": loop 20_000_000
  measure "sieve": sieve 2_000_000
  measure "mandelbrot": mandelbrot 300
  measure "trees": trees 12 40
  measure "queens": queens 10
  measure "dispatch": dispatch 5_000_000
  measure "blocks": blocks 100_000 30
  measure "sort": sort 200_000
  measure "maps": maps 300_000
  measure "strings": strings 200_000
