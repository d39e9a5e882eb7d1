/** CoAP messages: codes, tokens, and the encoding of options, which all transports have in common. */

import io

import .option

CODE-CLASS-REQUEST      ::= 0
CODE-CLASS-SUCCESS      ::= 2
CODE-CLASS-CLIENT-ERROR ::= 4
CODE-CLASS-SERVER-ERROR ::= 5

CODE-GET             ::= CODE-CLASS-REQUEST << CODE-CLASS-SHIFT_ | 1
CODE-POST            ::= CODE-CLASS-REQUEST << CODE-CLASS-SHIFT_ | 2
CODE-PUT             ::= CODE-CLASS-REQUEST << CODE-CLASS-SHIFT_ | 3
CODE-CONTENT         ::= CODE-CLASS-SUCCESS << CODE-CLASS-SHIFT_ | 5
CODE-NOT-FOUND       ::= CODE-CLASS-CLIENT-ERROR << CODE-CLASS-SHIFT_ | 4
CODE-GATEWAY-TIMEOUT ::= CODE-CLASS-SERVER-ERROR << CODE-CLASS-SHIFT_ | 4

/** A code has a class of three bits and a detail of five. */
CODE-CLASS-SHIFT_ ::= 5

/** The bytes that all options of a received message can have together. A message with more is refused. */
OPTIONS-SIZE-MAX_ ::= 16 * 1024

/** The byte between options and payload. */
PAYLOAD-MARKER_ ::= 0xff

/** Ties a response to its request. */
class Token:
  static RANDOM-SIZE_ ::= 8

  bytes/ByteArray

  constructor .bytes:

  static create-random -> Token:
    return Token (ByteArray RANDOM-SIZE_: random 0x100)

  operator == other -> bool:
    return other is Token and bytes == other.bytes

  hash-code -> int:
    hash := bytes.size
    bytes.do: hash = (hash * 31 + it) & 0xfff_ffff
    return hash

/** A request or a response. */
class Message:
  /** What the message asks for, or how a request went. See $CODE-GET and its kin. */
  code/int := 0
  token/Token? := null
  /** The options, as $Option. */
  options/List := []
  /** The content. That of a received message comes from the connection while it is read. */
  payload/io.Reader? := null

  is-empty -> bool:
    return code == 0

  /** See $CODE-CLASS-REQUEST and its kin. */
  code-class -> int:
    return code >> CODE-CLASS-SHIFT_ & 0b111

  code-detail -> int:
    return code & 0b1_1111

  /** Adds a path, which starts with a slash, part by part. */
  add-path path/string -> none:
    if not path.starts-with "/": throw "FORMAT_ERROR"
    parts := path[1..].split "/"
    // What ends with a slash has no part behind it.
    if parts.last == "": parts.resize parts.size - 1
    parts.do: options.add (Option.string OPTION-URI-PATH it)

  path -> string:
    parts := options.filter: | option/Option | option.number == OPTION-URI-PATH
    return (parts.map: | option/Option | "/$option.as-string").join ""

  /** Waits for the whole content, and returns it. */
  read-payload -> ByteArray:
    return payload and payload.read-all or #[]

  write-options_ buffer/io.Buffer -> none:
    // Each number is written as the difference to the one before it.
    sorted := options.sort: | a/Option b/Option | a.number - b.number
    previous := 0
    sorted.do: | option/Option |
      delta := OptionNumber_ (option.number - previous)
      size := OptionNumber_ option.value.size
      buffer.write-byte (delta.nibble << 4 | size.nibble)
      delta.write-rest buffer
      size.write-rest buffer
      buffer.write option.value
      previous = option.number

  /** Reads the options, which are in the next $size bytes. Returns the number of bytes of these that are left. */
  parse-options_ size/int reader/io.Reader -> int:
    input := OptionsReader_ reader size
    number := 0
    while input.left > 0:
      byte := input.byte
      if byte == PAYLOAD-MARKER_: return input.left
      number += OptionNumber_.read (byte >> 4) input
      value-size := OptionNumber_.read (byte & 0xf) input
      options.add (Option.bytes number (input.bytes value-size))
    return 0

/** The number or the size of an option: four bits, and up to two bytes more. */
class OptionNumber_:
  static BYTE-FOLLOWS_ ::= 13
  static TWO-BYTES-FOLLOW_ ::= 14
  static BYTE-OFFSET_ ::= 13
  static TWO-BYTES-OFFSET_ ::= 269
  static MAX_ ::= TWO-BYTES-OFFSET_ + 0xffff

  value_/int

  constructor .value_:
    if not 0 <= value_ <= MAX_: throw "OUT_OF_RANGE"

  nibble -> int:
    if value_ < BYTE-OFFSET_: return value_
    return value_ < TWO-BYTES-OFFSET_ ? BYTE-FOLLOWS_ : TWO-BYTES-FOLLOW_

  write-rest buffer/io.Buffer -> none:
    if nibble == BYTE-FOLLOWS_: buffer.write-byte value_ - BYTE-OFFSET_
    else if nibble == TWO-BYTES-FOLLOW_: buffer.big-endian.write-uint16 value_ - TWO-BYTES-OFFSET_

  static read nibble/int input/OptionsReader_ -> int:
    if nibble < BYTE-FOLLOWS_: return nibble
    if nibble == BYTE-FOLLOWS_: return BYTE-OFFSET_ + input.byte
    if nibble == TWO-BYTES-FOLLOW_: return TWO-BYTES-OFFSET_ + (input.byte << 8 | input.byte)
    throw "FORMAT_ERROR"

/** Reads the bytes of a message that can be options. */
class OptionsReader_:
  reader_/io.Reader
  /** The bytes of the message that have not been read. */
  left/int := ?
  room_/int := OPTIONS-SIZE-MAX_

  constructor .reader_ .left:

  byte -> int:
    take_ 1
    return reader_.read-byte

  bytes size/int -> ByteArray:
    take_ size
    return reader_.read-bytes size

  take_ size/int -> none:
    if size > left or size > room_: throw "OUT_OF_RANGE"
    left -= size
    room_ -= size
