// Each process has its own memory limit: a process that exceeds it ends alone, the others continue.
// options: --memory-limit 8M
// expect: caught OUT_OF_MEMORY
// expect: still computing 4999950000
// expect: too large at once: OUT_OF_MEMORY
// expect: a large string: OUT_OF_MEMORY
// expect: others live
// expect error: OUT_OF_MEMORY
// expect exit: 1
// no stress: millions of allocations
import .reports

hoard:
  all := []
  while true: all.add (ByteArray 1000)

hoard-objects:
  all := []
  while true: all.add [all.size, "$all.size", {:}]

main:
  print "caught $(catch: hoard)"
  sum := 0
  100_000.repeat: sum += it
  print "still computing $sum"
  print "too large at once: $(catch: ByteArray 100_000_000)"
  text := "x"
  print "a large string: $(catch: while true: text += text)"
  reports := Reports
  reports.install
  spawn::
    enroll
    hoard-objects
  reports.wait-for-end
  spawn:: report "others live"
  print reports.next
  reports.uninstall
