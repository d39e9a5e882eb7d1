/**
Packets of the domain name system (RFC 1035), and of multicast DNS (RFC 6762).

What comes from the network is not trusted: any bytes are decoded, or a $DnsException is thrown. The work is
  limited by the size of the packet, since a name has at most $NAME-SIZE-MAX_ bytes and $JUMPS-MAX_ pointers.
*/

import io
import net

CLASS-INTERNET ::= 1

RECORD-A     ::= 1
RECORD-CNAME ::= 5
RECORD-PTR   ::= 12
RECORD-TXT   ::= 16
RECORD-AAAA  ::= 28
RECORD-SRV   ::= 33
RECORD-ANY   ::= 255

/** The names of the types of records. */
QTYPE-NAMES ::= {
  RECORD-A: "A",
  RECORD-CNAME: "CNAME",
  RECORD-PTR: "PTR",
  RECORD-TXT: "TXT",
  RECORD-AAAA: "AAAA",
  RECORD-SRV: "SRV",
  RECORD-ANY: "ANY",
}

ERROR-NONE            ::= 0
ERROR-FORMAT          ::= 1
ERROR-SERVER-FAILURE  ::= 2
ERROR-NAME            ::= 3
ERROR-NOT-IMPLEMENTED ::= 4
ERROR-REFUSED         ::= 5

/** The names of the errors of servers. */
ERROR-NAMES ::= {
  ERROR-NONE: "NONE",
  ERROR-FORMAT: "FORMAT_ERROR",
  ERROR-SERVER-FAILURE: "SERVER_FAILURE",
  ERROR-NAME: "NO_SUCH_DOMAIN",
  ERROR-NOT-IMPLEMENTED: "NOT_IMPLEMENTED",
  ERROR-REFUSED: "REFUSED",
}

/** The bytes of a name in a packet (RFC 1035, 2.3.4). */
NAME-SIZE-MAX_ ::= 255
/** The bytes of a part of a name. Longer ones cannot be encoded. */
LABEL-SIZE-MAX_ ::= 63
/** The pointers that are followed for a name. Names have at most 127 parts, and encoders write a pointer once a name. */
JUMPS-MAX_ ::= 127
/** The bytes of one text in a TXT record: their number is a byte. */
TEXT-SIZE-MAX_ ::= 255
/** The positions that a pointer can name: it has 14 bits. */
POINTER-LIMIT_ ::= 0x4000

FLAG-RESPONSE_            ::= 0x8000
FLAG-AUTHORITATIVE_       ::= 0x0400
FLAG-TRUNCATED_           ::= 0x0200
FLAG-RECURSION-DESIRED_   ::= 0x0100
FLAG-RECURSION-AVAILABLE_ ::= 0x0080
/** Flags that have no meaning for us: reserved, authentic data, checking disabled. Those of RFC 6762 must be ignored. */
FLAGS-RESERVED_           ::= 0x0070
/** Bit of the class: a question that wants an answer of its own, or a record that replaces all others. */
CLASS-FLAG_               ::= 0x8000

/** A failure to look up a name, or to encode or decode a packet. */
class DnsException:
  /** The failure. */
  text/string
  /** The name that was looked up, if it is known. */
  name/string?

  constructor .text --.name=null:

  stringify -> string:
    what := name ? "DNS lookup for '$name' exception" : "DNS lookup exception"
    return "$what $text"

protocol-error_ -> none:
  throw (DnsException "DNS protocol error")

/** A question: which records of a $type are there for a $name. */
class Question:
  name/string
  type/int
  /** Whether the answer can go to the one who asks only. In multicast DNS, answers otherwise go to all. */
  unicast-ok/bool

  constructor .name .type --.unicast-ok=false:

/** A record of a server. Each of the known types has a class of its own. */
class Resource:
  name/string
  type/int
  /** The number of seconds that the record stays valid. */
  ttl/int
  /** Whether the record replaces the ones that are known. Multicast DNS only. */
  flush/bool

  constructor .name .type .ttl .flush:

  write-data_ writer/PacketWriter_ -> none:
    throw "Unknown record type: $type"

