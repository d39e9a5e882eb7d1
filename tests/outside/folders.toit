// expect: all is well
// Folders. Each process has its own current folder, even if it is renamed.

import expect show *

import .natives

main:
  with-folder: | folder/string |
    test-making folder
    test-listing folder
    test-changing folder
  print "all is well"

test-making folder/string:
  mkdir "$folder/one" 0b111_000_000
  expect-equals 0b111_000_000 (stat "$folder/one" true)[2]
  expect-throw "ALREADY_EXISTS": mkdir "$folder/one" 0x1ff
  expect-throw "FILE_NOT_FOUND": mkdir "$folder/none/two" 0x1ff
  expect-throw "Directory not empty": rmdir folder
  rmdir "$folder/one"
  expect-throw "FILE_NOT_FOUND": rmdir "$folder/one"
  first := (mkdtemp "$folder/x").to-string
  second := (mkdtemp "$folder/x").to-string
  expect-not-equals first second
  expect (first.starts-with "$folder/x")
  rmdir first
  rmdir second

test-listing folder/string:
  names := {"a", "b", "blå"}
  names.do: mkdir "$folder/$it" 0x1ff
  listed := {}
  listing := open-folder resource-freeing-module_ folder
  while name := next-name listing: listed.add name.to-string
  expect-null (next-name listing)
  close-folder listing
  expect-throw "ALREADY_CLOSED": next-name listing
  listed.remove-all [".", ".."]
  expect-structural-equals names listed
  expect-throw "FILE_NOT_FOUND": open-folder null "$folder/none"
  names.do: rmdir "$folder/$it"

test-changing folder/string:
  before := cwd
  mkdir "$folder/here" 0x1ff
  chdir "$folder/here"
  expect-equals (realpath folder) + "/here" cwd
  expect-equals cwd (realpath ".")
  rename "../here" "../there"
  expect-equals (realpath folder) + "/there" cwd
  // Children start in it, other processes do not.
  expect-equals "$cwd\n" (output-of "pwd -P")
  spawn::
    expect-equals before cwd
    chdir "/"
    expect-equals "/" cwd
  sleep --ms=50
  expect-equals (realpath folder) + "/there" cwd
  mkdir "relative" 0x1ff
  expect-not-null (stat "$folder/there/relative" true)
  rmdir "relative"
  temporary := (mkdtemp "t").to-string
  expect-not-null (stat "$folder/there/$temporary" true)
  rmdir temporary
  expect-throw "FILE_NOT_FOUND": chdir "relative"
  expect-throw "FILE_NOT_FOUND": chdir "/dev/null"
  expect-throw "FILE_NOT_FOUND": chdir ""
  rmdir "../there"
  expect-throw "FILE_NOT_FOUND": cwd
  chdir before
