// The service of `echo.toit`, as one writes it by hand.
import system.services show *
import .echo show Echo Point

SELECTOR ::= ServiceSelector
    --uuid="6e2f6b0c-51c0-4a3c-8f0e-64b0e3a8f8a2"
    --major=1
    --minor=0

NUMBER-INDEX ::= 0
SUM-INDEX ::= 1
TEXT-INDEX ::= 2
POINT-INDEX ::= 3

class EchoProvider extends ServiceProvider implements ServiceHandler Echo:
  constructor:
    super "echo/hand" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == NUMBER-INDEX: return number arguments
    if index == SUM-INDEX: return sum arguments[0] arguments[1]
    if index == TEXT-INDEX: return text arguments
    if index == POINT-INDEX:
      result := point (Point arguments["x"] arguments["y"])
      return {"x": result.x, "y": result.y}
    unreachable

  number value/int -> int: return value
  sum a/int b/int -> int: return a + b
  text value/string -> string: return value
  point value/Point -> Point: return value

class EchoClient extends ServiceClient implements Echo:
  constructor: super SELECTOR

  number value/int -> int: return invoke_ NUMBER-INDEX value
  sum a/int b/int -> int: return invoke_ SUM-INDEX [a, b]
  text value/string -> string: return invoke_ TEXT-INDEX value
  point value/Point -> Point:
    result := invoke_ POINT-INDEX {"x": value.x, "y": value.y}
    return Point result["x"] result["y"]
