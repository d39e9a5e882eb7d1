// Code that stands in place of calls: what is known about a value must hold for each copy of the code.
// expect: second
// expect: first
// expect: second
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

main:
  [Second, null, Second].do: | element |
    name := twice element: | value |
      copy := value
      copy
    print name
