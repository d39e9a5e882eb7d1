// On one worker, no loop and no long primitive keeps other processes from their turns.
// options: --workers 1
// expect exit: 3
// expect: ready
// expect: answers while others compute: 40
// expect: none took a second: true
// no stress: it measures progress under load
import .reports
import ..services.common
import system.services show *

/** Each of these never ends by itself. */
loop-without-end:
  report "loop"
  i := 0
  while true: i++

recurse-without-end:
  report "recurse"
  while true: fib 30

fib n/int -> int:
  return n < 2 ? n : (fib n - 1) + (fib n - 2)

sort-without-end:
  list := List 500_000: (it * 7919) % 500_009
  report "sort"
  while true: list.sort

concatenate-without-end:
  bytes := ByteArray 10_000_000
  report "concatenate"
  while true: bytes + bytes

join-without-end:
  parts := List 100_000: "part $it"
  report "join"
  while true: parts.join ","

fill-without-end:
  bytes := ByteArray 50_000_000
  report "fill"
  while true: bytes.fill 7

search-without-end:
  text := "a" * 5_000_000
  report "search"
  while true: text.contains "aaaaaaaaaaaaaaaaaaaaaaaaab"

compare-without-end:
  a := ByteArray 50_000_000
  b := ByteArray 50_000_000
  report "compare"
  while true: a == b

hash-without-end:
  report "hash"
  while true:
    map := {:}
    100_000.repeat: map["key $it"] = it

garbage-without-end:
  keep := []
  report "garbage"
  while true:
    keep.add (List 10)
    if keep.size > 300_000: keep.clear

main:
  spawn::
    provider := Provider
    provider.install
  client := Client
  client.open --timeout=(Duration --s=10)
  reports := Reports
  reports.install
  spawn:: loop-without-end
  spawn:: recurse-without-end
  spawn:: sort-without-end
  spawn:: concatenate-without-end
  spawn:: join-without-end
  spawn:: fill-without-end
  spawn:: search-without-end
  spawn:: compare-without-end
  spawn:: hash-without-end
  spawn:: garbage-without-end
  10.repeat: reports.next
  print "ready"
  answers := 0
  slowest := 0
  40.repeat:
    start := Time.monotonic-us
    // After this, one of the others is in the middle of its work and must be preempted.
    sleep --ms=1
    answers += client.echo 1
    slowest = max slowest Time.monotonic-us - start
  print "answers while others compute: $answers"
  // Ten hogs on a machine that does other things too: a turn each is well below this. A
  //   primitive that cannot be interrupted, or a process that starves, is far above.
  print "none took a second: $(slowest < 1_000_000 ? true : slowest)"
  // Ends the others too.
  exit 3
