// All errors of a file are reported, each with its place; nothing runs.
// expect error: errors.toit:13
// expect error: errors.toit:14
// expect error: errors.toit:17
// expect error: errors.toit:20
// expect error: no-such-function
// expect error: never-defined
// expect error: print 1 2 3 4
// expect exit: 1
main:
  print "this is not to be seen"
  x := 1
  no-such-function
  x = never-defined + 1

class A:
  field/NoSuchType := null

  method:
    print 1 2 3 4
