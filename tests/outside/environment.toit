// expect: all is well
// The environment: a program and its children see the variables that the program has set.

import expect show *

import .natives

main:
  expect-not-null (get-env "PATH")
  ["LUCARNE NONE", "", "a=b", "a\0b"].do: expect-null (get-env it)
  set-env "LUCARNE_A" "blå"
  expect-equals "blå" (get-env "LUCARNE_A")
  expect-equals "blå\n" (output-of "echo \$LUCARNE_A")
  expect-equals "other\n" (output-of "echo \$LUCARNE_A" --environment=(Array_.ensure ["LUCARNE_A", "other"]))
  expect-equals "none\n" (output-of "echo \${LUCARNE_A-none}" --environment=(Array_.ensure ["LUCARNE_A", null]))
  set-env "LUCARNE_A" null
  expect-null (get-env "LUCARNE_A")
  expect-equals "none\n" (output-of "echo \${LUCARNE_A-none}")
  ["", "a=b", "a\0b"].do: | name |
    expect-throw "INVALID_ARGUMENT": set-env name "x"
    expect-throw "INVALID_ARGUMENT": output-of "true" --environment=(Array_.ensure [name, "x"])
  expect-throw "INVALID_ARGUMENT": set-env "x" "a\0b"

  // All processes of a program have the same.
  spawn:: set-env "LUCARNE_B" "from another process"
  while (get-env "LUCARNE_B") == null: sleep --ms=1
  expect-equals "from another process" (get-env "LUCARNE_B")
  print "all is well"
