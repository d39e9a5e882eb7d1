// The profiler: which functions do the work.
// expect error: Profile of everything

import expect show *

main:
  expect-throw "PROFILER_NOT_INSTALLED": Profiler.start
  expect-throw "PROFILER_NOT_INSTALLED": Profiler.report "x"
  Profiler.install false
  work-much
  expect-not ((Profiler.encode "before" 0).to-string.contains "work-much")
  expect-equals 7
      Profiler.do:
        work-much
        work-little
        7
  work-little-after
  text := (Profiler.encode "some work" 0).to-string
  expect (text.starts-with "Profile of some work: ")
  lines := text.split "\n"
  expect (lines[1].contains "work-much")
  expect-not (text.contains "work-little-after")
  expect-not ((Profiler.encode "a part" 900).to-string.contains "work-little")

  Profiler.install true
  Profiler.start
  done := false
  task::
    work-much
    done = true
  while not done: yield
  Profiler.stop
  expect ((Profiler.encode "all tasks" 0).to-string.contains "work-much")
  Profiler.report "everything" --cutoff=1
  Profiler.uninstall
  expect-throw "PROFILER_NOT_INSTALLED": Profiler.stop

work-much -> int:
  sum := 0
  for i := 0; i < 50_000; i++: sum += i % 7
  return sum

work-little -> int:
  sum := 0
  for i := 0; i < 500; i++: sum += i % 7
  return sum

work-little-after -> int:
  return work-little
