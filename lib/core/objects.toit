/** The root classes. */

/** The superclass of all classes. */
class Object:
  /**
  Whether this object equals $other.

  Objects are equal only to themselves, unless their class overrides this. An overriding class must
    also override its `hash-code`, if it has one.
  */
  operator == other:
    return identical this other

  /** A text that describes this object. */
  stringify -> string:
    return "an instance with class-id $(class-id this)"

  /** The number of the class of $object in this program. */
  static class-id object -> int:
    #primitive.object.class-id

/** The superclass of all interfaces. */
interface Interface_:

/** The superclass of all mixins. */
mixin Mixin_:

/** The common part of $True and $False. */
abstract class bool:
  constructor.private_:

  /** See $super. */
  stringify -> string:
    return this ? "true" : "false"

  /** A hash code, so that booleans can be keys. */
  hash-code -> int:
    return this ? 1231 : 1237

/** The class of `true`. Flags that can only be true have this type. */
class True extends bool:
  constructor.private_:
    super.private_

/** The class of `false`. */
class False extends bool:
  constructor.private_:
    super.private_

/** The class of `null`. */
class Null_:
  constructor.private_:

  /** See $super. */
  stringify -> string:
    return "null"

/**
A piece of code together with the variables it captured.

Lambdas outlive the function that made them, and hence cannot return from it.
*/
class Lambda:
  constructor.private_:

  /** Runs the code without arguments. */
  call -> any:
    #primitive.intrinsics.call-lambda

  /** Runs the code with one argument. */
  call a -> any:
    #primitive.intrinsics.call-lambda

  /** Runs the code with two arguments. */
  call a b -> any:
    #primitive.intrinsics.call-lambda

  /** Runs the code with three arguments. */
  call a b c -> any:
    #primitive.intrinsics.call-lambda

  /** Runs the code with four arguments. */
  call a b c d -> any:
    #primitive.intrinsics.call-lambda

  /** See $super. */
  stringify -> string:
    return "lambda"

  /** A hash code; lambdas made by the same piece of code share it. */
  hash-code -> int:
    return lambda-hash_ this

lambda-hash_ lambda/Lambda -> int:
  #primitive.object.lambda-hash

/**
Whether $x and $y are the same object.

Numbers are identical if they have the same class and the same bits, strings if
  they have the same characters.
*/
identical x/any y/any -> bool:
  #primitive.object.identical

/** The number of the literal $object in this program; null if it is not a literal. */
literal-index_ object -> int?:
  #primitive.object.literal-index

/** A local variable that lambdas share with the function that made them. */
class Cell_:
  value_/any := null

/** State that a native keeps between calls: a hash in progress, a cipher. It cannot be sent. */
class NativeState_:
  constructor.private_:

/** Frees the $state now, instead of when the garbage collector finds it unused. */
native-state-close_ state/NativeState_ -> none:
  #primitive.heap.close-state

/** The name of the class of $object. */
class-name_ object -> string:
  #primitive.object.class-name
