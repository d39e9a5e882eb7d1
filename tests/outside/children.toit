// expect: all is well
// Child processes: how they end, their arguments, and many at once.

import expect show *
import monitor show Semaphore

import .natives

main:
  test-ends
  test-programs
  test-streams
  test-ignored
  test-waiting
  test-many
  print "all is well"

test-ends:
  [0, 1, 77, 255].do: expect-equals (exited it) (end-of (shell "exit $it"))
  [4, 9, 15].do: expect-equals (2 | it << 10) (end-of (shell "kill -$it \$\$"))
  expect-equals "Killed" (signal-text 9)
  expect-equals "Terminated" (signal-text 15)
  expect-equals "Unknown signal 1000" (signal-text 1000)
  child := shell "exec sleep 1000"
  kill child 15
  expect-equals (2 | 15 << 10) (end-of child)
  // After that it is forgotten.
  expect-throw "ALREADY_CLOSED": kill child 15
  expect-throw "ALREADY_CLOSED": wait-for child

run use-path/bool command/string arguments/List --environment=null -> int:
  return end-of
      fork child-group use-path -1 -1 -1 -1 -1 command (Array_.ensure arguments) environment

test-programs:
  expect-throw "No such file or directory": run true "a program that is not there" ["x"]
  expect-throw "No such file or directory": run false "sh" ["sh", "-c", "exit 3"]
  expect-throw "Permission denied": run false "/etc/passwd" ["x"]
  expect-throw "INVALID_ARGUMENT": run true "a\0b" ["x"]
  expect-equals (exited 3) (run true "sh" ["sh", "-c", "exit 3"])
  expect-equals (exited 3) (run false "/bin/sh" ["sh", "-c", "exit 3"])
  // The starter of a program chooses its name.
  expect-equals (exited 0) (run true "sh" ["other", "-c", "test \$0 = other"])
  with-folder: | folder/string |
    output-of "printf '#!/bin/sh\\nexit 5\\n' > $folder/five; chmod +x $folder/five"
    expect-equals (exited 5) (run true "five" ["five"] --environment=(Array_.ensure ["PATH", folder]))
    before := cwd
    chdir folder
    expect-equals (exited 5) (run false "five" ["five"])
    expect-equals (exited 5) (run true "./five" ["five"])
    chdir before

test-streams:
  third := create-pipe pipe-group false
  fourth := create-pipe pipe-group true
  child := shell "read line <&4; echo \"\$line\" >&3" --fd-3=third[1] --fd-4=fourth[1]
  write-all fourth[0] "by way of 4 and 3\n"
  expect-equals "by way of 4 and 3\n" (read-all third[0])
  close-pipe fourth[0] pipe-group
  expect-equals (exited 0) (end-of child)
  // The ends that the child got are closed here.
  expect-throw "ALREADY_CLOSED": close-file third[1]

  // After a failure they are still open.
  ends := create-pipe pipe-group false
  expect-throw "No such file or directory":
    fork child-group true -1 ends[1] -1 -1 -1 "not there" (Array_.ensure ["x"]) null
  close-file ends[1]
  expect-null (read-pipe ends[0])
  close-pipe ends[0] pipe-group

  // Both streams into one pipe, and a file as input.
  ends = create-pipe pipe-group false
  file := open "/etc/passwd" 1 0
  child = shell "head -c 4; echo; echo on error >&2" --in=file --out=ends[1] --error=ends[1]
  output := read-all ends[0]
  expect (output.ends-with "\non error\n")
  expect-equals (exited 0) (end-of child)
  close-file file

test-ignored:
  child := shell "exec sleep 1000"
  ignore child
  ignore child
  kill child 9
  20.repeat: ignore (shell "true")
  sleep --ms=20
  // An ended child is released at the next start.
  expect-equals (exited 0) (end-of (shell "true"))
  count := 0
  while not (catch: wait-for child):
    end-of (shell "true")
    count++
    expect count < 1000

// Waiting can be interrupted, and repeated.
test-waiting:
  child := shell "sleep 0.1; exit 6"
  expect-throw "DEADLINE_EXCEEDED": with-timeout --ms=10: end-of child
  waiting := task:: end-of child
  sleep --ms=5
  waiting.cancel
  expect-equals (exited 6) (end-of child)

test-many:
  done := Semaphore
  100.repeat: | index |
    task::
      ends := create-pipe pipe-group false
      child := shell "read line; echo \$line $index" --in=-1 --out=ends[1]
      expect-equals "$index" (read-all ends[0]).trim
      expect-equals (exited 0) (end-of child)
      done.up
  100.repeat: done.down
