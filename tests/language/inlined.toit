// Code that stands in place of calls: what is known about a value must hold for each copy of the code, and lambdas
//   capture the values of each call.
// expect: second
// expect: first
// expect: second
// expect: [5, null, true]
// expect: [0 5, 0 null, 0 true, 1 5, 1 null, 1 true]
class First:
  name: return "first"

class Second:
  name: return "second"

/// Its block is copied: the first call has a copy, the second one the block itself.
twice a [block]:
  name := name-of (block.call a)
  block.call a
  return name

name-of x:
  y := x
  if y == null: y = First
  return y.name

constants [block]:
  block.call 5
  block.call null
  block.call true

main:
  [Second, null, Second].do: | element |
    name := twice element: | value |
      copy := value
      copy
    print name

  lambdas := []
  constants: | value | lambdas.add (:: value)
  print (lambdas.map: it.call)
  lambdas.clear
  2.repeat: | round |
    constants: | value | lambdas.add (:: "$round $value")
  print (lambdas.map: it.call)
