// Calls a provider through generated code, and one through code that is written by hand, in turns. Prints for
// each method the shortest times, in µs, and the ratio of generated code to the other.
import .echo show Echo Point
import .echo-client as generated
import .echo-provider as generated
import .hand as hand

ROUNDS ::= 20
CALLS ::= 4_000

class GeneratedProvider extends generated.EchoProvider:
  number value/int -> int: return value
  sum a/int b/int -> int: return a + b
  text value/string -> string: return value
  point value/Point -> Point: return value

main:
  spawn::
    provider := GeneratedProvider
    provider.install
    provider.uninstall --wait
  spawn::
    provider := hand.EchoProvider
    provider.install
    provider.uninstall --wait
  made := generated.EchoClient
  made.open --timeout=(Duration --s=5)
  written := hand.EchoClient
  written.open --timeout=(Duration --s=5)

  compare "number" made written: | echo/Echo | echo.number 42
  compare "sum" made written: | echo/Echo | echo.sum 40 2
  compare "text" made written: | echo/Echo | echo.text "some text"
  point := Point 3 4
  compare "point" made written: | echo/Echo | echo.point point
  made.close
  written.close

compare name/string made/Echo written/Echo [call] -> none:
  times := [[], []]
  ROUNDS.repeat:
    times[0].add (time: call.call made)
    times[1].add (time: call.call written)
  best := times.map: | rounds | rounds.reduce: | a b | min a b
  ratio := best[0] / best[1]
  print "$(%-8s name) generated $(%7.3f best[0]) us   by hand $(%7.3f best[1]) us   ratio $(%.3f ratio)"

/** Returns the time of a call, in µs. */
time [call] -> float:
  start := Time.monotonic-us
  CALLS.repeat: call.call
  return (Time.monotonic-us - start).to-float / CALLS