/** A record with an address: $RECORD-A, or $RECORD-AAAA. */
class AResource extends Resource:
  address/net.IpAddress

  constructor name/string type/int ttl/int flush/bool .address:
    super name type ttl flush

  constructor name/string ttl/int .address --flush/bool=false:
    super name (address.is-ipv6 ? RECORD-AAAA : RECORD-A) ttl flush

  write-data_ writer/PacketWriter_ -> none:
    writer.bytes address.raw

/** A record with another name, $RECORD-CNAME or $RECORD-PTR, or with a text, $RECORD-TXT. */
class StringResource extends Resource:
  value/string

  constructor name/string type/int ttl/int flush/bool .value:
    super name type ttl flush

  is-cname -> bool:
    return type == RECORD-CNAME

  is-ptr -> bool:
    return type == RECORD-PTR

  is-txt -> bool:
    return type == RECORD-TXT

  write-data_ writer/PacketWriter_ -> none:
    if is-txt:
      if value.size > TEXT-SIZE-MAX_:
        throw (DnsException "TXT records cannot exceed $TEXT-SIZE-MAX_ bytes" --name=value)
      writer.text value
    else if is-cname or is-ptr:
      writer.name value
    else:
      super writer

/** The host and port of a service: $RECORD-SRV. The value is the name of the host. */
class SrvResource extends StringResource:
  priority/int
  weight/int
  port/int

  constructor name/string type/int ttl/int flush/bool value/string .priority .weight .port:
    super name type ttl flush value

  write-data_ writer/PacketWriter_ -> none:
    writer.uint16 priority
    writer.uint16 weight
    writer.uint16 port
    writer.name value

/** A record with several texts, to be encoded. Decoded records are $StringResource, with the first text. */
class TxtResource extends Resource:
  /** The texts, at most 255 bytes each. */
  text/List

  constructor name/string ttl/int flush/bool .text:
    super name RECORD-TXT ttl flush

  write-data_ writer/PacketWriter_ -> none:
    text.do: | part/string |
      if part.size > TEXT-SIZE-MAX_:
        throw (DnsException "TXT character-string cannot exceed $TEXT-SIZE-MAX_ bytes" --name=part)
      writer.text part

/** A packet. Records of unknown types are left out. */
class DecodedPacket:
  id/int
  status-bits/int
  /** The questions, as $Question. */
  questions/List := []
  /** The answers, as $Resource. */
  resources/List := []
  /** The records of the servers for the name, as $Resource. */
  authorities/List := []
  /** Records that were not asked for, as $Resource. */
  additionals/List := []

  constructor --.id --.status-bits:
    // Updates and notifications have larger operation codes.
    if status-bits & FLAGS-RESERVED_ != 0 or opcode > 2: protocol-error_

  is-response -> bool:
    return has_ FLAG-RESPONSE_

  is-authoritative -> bool:
    return has_ FLAG-AUTHORITATIVE_

  is-truncated -> bool:
    return has_ FLAG-TRUNCATED_

  is-recursion-desired -> bool:
    return has_ FLAG-RECURSION-DESIRED_

  is-recursion-available -> bool:
    return has_ FLAG-RECURSION-AVAILABLE_

  error-code -> int:
    return status-bits & 0xf

  opcode -> int:
    return status-bits >> 11 & 0xf

  has_ flag/int -> bool:
    return status-bits & flag != 0

/**
Decodes a $packet.

Throws a $DnsException, with the $error-name as its name, if the packet says that the server failed.

With $mdns, the flags that multicast DNS ignores are not looked at.
*/
decode-packet packet/ByteArray --error-name/string?=null --mdns/bool=false -> DecodedPacket:
  reader := PacketReader_ packet
  id := reader.uint16
  status := reader.uint16
  counts := List 4: reader.uint16

  error := status & 0xf
  if error != ERROR-NONE:
    text := ERROR-NAMES.get error --if-absent=: "error code $error"
    throw (DnsException "Server responded: $text" --name=error-name)

  decoded := DecodedPacket --id=id --status-bits=(mdns ? status & ~FLAGS-RESERVED_ : status)
  counts[0].repeat: decoded.questions.add reader.question
  sections := [decoded.resources, decoded.authorities, decoded.additionals]
  sections.size.repeat: | index/int |
    counts[index + 1].repeat:
      resource := reader.resource
      if resource: sections[index].add resource
  return decoded

