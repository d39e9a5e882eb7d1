// Classes, constructors, interfaces, mixins: their members, and the order of evaluation.
import expect show *

main:
  constructors
  factories
  field-order
  accessors
  statics
  abstracts
  interfaces
  mixins
  operators
  overloads
  dynamic-calls
  super-calls
  type-tests

class Point:
  x/int
  y/int := 0
  name/string? := ?
  sum_/int? := null

  constructor .x .y --.name=null:
  constructor.origin: return Point 0 0 --name="origin"
  constructor.diagonal x/int:
    this.x = x
    y = x
    name = "diagonal"
  constructor.named .name/string:
    x = name.size
    y = x * 2

  sum -> int:
    if not sum_: sum_ = x + y
    return sum_

constructors:
  p := Point 1 2
  expect-equals [1, 2, null] [p.x, p.y, p.name]
  p = Point 1 2 --name="p"
  expect-equals "p" p.name
  p = Point.diagonal 4
  expect-equals 8 p.sum
  p = Point.named "abc"
  expect-equals [3, 6] [p.x, p.y]
  expect-equals "origin" Point.origin.name

class Shape:
  constructor.empty:
  constructor corners/int:
    if corners == 0: return Round
    return Polygon corners
  describe: return "shape"
class Round extends Shape:
  constructor: super.empty
  describe: return "round"
class Polygon extends Shape:
  corners/int
  constructor .corners: super.empty
  describe: return "$corners corners"

factories:
  expect-equals "round" (Shape 0).describe
  expect-equals "5 corners" (Shape 5).describe
  expect (Shape 5) is Polygon
  expect-equals "shape" Shape.empty.describe

log := []
note x: log.add x; return x

class Base:
  a := note "Base.a"
  b := ?
  constructor .b:
    note "Base body, hook $hook"
  hook: return "Base"

class Derived extends Base:
  c := note "Derived.c"
  d/string
  constructor:
    d = note "Derived.d"
    note "before super"
    super (note "argument")
    note "after super, b $b"
  hook: return "Derived sees d=$d"

field-order:
  log.clear
  Derived
  expect-equals [
    "Derived.c", "Derived.d", "before super", "argument",
    "Base.a", "Base body, hook Derived sees d=Derived.d",
    "after super, b argument",
  ] log

class Celsius:
  degrees_ := 0.0
  changes := 0
  degrees: return degrees_
  degrees= value:
    changes++
    degrees_ = value
  fahrenheit -> float: return degrees_ * 1.8 + 32
  fahrenheit= value/num: degrees = (value - 32) / 1.8

accessors:
  c := Celsius
  c.degrees = 10.0
  c.degrees += 5.0
  expect-equals 15.0 c.degrees
  c.fahrenheit = 212
  expect-equals 100.0 c.degrees
  expect-equals 3 c.changes
  c.fahrenheit += 18
  expect-equals 110.0 c.degrees
  // An assignment's value is the assigned value.
  expect-equals 7 (c.degrees = 7)
  list := [1, 2]
  expect-equals 5 (list[1] += 3)
  expect-equals 5 list[1]++
  expect-equals 6 list[1]

class Counter:
  static made := 0
  static LIMIT ::= 3
  static make -> Counter:
    if made >= LIMIT: throw "too many"
    return Counter
  constructor:
    made++

statics:
  3.repeat: Counter.make
  expect-throw "too many": Counter.make
  Counter.made = 0
  Counter.make
  expect-equals 1 Counter.made

abstract class Animal:
  abstract sound -> string
  abstract legs -> int
  speak: return "$sound on $legs legs"
class Cat extends Animal:
  sound: return "meow"
  legs ::= 4

abstracts:
  expect-equals "meow on 4 legs" (Cat).speak
  animal/Animal := Cat
  expect-equals "meow" animal.sound

interface Swimmer:
  swim -> string
  static make -> Swimmer: return Duck
interface Flyer:
  fly -> string
interface Both extends Swimmer:
  fly -> string
class Duck implements Both Flyer:
  swim: return "paddle"
  fly: return "flap"
class Fish implements Swimmer:
  swim: return "glide"

interfaces:
  duck/any := Duck
  expect duck is Swimmer
  expect duck is Flyer
  expect duck is Both
  expect (Fish) is not Flyer
  expect-equals ["paddle", "glide"] ([Duck, Fish].map: (it as Swimmer).swim)
  expect-equals "paddle" Swimmer.make.swim
  expect-throw "AS_CHECK_FAILED": (Fish as any) as Flyer

mixin Named:
  name/string := "unknown"
  greet: return "I am $name"
mixin Counted:
  count := 10
  tick: return count += 1
mixin Loud extends Named:
  greet: return super + "!"
class Plain:
  greet: return "plain"
class Person extends Plain with Named Counted:
  constructor name/string:
    super
    this.name = name
class Shouter extends Plain with Loud:
  greet: return "$super $super"

