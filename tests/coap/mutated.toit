// Messages that are wrong in many ways: they are decoded, or refused with the exceptions for that.

import coap.message show *
import coap.option show *
import coap.tcp show *
import coap.transport show Response Transport
import expect show *
import io

ROUNDS ::= 3_000
REFUSALS ::= ["FORMAT_ERROR", "OUT_OF_RANGE", io.Reader.UNEXPECTED-END-OF-READER]

class NoTransport implements Transport:
  write msg/Message:
  read -> Response?: return null
  close:
  new-message --reliable=true -> Message: return TcpMessage
  reliable -> bool: return true
  mtu -> int: return 0

main:
  set-random-seed "messages"
  messages := seeds
  decoded := 0
  refused := 0
  ROUNDS.repeat:
    bytes/ByteArray := messages[random messages.size]
    (1 + (random 4)).repeat: bytes = mutate bytes messages
    reader := io.Reader bytes
    error := catch:
      while message := TcpMessage.parse NoTransport reader:
        payload := message.read-payload
        // What was decoded is encoded so that it is decoded to the same.
        message.payload = io.Reader payload
        again := TcpMessage.parse NoTransport (io.Reader message.header + payload)
        expect-equals message.token again.token
        expect-equals (message.options.map: it.number) (again.options.map: it.number)
        expect-equals (message.options.map: it.value) (again.options.map: it.value)
        expect-equals payload again.read-payload
        decoded++
    if error:
      expect (REFUSALS.contains error) --message="$error"
      refused++
  expect decoded > 100
  expect refused > 100
  // expect: done
  print "done"

seeds -> List:
  return List 8: | number/int |
    message := TcpMessage
    message.code = random 256
    message.token = Token (ByteArray number: random 256)
    message.options = List number: Option.bytes (random 400) (ByteArray (random 300))
    payload := ByteArray (random 40)
    message.payload = io.Reader payload
    message.header + payload

mutate bytes/ByteArray messages/List -> ByteArray:
  if bytes.is-empty: return #[1]
  at := random bytes.size
  kind := random 5
  if kind == 0: return bytes[..at]
  if kind == 1: return bytes[..at] + bytes[random bytes.size..]
  if kind == 2:
    other/ByteArray := messages[random messages.size]
    return bytes[..at] + other[random other.size..]
  // Most of what matters is at the start.
  bytes = bytes.copy
  if kind == 3: at = min at (random 16)
  bytes[at] = random 256
  return bytes
