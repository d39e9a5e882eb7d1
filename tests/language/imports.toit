// Imports: with and without a prefix, some names only, passed on, and libraries beside files.
import expect show *
import monitor show Latch Semaphore
import uuid as ids
import .imports.shapes
import .imports.shapes as again
import .imports.hidden show visible Counter
import .imports.passing
import .imports.core-again as again-core

main:
  expect-equals 0 (again-core.Map).size
  expect-equals 12 (Square 3).around
  expect-equals 16 (again.Square 4).around
  expect-equals "visible" visible
  expect-equals 1 Counter.next
  // All importers share one instance of a module.
  expect-equals 2 next-count
  expect-equals "deep" from-the-deep
  expect (ids.Uuid.parse "6ba7b810-9dad-11d1-80b4-00c04fd430c8") is ids.Uuid
  latch := Latch
  latch.set 1
  expect-equals 1 latch.get
  expect-equals 0 (Semaphore).count
  expect-equals "mine" private-name_
  // A module's own name has priority over an imported one.
  expect-equals "own" shadowed

private-name_: return "mine"
shadowed: return "own"
