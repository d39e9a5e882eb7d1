// Information about a program's memory, and its settings.
// expect error: here
// expect error: Remembered
// expect error: bytes used

import expect show *
import system

class Remembered:

main:
  kept := List 100: Remembered
  system.print-objects --marker="here" --gc
  print-objects
  print-objects "old" false
  system.serial-print-heap-report "report" 10
  expect-equals 100 kept.size

  system.tune-memory-use 0
  lists := List 1000: List 10: "element $it"
  system.tune-memory-use 100
  lists.do: | list | expect-equals "element 9" list.last
  expect-throw "OUT_OF_RANGE": system.tune-memory-use 101
  expect-throw "OUT_OF_RANGE": system.tune-memory-use -1

  expect (system.vm-sdk-info.contains system.vm-sdk-version)
  expect-equals system.vm-sdk-info app-sdk-info
  expect-equals "host" system.vm-sdk-model

  expect-not system.hostname.is-empty
  expect-throw "UNSUPPORTED": system.hostname = "other"

  weak := Map.weak
  keep := "text $(3)"
  weak[keep] = keep
  10.repeat:
    text := "text 1$it"
    weak[text] = text
  system.process-stats --gc
  expect-null (weak.get "text 14")
  expect-equals "text 3" (weak.get keep)
  with-timeout --ms=5000: while weak.size > 1: sleep --ms=1
