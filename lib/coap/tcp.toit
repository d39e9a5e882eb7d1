/** CoAP over TCP (RFC 8323). */

import io
import monitor

import .message
import .transport

CODE-CLASS-SIGNALING-CODES ::= 7

/** The settings of the sender. */
CODE-CSM  ::= CODE-CLASS-SIGNALING-CODES << CODE-CLASS-SHIFT_ | 1
CODE-PING ::= CODE-CLASS-SIGNALING-CODES << CODE-CLASS-SHIFT_ | 2
CODE-PONG ::= CODE-CLASS-SIGNALING-CODES << CODE-CLASS-SHIFT_ | 3
/** The sender closes the connection because of an error. */
CODE-ABORT_ ::= CODE-CLASS-SIGNALING-CODES << CODE-CLASS-SHIFT_ | 5

/** The time in which more bytes of a payload must come. */
PROGRESS-TIMEOUT_ ::= Duration --s=10

/**
A connection to a CoAP server over TCP.

The payload of a message comes from the connection while the program reads it. So the next message can only be read
  when the payload has been read to its end.
*/
class TcpTransport implements Transport:
  socket_/any
  write-lock_/monitor.Mutex ::= monitor.Mutex
  /** The payload of the last message. */
  current_/Payload_? := null
  is-closed_/bool := false

  /** Constructs a transport over a socket of a kind. With $send-csm, it starts with the settings, as the RFC demands. */
  constructor .socket_ --send-csm/bool=true:
    socket_.no-delay = true
    if send-csm: write (signal_ CODE-CSM)

  write msg/TcpMessage -> none:
    write-lock_.do:
      socket_.out.write msg.header
      if msg.payload: socket_.out.write-from msg.payload

  read -> Response?:
    while true:
      if current_: current_.wait-until-done
      // The socket was closed while this task waited.
      if is-closed_: return null
      message := TcpMessage.parse this socket_.in
      if not message: return null
      current_ = message.payload as Payload_
      if message.code-class != CODE-CLASS-SIGNALING-CODES: return Response.message message
      if message.code == CODE-ABORT_: return null
      current_.drain
      if message.code == CODE-PING: write (signal_ CODE-PONG --token=message.token)

  close -> none:
    is-closed_ = true
    if current_: current_.abandon
    socket_.close

  /** All messages are reliable. */
  new-message --reliable=true -> Message:
    return TcpMessage

  reliable -> bool:
    return true

  mtu -> int:
    return socket_.mtu

  static signal_ code/int --token/Token?=null -> TcpMessage:
    message := TcpMessage
    message.code = code
    message.token = token
    return message

/** The payload of a message: the next bytes of a connection. */
class Payload_ extends io.Reader:
  transport_/Transport
  reader_/io.Reader
  content-size/int
  left_/int := ?
  done_/monitor.Gate ::= monitor.Gate

  constructor .transport_ .reader_ .content-size:
    left_ = content-size
    if left_ == 0: done_.unlock

  read_ -> ByteArray?:
    if left_ == 0: return null
    try:
      chunk := with-timeout PROGRESS-TIMEOUT_: reader_.read --max-size=left_
      if not chunk: throw io.Reader.UNEXPECTED-END-OF-READER
      left_ -= chunk.size
      if left_ == 0: done_.unlock
      return chunk
    finally: | is-exception _ |
      // The rest of the payload would be taken for the next message.
      if is-exception: transport_.close

  wait-until-done -> none:
    done_.enter

  abandon -> none:
    done_.unlock

/** A message as it is sent over TCP. */
class TcpMessage extends Message:
  static TOKEN-SIZE-MAX_ ::= 8

  /** The encoded message, without the payload. */
  header -> ByteArray:
    encoded := io.Buffer
    write-options_ encoded
    size := encoded.size
    payload-size := payload-size_
    if payload-size > 0: size += 1 + payload-size

    length := MessageLength_ size
    token-size := token ? token.bytes.size : 0
    if token-size > TOKEN-SIZE-MAX_: throw "OUT_OF_RANGE"
    buffer := io.Buffer
    buffer.write-byte (length.nibble << 4 | token-size)
    length.write-rest buffer
    buffer.write-byte code
    if token: buffer.write token.bytes
    buffer.write encoded.bytes
    if payload-size > 0: buffer.write-byte PAYLOAD-MARKER_
    return buffer.bytes

  payload-size_ -> int:
    if not payload: return 0
    // The size is sent first.
    if not payload.content-size: payload = io.Reader read-payload
    return payload.content-size

  /** Reads a message. Returns null at the end of what the $reader reads. */
  static parse transport/Transport reader/io.Reader -> TcpMessage?:
    if not reader.try-ensure-buffered 1: return null
    first := reader.read-byte
    size := MessageLength_.read (first >> 4) reader
    message := TcpMessage
    message.code = reader.read-byte
    token-size := first & 0xf
    if token-size > TOKEN-SIZE-MAX_: throw "FORMAT_ERROR"
    if token-size > 0: message.token = Token (reader.read-bytes token-size)
    left := message.parse-options_ size reader
    message.payload = Payload_ transport reader left
    return message

/** The number of bytes of options and payload: four bits, and up to four bytes more. */
class MessageLength_:
  static BYTE-FOLLOWS_ ::= 13
  static TWO-BYTES-FOLLOW_ ::= 14
  static FOUR-BYTES-FOLLOW_ ::= 15
  static BYTE-OFFSET_ ::= 13
  static TWO-BYTES-OFFSET_ ::= 269
  static FOUR-BYTES-OFFSET_ ::= 65_805

  value_/int

  constructor .value_:

  nibble -> int:
    if value_ < BYTE-OFFSET_: return value_
    if value_ < TWO-BYTES-OFFSET_: return BYTE-FOLLOWS_
    return value_ < FOUR-BYTES-OFFSET_ ? TWO-BYTES-FOLLOW_ : FOUR-BYTES-FOLLOW_

  write-rest buffer/io.Buffer -> none:
    if nibble == BYTE-FOLLOWS_: buffer.write-byte value_ - BYTE-OFFSET_
    else if nibble == TWO-BYTES-FOLLOW_: buffer.big-endian.write-uint16 value_ - TWO-BYTES-OFFSET_
    else if nibble == FOUR-BYTES-FOLLOW_: buffer.big-endian.write-uint32 value_ - FOUR-BYTES-OFFSET_

  static read nibble/int reader/io.Reader -> int:
    if nibble < BYTE-FOLLOWS_: return nibble
    if nibble == BYTE-FOLLOWS_: return BYTE-OFFSET_ + reader.read-byte
    if nibble == TWO-BYTES-FOLLOW_: return TWO-BYTES-OFFSET_ + reader.big-endian.read-uint16
    return FOUR-BYTES-OFFSET_ + reader.big-endian.read-uint32
