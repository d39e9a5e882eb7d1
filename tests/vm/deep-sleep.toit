// A deep sleep ends the whole program, since a host does not have it.
// expect: before
// expect error: A host has no deep sleep: the program ends instead of sleeping for 5000 ms
// expect exit: 1

main:
  spawn:: sleep (Duration --h=1)
  task:: sleep (Duration --h=1)
  print "before"
  __deep-sleep__ 5000
  print "after"
