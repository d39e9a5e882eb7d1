// An uncaught exception is printed with the active calls, innermost first.
// expect error: EXCEPTION error.
// expect error: the bottom
// expect error:   0: Shaft.down.<block> stack-trace.toit:20:18
// expect error:   1: Shaft.dig          stack-trace.toit:16:11
// expect error:   2: Shaft.down         stack-trace.toit:19:5
// expect error:   3: Shaft.down.<block> stack-trace.toit:21:7
// expect error:   9: Shaft.deep=        stack-trace.toit:23:5
// expect error:   10: Shaft.+            stack-trace.toit:25:5
// expect error:   11: helper_            stack-trace.toit:28:25
// expect error:   12: main.<lambda>      stack-trace.toit:31:16
// expect error:   13: main               stack-trace.toit:32:10
// expect exit: 1
class Shaft:
  dig [block]:
    block.call

  down n/int:
    dig:
      if n == 0: throw "the bottom"
      down n - 1
  deep= n/int:
    down n
  operator + n/int:
    deep = n
    return this

helper_ n: return Shaft + n

main:
  lambda := :: helper_ it
  lambda.call 2
