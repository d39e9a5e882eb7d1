// A service without a provider: each form of `open` fails in its own time.
// expect: Cannot find service
// expect: waited 100 ms: true
// expect: Cannot find service, at once: true
// expect: null, at once: true
// expect: block, after 50 ms: true
import .common

elapsed [block] -> int:
  start := Time.monotonic-us
  block.call
  return (Time.monotonic-us - start) / 1000

/** Whether $block needs less than 80 ms. On a busy machine that takes several tries. */
at-once [block] -> bool:
  100.repeat: if (elapsed block) < 80: return true
  return false

main:
  ms := elapsed: print (catch: (Client).open)
  print "waited 100 ms: $(90 <= ms)"
  exception := null
  is-fast := at-once: exception = catch: (Client).open --timeout=null
  print "$exception, at once: $is-fast"
  result := 1
  is-fast = at-once: result = (Client).open --if-absent=: null
  print "$result, at once: $is-fast"
  ms = elapsed: result = (Client).open --timeout=(Duration --ms=50) --if-absent=: "block"
  print "$result, after 50 ms: $(40 <= ms)"
