// options: --simulate 7
// expect: all is well
// A program without access to the machine gets an error for every operation on it.

import expect show *

import .natives

main:
  tries := [
    :: cwd, :: chdir "/", :: open "/etc/passwd" 1 0, :: read-file 0, :: stat "/" true, :: get-env "PATH",
    :: set-env "A" "b", :: create-pipe null true, :: pipe-of null 1, :: write-pipe 1 "x" 0 1,
    :: shell "true", :: signal-text 9, :: await-state 0 1, :: mkdtemp "/tmp/x", :: pipe-group, :: child-group,
  ]
  tries.do: | lambda/Lambda | expect-throw "PERMISSION_DENIED": lambda.call
  print "all is well"
