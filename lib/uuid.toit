/** Universally unique identifiers (RFC 4122). */

import io
import .io.data show data-bytes_

/** Deprecated. Use $Uuid.SIZE. */
SIZE ::= Uuid.SIZE

/** Deprecated. Use $Uuid.NIL. */
NIL ::= Uuid.NIL

/** Deprecated. Use $Uuid.parse. */
parse str/string [--on-error] -> Uuid?:
  return Uuid.parse str --if-error=on-error

/** Deprecated. Use $Uuid.parse. */
parse str/string -> Uuid:
  return Uuid.parse str

/** Deprecated. Use $Uuid.uuid5. */
uuid5 namespace/io.Data data/io.Data -> Uuid:
  return Uuid.uuid5 namespace data

/** An identifier of 128 bits that is unique with high probability. */
class Uuid:
  /** The number of bytes. */
  static SIZE ::= 16

  /** The identifier whose bits are all zero. */
  static NIL ::= Uuid (ByteArray SIZE)

  bytes_/ByteArray

  /** Creates an identifier with the given 16 bytes. */
  constructor .bytes_:
    if bytes_.size != SIZE: throw "INVALID_UUID"

  /** Reads a text like `123e4567-e89b-12d3-a456-426614174000`. */
  static parse str/string -> Uuid:
    return parse str --if-error=: throw "INVALID_UUID"

  /** Variant of $(parse str) that returns the result of $if-error if $str is not an identifier. */
  static parse str/string [--if-error] -> Uuid?:
    bytes := uuid-parse_ str
    return bytes ? Uuid bytes : if-error.call

  /** Deprecated. Use $(parse str [--if-error]). */
  static parse str/string [--on-error] -> Uuid?:
    return parse str --if-error=on-error

  /** Whether $parse can read $str. */
  static is-valid str/string -> bool:
    return (uuid-parse_ str) != null

  /** The identifier of version 5 that stands for $data within $namespace. */
  static uuid5 namespace/io.Data data/io.Data -> Uuid:
    return Uuid (uuid-v5_ (data-bytes_ namespace) (data-bytes_ data))

  /** A random identifier (version 4). */
  static random -> Uuid:
    bytes := random-bytes_ SIZE
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    return Uuid bytes

  /** See $to-string. */
  stringify -> string:
    return to-string

  /** The text that $parse reads. */
  to-string -> string:
    return uuid-to-string_ bytes_

  /** The 16 bytes. */
  to-byte-array -> ByteArray:
    return bytes_

  /** Whether $other is the same identifier. */
  operator == other -> bool:
    return other is Uuid and (other as Uuid).bytes_ == bytes_

  /** The hash code: equal identifiers share it. */
  hash-code -> int:
    return bytes_.hash-code

  /** Whether all bits are zero. */
  is-nil -> bool:
    return bytes_.every: it == 0

uuid-parse_ text/string -> ByteArray?:
  #primitive.uuid.parse

uuid-to-string_ bytes/ByteArray -> string:
  #primitive.uuid.to-string

uuid-v5_ namespace/any data/any -> ByteArray:
  #primitive.uuid.v5