/**
Decodes the name at a $position of a $packet. Calls the block with the position behind it.

Deprecated. Use $(decode-name reader packet).
*/
decode-name packet/ByteArray position/int [position-block] -> string:
  reader := PacketReader_ packet --position=position
  name := reader.name
  position-block.call reader.position
  return name

/** Decodes the next name of the $reader. The pointers in it are positions of the $packet. */
decode-name reader/io.Reader packet/ByteArray -> string:
  name := Name_
  while true:
    size := reader.read-byte
    if size == 0: return name.stringify
    if size >= 0xc0:
      (PacketReader_ packet).name-at_ ((size & 0x3f) << 8 | reader.read-byte) name
      return name.stringify
    name.add (reader.read-bytes (label-size_ size))

/** Checks the size of a part of a name. Sizes with other high bits are reserved. */
label-size_ size/int -> int:
  if size > LABEL-SIZE-MAX_: protocol-error_
  return size

/** The parts of a name that is being decoded. */
class Name_:
  parts/List ::= []
  /** The bytes of the name in a packet. The last is the zero at its end. */
  size/int := 1

  add label/ByteArray -> none:
    size += 1 + label.size
    if size > NAME-SIZE-MAX_: protocol-error_
    parts.add (checked-text_ label)

  stringify -> string:
    return parts.join "."

checked-text_ bytes/ByteArray -> string:
  if not bytes.is-valid-string-content: protocol-error_
  return bytes.to-string

/** Reads the parts of a packet in order. */
class PacketReader_:
  packet_/ByteArray
  position/int := ?
  /** The end of what is read: that of the record, while one is read. */
  limit_/int := ?

  constructor .packet_ --.position=0:
    limit_ = packet_.size

  uint8 -> int:
    return packet_[advance_ 1]

  uint16 -> int:
    return io.BIG-ENDIAN.uint16 packet_ (advance_ 2)

  int32 -> int:
    return io.BIG-ENDIAN.int32 packet_ (advance_ 4)

  bytes size/int -> ByteArray:
    from := advance_ size
    return packet_.copy from from + size

  /** Returns the current position, and goes on by $count bytes. */
  advance_ count/int -> int:
    from := position
    if not 0 <= from <= limit_ - count: protocol-error_
    position = from + count
    return from

  question -> Question:
    name := this.name
    type := uint16
    clas := internet-class_
    return Question name type --unicast-ok=(clas & CLASS-FLAG_ != 0)

  /** Reads a record. Returns null if its type is unknown. */
  resource -> Resource?:
    name := this.name
    type := uint16
    class-position := position
    advance_ 2
    ttl := int32
    size := uint16
    end := position + size
    if end > limit_: protocol-error_
    resource/Resource? := null
    // The class of other types has other meanings: that of OPT is a size.
    if QTYPE-NAMES.contains type and type != RECORD-ANY:
      position = class-position
      flush := internet-class_ & CLASS-FLAG_ != 0
      position = end - size
      limit_ = end
      resource = known-resource_ name type ttl flush size
      limit_ = packet_.size
    position = end
    return resource

  internet-class_ -> int:
    clas := uint16
    if clas & ~CLASS-FLAG_ != CLASS-INTERNET: protocol-error_
    return clas

  known-resource_ name/string type/int ttl/int flush/bool size/int -> Resource:
    if type == RECORD-A or type == RECORD-AAAA:
      if size != (type == RECORD-A ? 4 : 16): protocol-error_
      return AResource name type ttl flush (net.IpAddress (bytes size))
    if type == RECORD-TXT:
      // A record without a text should not exist, and stands for an empty one (RFC 6763, 6.1).
      text := size == 0 ? "" : checked-text_ (bytes uint8)
      return StringResource name type ttl flush text
    if type != RECORD-SRV: return StringResource name type ttl flush this.name
    priority := uint16
    weight := uint16
    port := uint16
    return SrvResource name type ttl flush this.name priority weight port

  /** Reads a name. */
  name -> string:
    name := Name_
    position = name-at_ position name
    if position > limit_: protocol-error_
    return name.stringify

  /** Adds the parts at a position to a name. Returns the position behind them. */
  name-at_ at/int name/Name_ -> int:
    end/int? := null
    jumps := 0
    while true:
      if not 0 <= at < packet_.size: protocol-error_
      size := packet_[at++]
      if size == 0: return end or at
      if size >= 0xc0:
        if at == packet_.size or jumps++ == JUMPS-MAX_: protocol-error_
        if not end: end = at + 1
        at = (size & 0x3f) << 8 | packet_[at]
      else:
        to := at + (label-size_ size)
        if to > packet_.size: protocol-error_
        name.add packet_[at..to]
        at = to

