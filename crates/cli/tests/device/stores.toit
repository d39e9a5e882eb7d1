// Counts in flash memory, without end. Prints some of the numbers, once they are stored.
import system.storage show Bucket

main:
  bucket := Bucket.open --flash "numbers"
  n := bucket.get "n" --if-absent=: 0
  print "found $n"
  while true:
    bucket["n"] = ++n
    if n % 10 == 0: print "stored $n"
