// Measures requests to the component in `component.c`. Prints `NAME VALUE UNIT` lines.
import system.external

/**
Runs a block of $count operations five times.
Returns the time of the fastest run divided by $count, in µs.
*/
best count/int [block] -> float:
  best := float.INFINITY
  5.repeat:
    start := Time.monotonic-us
    block.call
    best = min best (Time.monotonic-us - start).to-float / count
  return best

report name/string value/float unit/string: print "$(%-34s name) $(%10.3f value) $unit"

main:
  echo := external.Client.open "bench/echo"
  small := #[1, 2, 3, 4]
  report "component, 4 bytes" (best 10_000: 10_000.repeat: echo.request 0 small) "us"
  medium := ByteArray 1024
  report "component, 1 KiB" (best 10_000: 10_000.repeat: echo.request 0 medium) "us"
  large := ByteArray 1024 * 1024
  report "component, 1 MiB handed over" (best 1_000: 1_000.repeat: large = echo.request 0 large --no-copy) "us"
  echo.close
