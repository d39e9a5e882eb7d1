// The encoding of messages.

import coap.message show *
import coap.option show *
import coap.tcp show *
import coap.transport show Response Transport
import expect show *
import io

/** Bytes that came, for a transport. What is sent is collected. */
class Socket:
  in/io.Reader
  out ::= io.Buffer
  no-delay := false
  is-closed := false

  constructor bytes/ByteArray:
    in = io.Reader bytes

  mtu -> int:
    return 1_000

  close -> none:
    is-closed = true

main:
  test-headers
  test-options
  test-sizes
  test-paths
  test-tokens
  test-bad-messages
  test-transport
  // expect: done
  print "done"

parse bytes/ByteArray -> TcpMessage?:
  return TcpMessage.parse (TcpTransport (Socket #[]) --no-send-csm) (io.Reader bytes)

message code/int=0 --token/ByteArray?=null --options/List=[] --payload/ByteArray?=null -> TcpMessage:
  message := TcpMessage
  message.code = code
  if token: message.token = Token token
  message.options = options
  if payload: message.payload = io.Reader payload
  return message

test-headers -> none:
  expect-equals #[0x00, 0x00] message.header
  expect (message.is-empty)
  expect-equals #[0x02, 0x84, 9, 8] (message CODE-NOT-FOUND --token=#[9, 8]).header
  expect-equals 4 (message CODE-NOT-FOUND).code-class
  expect-equals 4 (message CODE-NOT-FOUND).code-detail
  // The header ends with the marker of the payload, if there is one.
  expect-equals #[0x40, 0x45, 0xff] (message CODE-CONTENT --payload=#[1, 2, 3]).header
  expect-equals #[0x00, 0x45] (message CODE-CONTENT --payload=#[]).header
  expect-throw "OUT_OF_RANGE": (message --token=(ByteArray 9)).header

test-options -> none:
  options := [Option.uint 6 0, Option.string 11 "ab", Option.uint 28 300]
  encoded := #[0x80, 0x01, 0x60, 0x52, 'a', 'b', 0xd2, 4, 1, 44]
  expect-equals encoded (message CODE-GET --options=options).header
  // They are sent in the order of their numbers.
  expect-equals encoded (message CODE-GET --options=[options[1], options[2], options[0]]).header
  decoded := parse encoded
  expect-equals [6, 11, 28] (decoded.options.map: it.number)
  expect-equals 0 decoded.options[0].as-uint
  expect-equals "ab" decoded.options[1].as-string
  expect-equals 300 decoded.options[2].as-uint
  [0, 1, 255, 256, 0xffff, 0x1_0000, 0xffff_ffff, int.MAX].do:
    expect-equals it (Option.uint 1 it).as-uint
  expect-equals #[1, 0, 0] (Option.uint 1 0x1_0000).value

test-sizes -> none:
  // Each number of options and payloads is encoded differently from some sizes on.
  [0, 1, 12, 13, 14, 268, 269, 270, 1_000].do: | size/int |
    bytes := ByteArray size: it
    sent := message CODE-CONTENT --options=[Option.bytes size bytes, Option.bytes size * 2 bytes]
    decoded := parse sent.header
    expect-equals [size, size * 2] (decoded.options.map: it.number)
    expect-equals [bytes, bytes] (decoded.options.map: it.value)
  [1, 11, 12, 13, 268, 269, 65_804, 65_805, 100_000].do: | size/int |
    bytes := ByteArray size: it
    decoded := parse (message CODE-CONTENT --payload=bytes).header + bytes
    expect-equals size decoded.payload.content-size
    expect-equals bytes decoded.read-payload
  expect-throw "OUT_OF_RANGE": (message --options=[Option.bytes 65_805 #[]]).header
  expect-throw "OUT_OF_RANGE": (message --options=[Option.bytes -1 #[]]).header

test-paths -> none:
  ["/a", "/a/b", "/über/x y"].do: | path/string |
    sent := TcpMessage
    sent.add-path path
    expect-equals path (parse sent.header).path
  root := TcpMessage
  root.add-path "/"
  expect-equals "" root.path
  root.add-path "/a/"
  expect-equals "/a" root.path
  expect-throw "FORMAT_ERROR": root.add-path "a"
  expect-throw "FORMAT_ERROR": root.add-path ""

test-tokens -> none:
  one := Token #[1, 2]
  expect-equals one (Token #[1, 2])
  expect-equals one.hash-code (Token #[1, 2]).hash-code
  expect-not one == (Token #[1, 2, 3])
  expect-not one == #[1, 2]
  expect-equals 8 Token.create-random.bytes.size
  expect-not Token.create-random == Token.create-random

test-bad-messages -> none:
  expect-null (parse #[])
  [#[0x00], #[0xd0], #[0x01, 0x45], #[0x20, 0x45, 0xb1], #[0xf0, 0, 0, 0]].do: | bytes/ByteArray |
    expect-throw io.Reader.UNEXPECTED-END-OF-READER: parse bytes
  [#[0x09, 0], #[0x10, 0, 0xf0], #[0x10, 0, 0x0f]].do: | bytes/ByteArray |
    expect-throw "FORMAT_ERROR": parse bytes
  [#[0x10, 0, 0xd0, 1], #[0x20, 0, 0xe0, 1, 1], #[0x10, 0, 0x01, 1]].do: | bytes/ByteArray |
    expect-throw "OUT_OF_RANGE": parse bytes
  // The sizes are not believed: what is kept of one message is limited.
  expect-throw "OUT_OF_RANGE": parse (#[0xf0, 0xff, 0xff, 0xff, 0xff, 0, 0x0e, 0xff, 0xff] + (ByteArray 70_000))
  expect-throw "OUT_OF_RANGE": parse (#[0xf0, 0xff, 0xff, 0xff, 0xff, 0] + (ByteArray 70_000))
  large := parse #[0xf0, 0xff, 0xff, 0xff, 0xff, 0x45, 0xff, 1, 2]
  expect-equals #[1, 2] large.payload.read
  expect-throw io.Reader.UNEXPECTED-END-OF-READER: large.payload.read

test-transport -> none:
  // Settings are sent first. Pings are answered, and other signals are skipped with their payloads.
  token := #[7]
  ping := message CODE-PING --token=token --payload="are you there?".to-byte-array
  pong := message CODE-PONG --payload=#[1]
  answer := message CODE-CONTENT --token=#[8] --payload=#[1, 2]
  bytes := ping.header + ping.read-payload + pong.header + #[1] + answer.header + #[1, 2] + answer.header + #[3, 4]
  socket := Socket bytes
  transport := TcpTransport socket
  expect socket.no-delay
  expect transport.reliable
  response := transport.read
  expect-equals (Token #[8]) response.token
  expect-equals #[0x00, 0xe1, 0x01, 0xe3, 7] socket.out.bytes
  // A payload that was not read is not in the way of the next message.
  expect-equals #[3, 4] transport.read.message.read-payload
  expect-equals #[1, 2] response.message.read-payload
  expect-null transport.read
  expect-not socket.is-closed
  // The server gives up.
  transport = TcpTransport (Socket (message 0xe5).header + (message CODE-CONTENT).header)
  expect-null transport.read
