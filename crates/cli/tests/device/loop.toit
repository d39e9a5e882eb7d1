// Never lets anybody else have the processor of its own accord.
main:
  print "looping"
  while true: null
