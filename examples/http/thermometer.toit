// The interface of a thermometer and the client.
import system.services show *

// Identifies the service forever. Any UUID works, if no other service uses it.
SELECTOR ::= ServiceSelector
    --uuid="3e9d1d7e-0c58-4c39-9e0b-7f7b0f9d9a52"
    --major=1
    --minor=0

READ-INDEX ::= 0

class ThermometerClient extends ServiceClient:
  constructor: super SELECTOR

  /** Reads the temperature. */
  read -> Reading:
    return Reading (invoke_ READ-INDEX null)

class Reading:
  /** The number of the reading, counted from 1. */
  number/int
  /** The temperature in degrees Celsius. */
  degrees/float

  constructor values/List:
    number = values[0]
    degrees = values[1]
