// Printing.

main:
  print "a line"
  print 42
  print
  print [1, "two", null, 3.0]
  print {"k": {1}}
  print "Amélie 🙈"
  print_ "past all services"
