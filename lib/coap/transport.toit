/** What a CoAP client needs of the connection to its server. */

import .message

/** A message that came, or the error instead of it. */
class Response:
  token/Token?
  message/Message? ::= null
  error/any ::= null

  constructor.message .message:
    token = message.token

  constructor.error .token .error:

/** A connection to a CoAP server. */
interface Transport:
  /** Sends a message. */
  write msg/Message

  /** Waits for a message. Returns null when the connection is closed. */
  read -> Response?

  /** Closes the connection. */
  close

  /** Creates a message to be sent. One that is not $reliable can be lost. */
  new-message --reliable=true -> Message

  /** Whether no messages are lost and all arrive in order. */
  reliable -> bool

  /** The number of bytes that a packet can have without being divided. */
  mtu -> int
