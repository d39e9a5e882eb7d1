#!/usr/bin/env lucarne
// A comment, a /* comment */ in it.
/* One that /* nests */ here. */
import math as m
import .shapes show *

export *

LIMIT ::= 0x1F + 1.5e3
counter/int := 0

/** A shape. */
abstract class Shape extends Base
    implements Other:
  static NAMES ::= ["a", #[1, 2], {"k": 'x'}]
  side/int? := null
  /// Not ended by a quote: """ in a comment.
  constructor .side --scale/m.Float=1.0:
  constructor.unit:
    return Shape 1
  abstract corners -> int
  operator == other -> bool:
    return side == other.side
  size= value/int: side = value
/* Indented less than the lines around it. */
  twice [block] -> any:
    if side and not block.call side: return true
    else:
      while true: break
    return #primitive.core.twice

main args:
  shape := Shape 5 --scale=2
  print "one $shape.side two $(%02d shape.side + 1) three $args[0] \n \u{41}."
  print """
    many "lines" and ""quotes"" $(args.map: | x |
      x + "inner $x")
    """"
  args.do: | arg/string |
    counter += arg.size
      * 2
  lambda := :: it + 1
  try:
    lambda.call -1 \
        + 2
  finally: | is-exception exception |
    print null
