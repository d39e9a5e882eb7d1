// The packets of MQTT 3.1.1, as bytes.
import io

CONNACK    ::= 2
PUBLISH    ::= 3
PUBACK     ::= 4
SUBACK     ::= 9
UNSUBACK   ::= 11
PINGRESP   ::= 13

CONNECT_     ::= 1
SUBSCRIBE_   ::= 8
UNSUBSCRIBE_ ::= 10
PINGREQ_     ::= 12
DISCONNECT_  ::= 14

/** The size of a received packet after its header, at most. The payload of a larger one is dropped. */
MAX-PACKET ::= 256 * 1024

/** A packet of the broker. */
class Packet:
  type/int
  /** The number by which it is acknowledged; null if it has none. */
  id/int?
  /** The topic, for PUBLISH. */
  topic/string?
  /** The payload for PUBLISH, null if it was too large; what follows the number for others. */
  content/ByteArray?

  constructor .type --.id=null --.topic=null --.content:

  /** Reads the next packet. Throws if the connection ends, or if the packet is not correct. */
  constructor.read reader/io.Reader:
    header := reader.read-byte
    type = header >> 4
    size := read-size_ reader
    if type == PUBLISH:
      qos := header >> 1 & 3
      if qos > 1: throw "MQTT: a message with QoS $qos"
      topic-size := reader.big-endian.read-uint16
      rest := size - 2 - topic-size - qos * 2
      if rest < 0: throw "MQTT: a message shorter than its topic"
      topic = reader.read-string topic-size
      id = qos == 1 ? reader.big-endian.read-uint16 : null
      if size > MAX-PACKET:
        reader.skip rest
        content = null
      else:
        content = (reader.read-bytes rest).copy
    else:
      if size > MAX-PACKET: throw "MQTT: a packet of type $type with $size bytes"
      has-id := type == PUBACK or type == SUBACK or type == UNSUBACK
      if has-id and size < 2: throw "MQTT: a packet of type $type without a number"
      topic = null
      id = has-id ? reader.big-endian.read-uint16 : null
      content = (reader.read-bytes (has-id ? size - 2 : size)).copy

/** Reads the size of a packet: seven bits a byte, the lowest first, at most four bytes. */
read-size_ reader/io.Reader -> int:
  size := 0
  for shift := 0; shift < 28; shift += 7:
    byte := reader.read-byte
    size |= (byte & 0x7f) << shift
    if byte < 0x80: return size
  throw "MQTT: a size of more than four bytes"

connect-packet --client-id/string --clean/bool --keep-alive-s/int -> ByteArray:
  return packet_ CONNECT_ 0: | body/io.Buffer |
    put-string_ body "MQTT"
    body.write-byte 4  // MQTT 3.1.1.
    body.write-byte (clean ? 2 : 0)
    body.big-endian.write-uint16 keep-alive-s
    put-string_ body client-id

publish-packet topic/string payload/ByteArray --id/int? --retain/bool --again/bool -> ByteArray:
  flags := (again ? 8 : 0) | (id ? 2 : 0) | (retain ? 1 : 0)
  return packet_ PUBLISH flags: | body/io.Buffer |
    put-string_ body topic
    if id: body.big-endian.write-uint16 id
    body.write payload

puback-packet id/int -> ByteArray:
  return packet_ PUBACK 0: | body/io.Buffer | body.big-endian.write-uint16 id

/** Asks for messages with QoS 0 and 1. */
subscribe-packet filter/string --id/int -> ByteArray:
  return packet_ SUBSCRIBE_ 2: | body/io.Buffer |
    body.big-endian.write-uint16 id
    put-string_ body filter
    body.write-byte 1

unsubscribe-packet filter/string --id/int -> ByteArray:
  return packet_ UNSUBSCRIBE_ 2: | body/io.Buffer |
    body.big-endian.write-uint16 id
    put-string_ body filter

ping-packet -> ByteArray:
  return packet_ PINGREQ_ 0: null

disconnect-packet -> ByteArray:
  return packet_ DISCONNECT_ 0: null

packet_ type/int flags/int [write-body] -> ByteArray:
  body := io.Buffer
  write-body.call body
  packet := io.Buffer
  packet.write-byte type << 4 | flags
  size := body.size
  while size >= 0x80:
    packet.write-byte size & 0x7f | 0x80
    size >>= 7
  packet.write-byte size
  packet.write body.bytes
  return packet.bytes

put-string_ body/io.Buffer text/string -> none:
  body.big-endian.write-uint16 text.size
  body.write text
