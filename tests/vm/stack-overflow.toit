// Recursion without end is an exception: it can be caught, `finally` code runs, and the process goes on.
// expect: STACK_OVERFLOW
// expect: deep enough: true
// expect: again STACK_OVERFLOW
// expect: in a block STACK_OVERFLOW
// expect: in another task STACK_OVERFLOW
// expect: finally ran in each frame: true
// expect: 20000 levels deep
// expect: other tasks live
// no stress: the stack alone takes millions of steps
import monitor

depth := 0
unwound := 0

dive:
  depth++
  dive
  depth--

dive-in-block [block]:
  block.call
  dive-in-block: dive-in-block block

dive-with-finally -> int:
  depth++
  try:
    return 1 + dive-with-finally
  finally:
    unwound++

down n/int -> int:
  return n == 0 ? 0 : 1 + (down n - 1)

main:
  print (catch: dive)
  print "deep enough: $(depth > 10_000)"
  print "again $(catch: dive)"
  print "in a block $(catch: dive-in-block: null)"
  result := monitor.Latch
  task:: result.set (catch: dive)
  print "in another task $result.get"
  depth = 0
  catch: dive-with-finally
  print "finally ran in each frame: $(unwound > 10_000 and (depth - unwound).abs <= 1)"
  print "$(down 20_000) levels deep"
  task:: print "other tasks live"
