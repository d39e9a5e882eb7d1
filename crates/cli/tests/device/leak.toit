// Keeps all its data, until there is no memory left.
main:
  print "leaking"
  all := []
  while true: all.add (ByteArray 100_000)
