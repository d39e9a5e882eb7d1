// Measures the interpreter alone. Prints `NAME VALUE UNIT` lines.
fib n/int -> int:
  if n <= 2: return 1
  return (fib n - 1) + (fib n - 2)

best [block] -> float:
  best := float.INFINITY
  5.repeat:
    start := Time.monotonic-us
    block.call
    best = min best (Time.monotonic-us - start).to-float / 1_000
  return best

report name/string value/float: print "$(%-34s name) $(%10.3f value) ms"

check result/int expected/int: if result != expected: throw "wrong: $result"

additions count/int -> int:
  sum := 0
  for i := 0; i < count; i++: sum += i
  return sum

repeated count/int -> int:
  sum := 0
  count.repeat: sum += it
  return sum

insertions count/int -> Map:
  map := {:}
  count.repeat: map[it * 7] = it
  return map

look-ups map/Map -> int:
  sum := 0
  map.size.repeat: sum += map[it * 7]
  return sum

main:
  report "fib 30" (best: check (fib 30) 832040)
  report "50 million additions, for" (best: check (additions 50_000_000) 1249999975000000)
  report "50 million additions, repeat" (best: check (repeated 50_000_000) 1249999975000000)
  report "1 million map insertions" (best: check (insertions 1_000_000).size 1_000_000)
  map := insertions 1_000_000
  report "1 million map look-ups" (best: check (look-ups map) 499999500000)
