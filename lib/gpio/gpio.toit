/**
Pins for general purposes.

The pins of the machine are not supported: to open one throws, and the text says so. Packages that can use a pin run
  without one. A $VirtualPin calls a lambda, an $InvertedPin changes another pin; both work.
*/

/** Throws instead of returning a pin or a chip. */
unsupported_ -> any:
  throw "UNSUPPORTED: pins of this machine cannot be opened"

/** A pin that has the level 0 or 1. */
interface Pin:
  /** Throws, since pins of the machine are not supported. */
  constructor num/int
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --allow-restricted/bool=false
      --value/int=0:
    return unsupported_

  /** Variant of $(constructor num) for a pin whose level is read. */
  constructor.in num/int
      --pull-up/bool=false
      --pull-down/bool=false
      --allow-restricted/bool=false:
    return unsupported_

  /** Variant of $(constructor num) for a pin whose level is set. */
  constructor.out num/int --allow-restricted/bool=false:
    return unsupported_

  /** Variant of $(constructor num) for the pin $num of the chip at $path. */
  constructor.linux num/int
      --path/string
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int=0:
    return unsupported_

  /** Variant of $(constructor num) for the pin $num of $chip. */
  constructor.linux num/int
      --chip/Chip
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int=0:
    return unsupported_

  /** Variant of $(constructor num) for the first pin with $name, of the chip at $path or of any chip. */
  constructor.linux
      --name/string
      --path/string?=null
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int=0:
    return unsupported_

  /** Variant of $(constructor num) for the first pin of $chip with $name. */
  constructor.linux
      --name/string
      --chip/Chip
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int=0:
    return unsupported_

  /** The number of the pin. */
  num -> int

  /** Closes the pin. */
  close

  /** Deprecated. Variant of $configure that keeps the resistors. */
  config --input/bool=false --output/bool=false --open-drain/bool=false

  /**
  Sets whether the level is read or set, and which resistors act.

  With $open-drain, which needs $output, the pin pulls the line to 0 and releases it for 1. The resistors $pull-up and
    $pull-down need $input, and exclude each other. A pin that is an output too has no $pull-down, and a $pull-up only with
    $open-drain. Other combinations throw INVALID_ARGUMENT.
  If $value is given, sets it as the level.
  */
  configure -> none
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int?=null

  /** The level of the pin. */
  get -> int

  /** Sets the level to $value. */
  set value/int

  /** Calls $block with the new level at each change, without an end. */
  do [block]

  /** Waits until the level is $value. */
  wait-for value -> none

  /** Sets whether a level of 1 releases the line. */
  set-open-drain value/bool

  /** Sets the resistor to one of $up, $down and $off. */
  set-pull --up/bool=false --down/bool=false --off/bool=false

/** A base class for pins. */
abstract class PinBase implements Pin:
  num/int
  pull-up_/bool := false
  pull-down_/bool := false

  constructor .num:

  abstract close

  /** Implements $configure, which has checked the arguments. */
  abstract configure_ -> none
      --input/bool
      --output/bool
      --pull-up/bool
      --pull-down/bool
      --open-drain/bool
      --value/int?

  abstract get -> int

  abstract set value/int

  abstract wait-for value -> none

  abstract set-open-drain value/bool

  abstract set-pull --up/bool=false --down/bool=false --off/bool=false

  /** See $Pin.config. */
  config --input/bool=false --output/bool=false --open-drain/bool=false:
    configure
        --input=input
        --output=output
        --pull-up=pull-up_
        --pull-down=pull-down_
        --open-drain=open-drain
        --value=0

  /** See $Pin.configure. */
  configure -> none
      --input/bool=false
      --output/bool=false
      --pull-up/bool=false
      --pull-down/bool=false
      --open-drain/bool=false
      --value/int?=null:
    check_ (output or not open-drain)
    check_ (input or not (pull-up or pull-down))
    check_ (not (pull-up and pull-down))
    if output: check_ (not pull-down and (open-drain or not pull-up))
    pull-up_ = pull-up
    pull-down_ = pull-down
    configure_
        --input=input
        --output=output
        --pull-up=pull-up
        --pull-down=pull-down
        --open-drain=open-drain
        --value=value

  /** See $Pin.do. */
  do [block]:
    level := get
    while true:
      level = 1 - level
      wait-for level
      block.call level

/** A pin that passes each level that is set to a lambda, and has none that can be read. */
class VirtualPin extends PinBase:
  set_/Lambda ::= ?

  /** Creates a pin that calls $set_ with each level. */
  constructor .set_:
    super -1

  /** Calls the lambda with $value. */
  set value:
    set_.call value

  /** Does nothing. */
  close:

  configure_ -> none
      --input/bool
      --output/bool
      --pull-up/bool
      --pull-down/bool
      --open-drain/bool
      --value/int?:
    if value: set value

  /** Throws UNSUPPORTED. */
  num -> int: throw "UNSUPPORTED"

  /** Throws UNSUPPORTED. */
  get -> int: throw "UNSUPPORTED"

  /** Throws UNSUPPORTED. */
  do [block]: throw "UNSUPPORTED"

  /** Throws UNSUPPORTED. */
  wait-for value -> none: throw "UNSUPPORTED"

  /** Throws UNSUPPORTED. */
  set-open-drain value/bool: throw "UNSUPPORTED"

  /** Throws UNSUPPORTED. */
  set-pull --up/bool=false --down/bool=false --off/bool=false: throw "UNSUPPORTED"

/** A pin with the other level than the pin it is created with. */
class InvertedPin extends PinBase:
  original-pin_/Pin

  /** Creates a pin with the other level than $original-pin_. */
  constructor .original-pin_:
    super original-pin_.num

  /** Closes the original pin. */
  close -> none:
    original-pin_.close

  /** Sets the original pin to the other level than $value. */
  set value -> none:
    original-pin_.set 1 - value

  /** The other level than that of the original pin. */
  get -> int:
    return 1 - original-pin_.get

  /** Waits until the original pin has the other level than $value. */
  wait-for value/int -> none:
    original-pin_.wait-for 1 - value

  configure_ -> none
      --input/bool
      --output/bool
      --pull-up/bool
      --pull-down/bool
      --open-drain/bool
      --value/int?:
    original-pin_.configure
        --input=input
        --output=output
        --pull-up=pull-up
        --pull-down=pull-down
        --open-drain=open-drain
        --value=(value and 1 - value)

  /** See $Pin.set-open-drain. */
  set-open-drain value/bool:
    original-pin_.set-open-drain value

  /** Sets the resistor of the original pin: $up and $down are exchanged. */
  set-pull --up/bool=false --down/bool=false --off/bool=false:
    original-pin_.set-pull --up=down --down=up --off=off

/** A chip that has pins. */
interface Chip:
  /** Throws, since chips of the machine are not supported. */
  constructor path/string:
    return unsupported_

  /** The paths of the chips that can be opened: none. */
  static list -> List:
    return []

  /** The path of the chip. */
  path -> string

  /** The name of the chip. */
  name -> string

  /** The label of the chip. */
  label -> string

  /** The number of pins of the chip. */
  pin-count -> int

  /** The names of the pins of the chip. */
  pin-names -> List

  /** Closes the chip, once its pins are closed. */
  close

check_ holds/bool -> none:
  if not holds: throw "INVALID_ARGUMENT"
