// Never yields the processor by itself.
main:
  print "looping"
  while true: null
