// Printing.
// expect: a line
// expect: 42
// expect:
// expect: [1, two, null, 3.0]
// expect: {k: {1}}
// expect: Amélie 🙈
// expect: past all services

main:
  print "a line"
  print 42
  print
  print [1, "two", null, 3.0]
  print {"k": {1}}
  print "Amélie 🙈"
  print_ "past all services"
