// A spawned process gets copies; values that cannot be copied are errors that name them.
// expect: local 42, list [1, 2, 3], map {a: {b: 1}}, text héllo, float 1.5, big 9223372036854775807
// expect: there 43, [1, 2, 3, 4]
// expect: here 42, [1, 2, 3]
// expect: 100000 bytes there, 0 here
// expect: 10 bytes there, 10 here
// expect: refused: SERIALIZATION_FAILED
// expect: the array is still here: 100000
// expect: globals are initialized again: 1
// expect: statics 5
// expect: a lambda in the process shares its variable: 3
// expect: a block's variables count too: 6
// expect: no capture at all
// expect error: Cannot encode instance of class 'Secret'
// simulate: yes
import .reports

class Secret:

class Constants:
  static FIVE ::= 5

global := 0

main:
  reports := Reports
  reports.install
  global = 7

  x := 42
  list := [1, 2, 3]
  map := {"a": {"b": 1}}
  text := "héllo"
  number := 1.5
  big := int.MAX
  spawn:: report "local $x, list $list, map $map, text $text, float $number, big $big"
  print reports.next
  spawn::
    x++
    list = list + [4]
    report "there $x, $list"
  print reports.next
  print "here $x, $list"

  large := ByteArray 100_000
  small := ByteArray 10
  spawn:: report large.size
  print "$reports.next bytes there, $large.size here"
  spawn:: report small.size
  print "$reports.next bytes there, $small.size here"

  large = ByteArray 100_000
  secret := Secret
  print "refused: $(catch --trace: spawn:: [large, secret].size)"
  print "the array is still here: $large.size"
  spawn::
    global++
    report "globals are initialized again: $global"
  print reports.next
  spawn:: report "statics $Constants.FIVE"
  print reports.next
  n := 1
  spawn::
    n++
    add := :: n++
    add.call
    report "a lambda in the process shares its variable: $n"
  print reports.next
  sum := 0
  [1, 2, 3].do: | element |
    sum += element
    if element == 3: spawn:: report "a block's variables count too: $sum"
  print reports.next
  spawn:: report "no capture at all"
  print reports.next
  reports.uninstall