mixins:
  p := Person "Ada"
  expect-equals "I am Ada" p.greet
  expect-equals 11 p.tick
  expect-equals 11 p.count
  q := Person "Bob"
  expect-equals 10 q.count
  any/any := p
  expect any is Named
  expect any is Counted
  expect any is not Loud
  expect-equals "I am unknown! I am unknown!" (Shouter).greet
  expect ((Shouter as any) is Named)

class Vector:
  x/int
  y/int
  constructor .x .y:
  operator + other/Vector -> Vector: return Vector x + other.x y + other.y
  operator - -> Vector: return Vector -x -y
  operator - other/Vector -> Vector: return this + -other
  operator * n/int -> Vector: return Vector x * n y * n
  operator == other: return other is Vector and x == other.x and y == other.y
  operator < other/Vector -> bool: return length2 < other.length2
  operator <= other/Vector -> bool: return length2 <= other.length2
  operator > other/Vector -> bool: return length2 > other.length2
  operator >= other/Vector -> bool: return length2 >= other.length2
  operator [] i/int -> int: return i == 0 ? x : y
  operator << n/int -> Vector: return Vector x << n y << n
  operator ~ -> Vector: return Vector y x
  operator % n/int -> Vector: return Vector x % n y % n
  operator [..] --from=0 --to=2 -> List: return [x, y][from..to]
  length2 -> int: return x * x + y * y
  hash-code: return x * 31 + y

class Grid:
  cells := {:}
  operator [] key: return cells.get key --if-absent=: 0
  operator []= key value: cells[key] = value; return value

operators:
  a := Vector 1 2
  b := Vector 3 4
  expect-equals (Vector 4 6) a + b
  expect-equals (Vector -2 -2) a - b
  expect-equals (Vector -1 -2) -a
  expect-equals (Vector 3 6) a * 3
  expect a != b
  expect-not (a == null)
  expect-not (null == a)
  expect a < b
  expect a <= b <= b
  expect-not a >= b
  expect-equals 2 a[1]
  expect-equals (Vector 4 8) a << 2
  expect-equals (Vector 2 1) ~a
  expect-equals (Vector 0 1) b % 3
  expect-equals [4] b[1..]
  expect-equals [3] b[..1]
  expect-equals {Vector 1 2: "x"}.size 1
  grid := Grid
  grid["a"] = 1
  grid["a"] += 5
  grid["a"]++
  expect-equals 7 grid["a"]
  expect-equals 0 grid["b"]

class Overloaded:
  f: return "none"
  f a: return "one"
  f a b: return "two"
  f --x: return "x"
  f a --x: return "one and x"
  f [block]: return "block $block.call"
  f a [--named]: return "named $named.call"
  f --flag/bool: return "flag $flag"
  g a b=2 --c=3 --d/int?=null: return [a, b, c, d]

overloads:
  o := Overloaded
  expect-equals "none" o.f
  expect-equals "one" (o.f 1)
  expect-equals "two" (o.f 1 2)
  expect-equals "x" (o.f --x=1)
  expect-equals "one and x" (o.f 1 --x=1)
  expect-equals "one and x" (o.f --x=1 1)
  expect-equals "block 5" (o.f: 5)
  expect-equals "named 6" (o.f 1 --named=: 6)
  expect-equals "flag true" (o.f --flag)
  expect-equals "flag false" (o.f --no-flag)
  expect-equals [1, 2, 3, null] (o.g 1)
  expect-equals [1, 5, 3, 4] (o.g 1 5 --d=4)
  expect-equals [1, 2, 9, null] (o.g 1 --c=9)
  dynamic/any := o
  expect-equals [1, 2, 9, null] (dynamic.g --c=9 1)
  expect-equals "one and x" (dynamic.f 1 --x=1)

dynamic-calls:
  x/any := "text"
  expect-equals 4 x.size
  x = [1, 2, 3]
  expect-equals 3 x.size
  expect-equals "LOOKUP_FAILED" (catch: x.missing)
  expect-equals "LOOKUP_FAILED" (catch: x.size 1)
  expect-equals "LOOKUP_FAILED" (catch: x.missing = 1)

class A:
  f n=1: return "A$n"
  value := "a"
class B extends A:
  f n=2: return "B" + (super n)
  value= x: super = x + "!"
class C extends B:
  f n=3: return "C" + super

super-calls:
  // Without arguments of its own, `super` passes none.
  expect-equals "CBA2" (C).f
  expect-equals "BA2" (B).f
  expect-equals "BA9" ((B as any).f 9)

type-tests:
  c/any := C
  expect c is A
  expect c is C
  expect c is Object
  expect c is any
  expect (A as any) is not B
  expect null is A?
  expect-not null is A
  expect (5 is int and 5 is num and 5 is not float)
  expect ("x" is string and "x" is not int)
  expect ([] is List and {:} is Map and {} is Set and #[] is ByteArray)
  a := c as A
  expect-equals "CBA2" a.f
  expect-throw "AS_CHECK_FAILED": (A as any) as C
  nothing/any := null
  expect-throw "AS_CHECK_FAILED": nothing as A
  expect-null nothing as A?
