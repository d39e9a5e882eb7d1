// On one worker, no loop and no long primitive keeps other processes from their turns.
// options: --workers 1
// expect: ready
// expect: answers while others compute: 20
// no stress: it measures progress under load
import monitor
import ..services.common
import system.services show *

// Each of these never ends by itself.
loop-without-end:
  i := 0
  while true: i++

recurse-without-end:
  while true: fib 25

fib n/int -> int:
  return n < 2 ? n : (fib n - 1) + (fib n - 2)

sort-without-end:
  while true:
    list := List 200_000: (it * 7919) % 200_003
    list.sort --in-place

copy-without-end:
  bytes := ByteArray 4_000_000
  while true: bytes = bytes + #[1]

join-without-end:
  parts := List 100_000: "part $it"
  while true: parts.join ","

fill-without-end:
  bytes := ByteArray 8_000_000
  while true: bytes.fill it

search-without-end:
  text := "a" * 2_000_000
  while true: text.contains "b"

equal-without-end:
  a := List 200_000: it
  b := List 200_000: it
  while true: a == b

hash-without-end:
  while true:
    map := {:}
    100_000.repeat: map["key $it"] = it

garbage-without-end:
  keep := []
  while true:
    keep.add (List 10)
    if keep.size > 300_000: keep.clear

main:
  spawn::
    provider := Provider
    provider.install
  client := Client
  client.open --timeout=(Duration --s=10)
  spawn:: loop-without-end
  spawn:: recurse-without-end
  spawn:: sort-without-end
  spawn:: copy-without-end
  spawn:: join-without-end
  spawn:: fill-without-end
  spawn:: search-without-end
  spawn:: equal-without-end
  spawn:: hash-without-end
  spawn:: garbage-without-end
  print "ready"
  answers := 0
  20.repeat:
    // Generous for ten hogs on a machine that does other things too; a primitive
    //   that cannot be interrupted, or a process that starves, takes for ever.
    with-timeout --ms=20_000: answers += client.echo 1
  print "answers while others compute: $answers"
  exit 0
