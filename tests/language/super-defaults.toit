// Super calls that leave optional parameters out, of methods that no other call names.

class Area:
  size width=2 height=3 --depth=4:
    return [width, height, depth]

class Room extends Area:
  size width=10 height=20 --depth=30:
    return [super, super width, super --depth=depth]

main:
  // expect: [[2, 3, 4], [5, 3, 4], [2, 3, 7]]
  print ((Room).size 5 6 --depth=7)
