/** Reads the clock that another container provides, while it is available. */

import system.services

interface Clock:
  static SELECTOR ::= services.ServiceSelector
      --uuid="5dd8b3e9-5b6f-4e0d-8f4c-0b7f0f0c3f6e"
      --major=1
      --minor=0

  seconds -> int
  static SECONDS-INDEX ::= 0

class ClockClient extends services.ServiceClient implements Clock:
  static SELECTOR ::= Clock.SELECTOR
  constructor: super SELECTOR

  seconds -> int:
    return invoke_ Clock.SECONDS-INDEX null

main:
  clock := ClockClient
  clock.open --timeout=(Duration --s=5)
  while true:
    print (Time.epoch --s=clock.seconds).utc
    sleep --ms=1_000
