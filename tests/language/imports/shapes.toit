// helper
class Square:
  side/int
  constructor .side:
  around -> int: return side * 4

shadowed: return "imported"
