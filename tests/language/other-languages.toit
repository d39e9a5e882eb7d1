// Words of other languages are names like any others.
import expect show *
import .imports.words

interface Settings:
  var x=5
  let x=1 --y=2

abstract class Values:
  abstract val x=5
  abstract final x=3

class All extends Values implements Settings:
  var x=5: return x
  let x=1 --y=2: return x + y
  val x=5: return x
  final x=3: return x

class Derived extends Base:
  run name:
    found := null
    function name:
      found = it
    return found

main:
  all := All
  expect-equals 5 all.var
  expect-equals 3 all.let
  expect-equals 9 (all.val 4) + (all.final 5)
  name := "bell"
  found := null
  fn name:
    found = it
  expect-equals "bell" found
  expect-equals "lamp" ((Derived).run "lamp")
