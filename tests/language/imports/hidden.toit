// helper
visible: return "visible"
invisible: return "invisible"
private-name_: return "theirs"

class Counter:
  static count_ := 0
  static next: return count_ += 1
