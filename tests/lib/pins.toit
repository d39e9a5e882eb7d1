// Pins that need no hardware, and the errors of pins and serial ports that need some.

import expect show *
import gpio
import gpio.pin
import uart

/** A pin whose level and configuration are kept in memory. */
class Kept extends gpio.PinBase:
  level/int := 0
  configured/string? := null
  pulled/string? := null
  open-drain/bool? := null
  is-closed/bool := false

  constructor:
    super 7

  close: is-closed = true
  get -> int: return level
  set value/int: level = value
  wait-for value -> none:
    if is-closed: throw "CLOSED"
    level = value
  set-open-drain value/bool: open-drain = value
  set-pull --up/bool=false --down/bool=false --off/bool=false: pulled = "$up $down $off"
  configure_ -> none
      --input/bool
      --output/bool
      --pull-up/bool
      --pull-down/bool
      --open-drain/bool
      --value/int?:
    configured = "$input $output $pull-up $pull-down $open-drain $value"

main:
  configurations
  virtual-pins
  inverted-pins
  edges
  missing-pins
  missing-ports

configurations:
  kept := Kept
  accepted := []
  32.repeat: | bits |
    flag := : bits & (1 << it) != 0
    error := catch:
      kept.configure
          --input=(flag.call 0)
          --output=(flag.call 1)
          --pull-up=(flag.call 2)
          --pull-down=(flag.call 3)
          --open-drain=(flag.call 4)
    if error: expect-equals "INVALID_ARGUMENT" error
    else: accepted.add bits
  expect-equals [0, 1, 2, 3, 5, 9, 18, 19, 23] accepted
  kept.configure --input --pull-up
  expect-equals "true false true false false null" kept.configured
  kept.config --input
  expect-equals "true false true false false 0" kept.configured
  expect-throw "INVALID_ARGUMENT": kept.config --output
  expect-throw "INVALID_ARGUMENT": kept.config --input --open-drain

virtual-pins:
  levels := []
  virtual := gpio.VirtualPin:: levels.add it
  virtual.set 1
  virtual.configure --output
  virtual.configure --output --value=0
  expect-equals [1, 0] levels
  expect virtual is pin.Pin
  expect-throw "UNSUPPORTED": virtual.num
  expect-throw "UNSUPPORTED": virtual.get
  expect-throw "UNSUPPORTED": virtual.wait-for 1
  expect-throw "UNSUPPORTED": virtual.do: unreachable
  expect-throw "UNSUPPORTED": virtual.set-pull --up
  expect-throw "UNSUPPORTED": virtual.set-open-drain true
  expect-throw "UNSUPPORTED": gpio.InvertedPin virtual
  virtual.close

inverted-pins:
  kept := Kept
  inverted := gpio.InvertedPin kept
  expect-equals 7 inverted.num
  expect-equals 1 inverted.get
  inverted.set 0
  expect-equals 1 kept.get
  inverted.wait-for 1
  expect-equals 0 kept.get
  inverted.configure --output --value=1
  expect-equals "false true false false false 0" kept.configured
  inverted.configure --input
  expect-equals "true false false false false null" kept.configured
  inverted.set-open-drain true
  expect kept.open-drain
  inverted.set-pull --off
  expect-equals "false false true" kept.pulled
  inverted.close
  expect kept.is-closed

edges:
  kept := Kept
  levels := []
  expect-throw "CLOSED":
    kept.do: | level |
      levels.add level
      if levels.size == 3: kept.close
  expect-equals [1, 0, 1] levels

missing-pins:
  expect-equals [] gpio.Chip.list
  unsupported "pins": gpio.Pin 5 --output
  unsupported "pins": gpio.Pin.in 5 --pull-up
  unsupported "pins": gpio.Pin.out 5
  unsupported "pins": gpio.Pin.linux 5 --path="/dev/gpiochip0"
  unsupported "pins": gpio.Pin.linux --name="LED"
  unsupported "pins": gpio.Chip "/dev/gpiochip0"

missing-ports:
  unsupported "serial ports": uart.Port --tx=1 --rx=2 --baud-rate=9600 --mode=uart.Port.MODE-RS485-HALF-DUPLEX
  unsupported "serial ports": uart.Port "/dev/ttyUSB0" --baud-rate=9600 --stop-bits=uart.Port.STOP-BITS-2
  unsupported "serial ports": uart.HostPort "/dev/ttyUSB0" --baud-rate=9600 --parity=uart.Port.PARITY-EVEN
  unsupported "serial ports": uart.Port.console

unsupported things/string [block]:
  expect-throw "UNSUPPORTED: $things of this machine cannot be opened" block
