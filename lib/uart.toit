/**
Serial ports.

The ports of the machine are not supported: to open one throws, and the text says so. Packages that can use a serial
  port beside other ways, as Modbus can use TCP, run without one.
*/

import gpio
import io
import reader

/** Throws instead of returning a port. */
unsupported_ -> any:
  throw "UNSUPPORTED: serial ports of this machine cannot be opened"

/** The number of bits at the end of a byte. */
class StopBits:
  value_/int

  constructor.private_ .value_:

/** A serial port. */
interface Port extends reader.Reader:
  static STOP-BITS-1   ::= StopBits.private_ 1
  static STOP-BITS-1-5 ::= StopBits.private_ 2
  static STOP-BITS-2   ::= StopBits.private_ 3

  static PARITY-DISABLED ::= 1
  static PARITY-EVEN     ::= 2
  static PARITY-ODD      ::= 3

  /** The mode without a protocol. */
  static MODE-UART ::= 0
  /** The mode in which the pin RTS claims the line of an RS-485 bus for each transmission. */
  static MODE-RS485-HALF-DUPLEX ::= 1
  /** The mode for infrared light. */
  static MODE-IRDA ::= 2

  /** Throws, since serial ports of the machine are not supported. */
  // __TYPE-MIGRATION__ tx: gpio.Pin. Deprecated. Pass the number of the pin.
  // __TYPE-MIGRATION__ tx: int?
  // __TYPE-MIGRATION__ rx: gpio.Pin. Deprecated. Pass the number of the pin.
  // __TYPE-MIGRATION__ rx: int?
  // __TYPE-MIGRATION__ rts: gpio.Pin. Deprecated. Pass the number of the pin.
  // __TYPE-MIGRATION__ rts: int?
  // __TYPE-MIGRATION__ cts: gpio.Pin. Deprecated. Pass the number of the pin.
  // __TYPE-MIGRATION__ cts: int?
  constructor
      --tx/any=null --rx/any=null --rts/any=null --cts/any=null
      --baud-rate/int --data-bits/int=8 --stop-bits/StopBits=STOP-BITS-1
      --invert-tx/bool=false --invert-rx/bool=false
      --parity/int=PARITY-DISABLED
      --mode/int=MODE-UART
      --high-priority/bool?=null
      --large-buffers/bool?=null:
    return unsupported_

  /** Variant of $(constructor --baud-rate) for the port that the machine prints to. */
  constructor.console --large-buffers/bool=false:
    return unsupported_

  /** Variant of $(constructor --baud-rate) for the port with the path $device. */
  constructor device/string
      --baud-rate/int
      --data-bits/int=8
      --stop-bits/StopBits=STOP-BITS-1
      --parity/int=PARITY-DISABLED:
    return unsupported_

  /** What the port receives. */
  in -> io.Reader

  /** What the port sends. */
  out -> UartWriter

  /** The number of bits per second. */
  baud-rate -> int

  /** Sets the number of bits per second to $new-rate. */
  baud-rate= new-rate/int

  /** Closes the port. */
  close

  /** The number of errors, such as bytes that were lost. */
  errors -> int

  /** Waits until the line is 0 for the time of a byte at least. */
  wait-for-break -> none

  /** Deprecated. Use $in instead. */
  read -> ByteArray?

  /** Deprecated. Use $out instead. */
  write data/io.Data from/int=0 to/int=data.byte-size --break-length=0 --wait=false -> int

  /** Deprecated. Use $out instead. */
  flush -> none

/** A serial port of a computer, which has lines for control. */
interface HostPort extends Port:
  /** Whether the line is enabled. */
  static CONTROL-FLAG-LE  ::= 1 << 0
  /** Whether this side is ready. */
  static CONTROL-FLAG-DTR ::= 1 << 1
  /** Whether this side asks to send. */
  static CONTROL-FLAG-RTS ::= 1 << 2
  /** Whether the second line sends. */
  static CONTROL-FLAG-ST  ::= 1 << 3
  /** Whether the second line receives. */
  static CONTROL-FLAG-SR  ::= 1 << 4
  /** Whether the other side lets this side send. */
  static CONTROL-FLAG-CTS ::= 1 << 5
  /** Whether there is a carrier. */
  static CONTROL-FLAG-CAR ::= 1 << 6
  /** Whether the other side rings. */
  static CONTROL-FLAG-RNG ::= 1 << 7
  /** Whether the other side is ready. */
  static CONTROL-FLAG-DSR ::= 1 << 8

  /** See $(Port.constructor device --baud-rate). */
  constructor device/string
      --baud-rate/int
      --data-bits/int=8
      --stop-bits/StopBits=Port.STOP-BITS-1
      --parity/int=Port.PARITY-DISABLED:
    return unsupported_

  /** Whether $flag is set. */
  read-control-flag flag/int -> bool

  /** All flags. */
  read-control-flags -> int

  /** Sets $flag to $state. */
  set-control-flag flag/int state/bool

  /** Sets all flags to $flags. */
  set-control-flags flags/int

/** A writer that sends bytes over a serial port. */
abstract class UartWriter extends io.Writer:
  /**
  Sends the bytes of $data, then 0 for the time of $break-length bits.

  With $flush, waits until all is sent. Returns the number of bytes.
  */
  abstract write data/io.Data from/int=0 to/int=data.byte-size --break-length/int=0 --flush/bool=false -> int

  /** Variant of $write that sends as many bytes as the port takes at once. */
  abstract try-write data/io.Data from/int=0 to/int=data.byte-size --break-length/int=0 --flush/bool=false -> int
