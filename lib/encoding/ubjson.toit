/**
Universal Binary JSON.

The data model of JSON, in a binary form that is short and quick to read. Byte arrays are supported
  as well: they are arrays whose elements all have the type of a byte. See https://ubjson.org.
*/

import io
import io show BIG-ENDIAN

import .nesting_

/** Thrown for input that is too long or has an impossible size. */
INVALID-INPUT-ERROR     ::= "INVALID_UBJSON_INPUT"
/** Thrown for an object that has no representation. */
INVALID-OBJECT-ERROR    ::= "INVALID_UBJSON_OBJECT"
/** Thrown for input with a type that does not exist. */
INVALID-CHARACTER-ERROR ::= "INVALID_UBJSON_CHARACTER"

/** The encoding of $obj: null, a bool, number, string or byte array, or a list or map of these. */
encode obj/any -> ByteArray:
  encoder := Encoder
  encoder.encode obj
  return encoder.to-byte-array

/** The object that all of $bytes encode. */
decode bytes/ByteArray -> any:
  decoder := Decoder bytes
  result := decoder.decode
  if not decoder.is-done: throw INVALID-INPUT-ERROR
  return result

/** Encodes objects one after another. */
class Encoder extends Object with Nesting_:
  buffer_/io.Buffer
  numbers_/io.EndianBuffer

  constructor:
    buffer_ = io.Buffer
    numbers_ = buffer_.big-endian

  /** Adds the encoding of $obj. */
  encode obj -> none:
    if obj is string: put-text_ 'S' obj
    else if obj is int: put-int_ obj
    else if obj is float: put-float_ obj
    else if obj is Map: nested_: put-map_ obj
    else if obj is ByteArray: put-bytes_ obj
    else if obj is List: nested_: put-list_ obj
    else if obj == null: buffer_.write-byte 'Z'
    else if obj is bool: buffer_.write-byte (obj ? 'T' : 'F')
    else: throw INVALID-OBJECT-ERROR

  /** The encodings so far. */
  to-byte-array -> ByteArray:
    return buffer_.bytes.copy

  put-map_ map/Map -> none:
    buffer_.write "{#"
    put-int_ map.size
    map.do: | key value |
      if key is not string: throw INVALID-OBJECT-ERROR
      put-sized_ key
      encode value

  put-list_ list/List -> none:
    buffer_.write "[#"
    put-int_ list.size
    list.do: encode it

  put-bytes_ bytes/ByteArray -> none:
    buffer_.write "[\$U#"
    put-sized_ bytes

  put-text_ type/int text/string -> none:
    buffer_.write-byte type
    put-sized_ text

  put-sized_ data/io.Data -> none:
    put-int_ data.byte-size
    buffer_.write data

  put-float_ value/float -> none:
    buffer_.write-byte 'D'
    numbers_.write-float64 value

  /** Uses the first type that the value fits into, in the order of their sizes. */
  put-int_ value/int -> none:
    if 0 <= value <= int.MAX-U8:
      buffer_.write-byte 'U'
      buffer_.write-byte value
    else if int.MIN-8 <= value <= int.MAX-8:
      buffer_.write-byte 'i'
      buffer_.write-byte value
    else if int.MIN-16 <= value <= int.MAX-16:
      buffer_.write-byte 'I'
      numbers_.write-int16 value
    else if int.MIN-32 <= value <= int.MAX-32:
      buffer_.write-byte 'l'
      numbers_.write-int32 value
    else:
      buffer_.write-byte 'L'
      numbers_.write-int64 value

/** Decodes objects that follow each other in a byte array. */
class Decoder extends Object with Nesting_:
  bytes_/ByteArray
  position_/int := 0

  constructor .bytes_:

  /** Whether all bytes have been decoded, except for padding. */
  is-done -> bool:
    skip-padding_
    return position_ == bytes_.size

  /** Decodes the next object. */
  decode -> any:
    return value_ type_

  skip-padding_ -> none:
    while position_ < bytes_.size and bytes_[position_] == 'N': position_++

  type_ -> int:
    skip-padding_
    return bytes_[advance_ 1]

  /** Skips $count bytes. Returns the position of the first one. */
  advance_ count/int -> int:
    start := position_
    if not 0 <= count <= bytes_.size - start: throw "OUT_OF_BOUNDS"
    position_ = start + count
    return start

  value_ type/int -> any:
    if type == 'S': return text_
    if type == '{': return nested_: map_
    if type == '[': return nested_: list_
    if type == 'Z': return null
    if type == 'T': return true
    if type == 'F': return false
    if type == 'D': return BIG-ENDIAN.float64 bytes_ (advance_ 8)
    if type == 'd': return BIG-ENDIAN.float32 bytes_ (advance_ 4)
    if type == 'C': return string.from-rune bytes_[advance_ 1]
    return int_ type

  int_ type/int -> int:
    if type == 'U': return bytes_[advance_ 1]
    if type == 'i': return BIG-ENDIAN.int8 bytes_ (advance_ 1)
    if type == 'I': return BIG-ENDIAN.int16 bytes_ (advance_ 2)
    if type == 'l': return BIG-ENDIAN.int32 bytes_ (advance_ 4)
    if type == 'L': return BIG-ENDIAN.int64 bytes_ (advance_ 8)
    throw INVALID-CHARACTER-ERROR

  size_ -> int:
    size := int_ type_
    if size < 0: throw INVALID-INPUT-ERROR
    return size

  text_ -> string:
    size := size_
    start := advance_ size
    return bytes_.to-string start start + size

  /** Whether the next byte is $byte. If so, skips it. */
  accept_ byte/int -> bool:
    if position_ == bytes_.size or bytes_[position_] != byte: return false
    position_++
    return true

  /** The type that all elements share, or null. */
  common-type_ -> int?:
    return (accept_ '$') ? type_ : null

  /**
  The number of elements, or null if there is an end mark.

  Elements that share one of the types without a value take no bytes. All others take at least one,
    so the number is limited by the number of bytes.
  */
  count_ common-type/int? -> int?:
    if not accept_ '#':
      if common-type: throw INVALID-INPUT-ERROR
      return null
    count := size_
    is-empty-type := common-type == 'Z' or common-type == 'T' or common-type == 'F'
    if count > bytes_.size - position_ and not is-empty-type: throw INVALID-INPUT-ERROR
    return count

  /** Calls $block for each of $count elements. If $count is null, calls it until the $end-mark comes. */
  elements_ count/int? end-mark/int [block] -> none:
    if count:
      count.repeat: block.call
    else:
      while true:
        skip-padding_
        if accept_ end-mark: return
        block.call

  map_ -> Map:
    common-type := common-type_
    result := {:}
    elements_ (count_ common-type) '}':
      skip-padding_
      key := text_
      result[key] = value_ (common-type or type_)
    return result

  list_ -> any:
    common-type := common-type_
    count := count_ common-type
    if count and common-type == 'U':
      start := advance_ count
      return bytes_.copy start start + count
    result := []
    elements_ count ']': result.add (value_ (common-type or type_))
    return result