/**
Creates a packet with the questions $queries (each a $Question), the answers $records, and the records $authorities
  and $additionals (each a $Resource).
*/
create-dns-packet queries/List records/List -> ByteArray
    --id/int
    --is-response/bool
    --is-authoritative/bool=false
    --authorities/List=[]
    --additionals/List=[]:
  status := is-response ? FLAG-RESPONSE_ : 0
  if is-authoritative: status |= FLAG-AUTHORITATIVE_
  writer := PacketWriter_
  writer.header id status [queries.size, records.size, authorities.size, additionals.size]
  queries.do: writer.question it
  [records, authorities, additionals].do: | section/List |
    section.do: writer.resource it
  return writer.packet

/** Creates a packet that asks a server for the records of one type. */
create-query_ name/string query-id/int record-type/int --unicast-response/bool=false -> ByteArray:
  writer := PacketWriter_
  writer.header query-id FLAG-RECURSION-DESIRED_ [1, 0, 0, 0]
  writer.question (Question name record-type --unicast-ok=unicast-response)
  return writer.packet

/** Writes the parts of a packet in order. The ends of names that it contains already are written as pointers. */
class PacketWriter_:
  buffer_/io.Buffer ::= io.Buffer
  positions_/Map ::= {:}

  packet -> ByteArray:
    return buffer_.bytes

  header id/int status/int counts/List -> none:
    uint16 id
    uint16 status
    counts.do: uint16 it

  question question/Question -> none:
    name question.name
    uint16 question.type
    uint16 (question.unicast-ok ? CLASS-INTERNET | CLASS-FLAG_ : CLASS-INTERNET)

  resource resource/Resource -> none:
    name resource.name
    uint16 resource.type
    uint16 (resource.flush ? CLASS-INTERNET | CLASS-FLAG_ : CLASS-INTERNET)
    buffer_.big-endian.write-int32 resource.ttl
    uint16 0
    start := buffer_.size
    resource.write-data_ this
    size := buffer_.size - start
    if size > 0xffff: throw (DnsException "DNS records cannot exceed 65535 bytes" --name=resource.name)
    buffer_.big-endian.put-uint16 --at=(start - 2) size

  uint16 value/int -> none:
    buffer_.big-endian.write-uint16 value

  bytes bytes/ByteArray -> none:
    buffer_.write bytes

  text text/string -> none:
    buffer_.write-byte text.size
    buffer_.write text

  name name/string -> none:
    check-name_ name
    from := 0
    while from < name.size:
      rest := name[from..]
      known := positions_.get rest
      if known:
        uint16 0xc000 | known
        return
      if buffer_.size < POINTER-LIMIT_: positions_[rest] = buffer_.size
      dot := rest.index-of "."
      label := dot < 0 ? rest : rest[..dot]
      text label
      from += label.size + 1
    buffer_.write-byte 0

  check-name_ name/string -> none:
    (name.split ".").do: | part/string |
      if part.size > LABEL-SIZE-MAX_:
        throw (DnsException "DNS name parts cannot exceed $LABEL-SIZE-MAX_ bytes" --name=name)
      if part.size == 0: throw (DnsException "DNS name parts cannot be empty" --name=name)
    // A name is encoded with a size before each part, and a zero behind the last.
    if name.size + 2 > NAME-SIZE-MAX_:
      throw (DnsException "DNS names cannot exceed $(NAME-SIZE-MAX_ - 2) bytes" --name=name)
