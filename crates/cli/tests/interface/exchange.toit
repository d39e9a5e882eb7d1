// A single-container exchange of messages, as the tutorial about services builds one, with directives.
import monitor

/**
An exchange at which guests hear each other.

@service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d01 0.1
*/
interface Exchange:
  /** Joins the exchange. */
  join -> Guest

/**
A guest of an exchange.

Each message is sent to all other guests.

@resource
*/
interface Guest:
  /**
  Leaves the exchange.

  @close
  */
  close -> none

  /** Sends a message to all other guests. */
  send message/string -> none

  /**
  Waits for the next message of another guest, and returns it.

  @next 10
  */
  receive -> string

// The implementation knows nothing of services.

class Exchange_ implements Exchange:
  guests_ := {:}
  joined_ := 0

  join -> Guest:
    number := joined_++
    guest := Guest_ number this
    guests_[number] = guest
    return guest

  send-all_ message/string --from/int -> none:
    guests_.do: | number guest/Guest_ |
      if number != from: guest.channel_.send message

class Guest_ implements Guest:
  number_/int
  exchange_/Exchange_
  channel_/monitor.Channel ::= monitor.Channel 10

  constructor .number_ .exchange_:

  close -> none:
    exchange_.guests_.remove number_

  send message/string -> none:
    exchange_.send-all_ message --from=number_

  receive -> string:
    return channel_.receive
