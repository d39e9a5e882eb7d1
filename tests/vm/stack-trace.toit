// An uncaught exception is printed with the calls that were under way, innermost first.
// expect error: EXCEPTION error.
// expect error: the bottom
// expect error:   0: Shaft.dig.<block>
// expect error: stack-trace.toit:21:15
// expect error: Shaft.dig
// expect error: stack-trace.toit:20:5
// expect error: Shaft.deep=
// expect error: stack-trace.toit:24:5
// expect error: Shaft.+
// expect error: helper_
// expect error: main.<lambda>
// expect error: main
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
