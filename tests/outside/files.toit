// expect: all is well
// Files: written data is read back, in pieces of any size, and errors have the texts that programs match on.

import expect show *
import monitor

import .natives

main:
  with-folder: | folder/string |
    test-contents folder
    test-flags folder
    test-names folder
    test-figures folder
    test-links folder
    test-errors folder
    test-named-pipes folder
  print "all is well"

write path/string data -> none:
  file := open path (2 | 8 | 16) 0x1b6
  written := 0
  while written < data.size: written += write-file file data written data.size
  close-file file

contents path/string -> ByteArray:
  file := open path 1 0
  result := #[]
  while part := read-file file:
    expect part.size <= 64 * 1024
    result += part
  close-file file
  return result

test-contents folder/string:
  path := "$folder/contents"
  [#[], #[1, 2, 3], ByteArray 200_000: it * 7].do: | data/ByteArray |
    write path data
    expect-equals data (contents path)
  write path "as text, blå"
  expect-equals "as text, blå" (contents path).to-string

  file := open path 3 0
  expect (is-open-file file)
  expect-throw "OUT_OF_BOUNDS": write-file file #[1, 2] 1 3
  expect-throw "OUT_OF_BOUNDS": write-file file #[1, 2] 2 1
  expect-throw "OUT_OF_BOUNDS": write-file file #[1, 2] -1 1
  expect-throw "WRONG_BYTES_TYPE": write-file file [1, 2] 0 1
  close-file file
  expect-throw "ALREADY_CLOSED": read-file file
  expect-throw "ALREADY_CLOSED": write-file file #[1] 0 1
  expect-throw "ALREADY_CLOSED": close-file file
  expect-throw "ALREADY_CLOSED": close-file null

test-flags folder/string:
  path := "$folder/flags"
  expect-throw "FILE_NOT_FOUND": open path 2 0
  write path "one"
  file := open path (2 | 4) 0
  write-file file " two" 0 4
  close-file file
  expect-equals "one two" (contents path).to-string
  close-file (open path (2 | 16) 0)
  expect-equals #[] (contents path)
  expect-throw "INVALID_ARGUMENT": open path 8 0x1b6
  file = open path 1 0
  expect-throw "Bad file descriptor": write-file file "x" 0 1
  close-file file

test-names folder/string:
  write "$folder/blå" "x"
  rename "$folder/blå" "$folder/rød"
  expect-null (stat "$folder/blå" true)
  expect-equals "$folder/rød" (realpath "$folder/../$(folder[5..])/./rød")
  expect-null (realpath "$folder/blå")
  unlink "$folder/rød"
  expect-throw "FILE_NOT_FOUND": unlink "$folder/rød"
  expect-throw "FILE_NOT_FOUND": rename "$folder/rød" "$folder/blå"

test-figures folder/string:
  path := "$folder/figures"
  write path "12345"
  chmod path 0b110_000_000
  update-times path 1_000_000_001 500 1_100_000_000 0
  figures := stat path true
  expect-equals 11 figures.size
  expect-equals 0b110_000_000 figures[2]
  expect-equals 4 figures[3]
  expect-equals 1 figures[4]
  expect-equals 5 figures[7]
  expect-equals 1_000_000_001_000_000_500 figures[8]
  expect-equals 1_100_000_000_000_000_000 figures[9]
  unchanged := (1 << 30) - 2
  update-times path 0 unchanged 7 8
  expect-equals 1_000_000_001_000_000_500 (stat path true)[8]
  expect-equals 7_000_000_008 (stat path true)[9]
  expect-throw "INVALID_ARGUMENT": update-times path 0 1_000_000_000 0 0
  expect-equals 2 (stat folder true)[3]
  expect-equals 1 (stat "/dev/null" true)[3]
  figures[8] = "what programs do to it"

test-links folder/string:
  path := "$folder/target"
  write path "contents"
  link "$folder/hard" path 0
  link "$folder/soft" "target" 1
  expect-equals (stat path true)[1] (stat "$folder/hard" false)[1]
  expect-equals (stat path true)[1] (stat "$folder/soft" true)[1]
  expect-equals 5 (stat "$folder/soft" false)[3]
  expect-equals "target" (readlink "$folder/soft")
  expect-throw "INVALID_ARGUMENT": readlink path
  expect-throw "ALREADY_EXISTS": link "$folder/soft" "target" 1
  link "$folder/circle" "circle" 1
  expect-throw "Too many levels of symbolic links": realpath "$folder/circle"

test-errors folder/string:
  expect-throw "FILE_NOT_FOUND": open "$folder/none" 1 0
  expect-throw "FILE_NOT_FOUND": open "$folder/target/below" 1 0
  expect-throw "Is a directory": open folder 1 0
  expect-throw "INVALID_ARGUMENT": open "$folder/a\0b" 1 0
  expect-throw "INVALID_ARGUMENT": stat "a\0b" true
  expect-throw "ALREADY_EXISTS": mkdir folder 0x1ff
  expect-null (stat "$folder/target/below" true)

// Reading a pipe that has a name waits, but only this task does.
test-named-pipes folder/string:
  path := "$folder/pipe"
  output-of "mkfifo $path"
  pipe := open path 3 0
  expect-not (is-open-file pipe)
  expect-throw "DEADLINE_EXCEEDED": with-timeout --ms=20: read-file pipe
  has-read := monitor.Latch
  reader := task::
    expect-equals "through a pipe" (read-file pipe).to-string
    has-read.set true
    expect-throw "ALREADY_CLOSED": read-file pipe
  yield
  write-file pipe "through a pipe" 0 14
  has-read.get
  sleep --ms=20
  close-file pipe
  yield
