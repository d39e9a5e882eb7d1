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

/** The bytes of a payload that are received before the program reads them. */
PREFETCH-MAX_ ::= 64 * 1024

/**
A connection to a CoAP server over TCP.

At most 64 KiB of a payload are received ahead of the program. While the program leaves a larger payload unread, it
  holds up the messages behind it.
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
      if current_: skip-payload_
      if is-closed_: return null
      message := TcpMessage.parse this socket_.in
      if not message: return null
      current_ = message.payload as Payload_
      if message.code-class != CODE-CLASS-SIGNALING-CODES: return Response.message message
      if message.code == CODE-ABORT_: return null
      current_.drain
      if message.code == CODE-PING: write (signal_ CODE-PONG --token=message.token)

  /** Waits until the next bytes of the connection are those of the next message. */
  skip-payload_ -> none:
    payload := current_
    catch --unwind=(: not is-closed_):
      while payload.prefetch: null

  close -> none:
    is-closed_ = true
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
  content-size/int
  chunks_/Chunks_

  constructor .transport_ reader/io.Reader .content-size:
    chunks_ = Chunks_ reader content-size

  /** Receives bytes, once there is room for them. Returns false if all have been received. */
  prefetch -> bool:
    return chunks_.prefetch

  read_ -> ByteArray?:
    try:
      return with-timeout PROGRESS-TIMEOUT_: chunks_.next
    finally: | is-exception _ |
      // The rest of the payload would be taken for the next message.
      if is-exception: transport_.close

/** The bytes of a payload, received by the task that reads it and by the one that waits for the next message. */
monitor Chunks_:
  reader_/io.Reader
  /** The number of bytes that have not been received. */
  left_/int := ?
  received_/Deque ::= Deque
  /** The number of bytes that have been received ahead. */
  ahead_/int := 0

  constructor .reader_ .left_:

  next -> ByteArray?:
    if received_.is-empty: return left_ == 0 ? null : receive_
    chunk := received_.remove-first
    ahead_ -= chunk.size
    return chunk

  prefetch -> bool:
    await: ahead_ < PREFETCH-MAX_ or left_ == 0
    if left_ == 0: return false
    chunk := receive_
    received_.add chunk
    ahead_ += chunk.size
    return true

  receive_ -> ByteArray:
    chunk := reader_.read --max-size=left_
    if not chunk: throw io.Reader.UNEXPECTED-END-OF-READER
    left_ -= chunk.size
    return chunk

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
