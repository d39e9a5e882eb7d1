// Warnings are printed, and the program runs.
//
// expect: 3
// expect: 1
// expect error: `old` is deprecated
// expect error: this condition is always true

/// Deprecated. Use $new instead.
old: return 1

new: return 2

class Counter:
  value/int
  constructor.twice start:
    // Code that runs at once may set a final field, more than once.
    [start, start].do: value = it
    value = start

main:
  print old + new
  if "text": print (Counter.twice 1).value
  old  // @no-warn
