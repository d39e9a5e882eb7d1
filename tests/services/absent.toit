// A service without a provider: each form of `open` fails in its own time.
// expect: Cannot find service
// expect: waited about 100 ms: true
// expect: Cannot find service, at once: true
// expect: null, at once: true
// expect: block, after 50 ms: true
import .common

elapsed [block] -> int:
  start := Time.monotonic-us
  block.call
  return (Time.monotonic-us - start) / 1000

main:
  ms := elapsed: print (catch: (Client).open)
  print "waited about 100 ms: $(90 <= ms < 1_000)"
  exception := null
  ms = elapsed: exception = catch: (Client).open --timeout=null
  print "$exception, at once: $(ms < 80)"
  result := 1
  ms = elapsed: result = (Client).open --if-absent=: null
  print "$result, at once: $(ms < 80)"
  ms = elapsed: result = (Client).open --timeout=(Duration --ms=50) --if-absent=: "block"
  print "$result, after 50 ms: $(40 <= ms < 1_000)"
