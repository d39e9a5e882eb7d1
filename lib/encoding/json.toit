/** The JavaScript Object Notation. See RFC 8259. */

import io
import reader show BufferedReader

import .nesting_
import .text-encoder_

/**
The JSON text of $obj as UTF-8.

$obj may be null, a bool, a number or a string, or a list or map of these. The keys of maps must be
  strings.

For any other object, $converter is called with it and an $Encoder. It returns a replacement to
  encode, or null if it has used the encoder itself.
*/
encode obj [converter] -> ByteArray:
  encoder := Encoder
  encoder.encode obj converter
  return encoder.to-byte-array

/** Variant of $(encode obj [converter]). */
encode obj converter/Lambda -> ByteArray:
  return encode obj: | object encoder | converter.call object encoder

/** Variant of $(encode obj [converter]) for an object that needs no converter. */
encode obj -> ByteArray:
  return encode obj: throw INVALID-OBJECT_

/** Variant of $(encode obj [converter]) that writes to $writer. */
encode-stream --writer/io.Writer obj [converter] -> none:
  encoder := Encoder.stream_ writer
  encoder.encode obj converter
  encoder.flush_

/** Variant of $(encode-stream --writer obj [converter]). */
encode-stream --writer/io.Writer obj converter/Lambda -> none:
  encode-stream --writer=writer obj: | object encoder | converter.call object encoder

/** Variant of $(encode-stream --writer obj [converter]) for an object that needs no converter. */
encode-stream --writer/io.Writer obj -> none:
  encode-stream --writer=writer obj: throw INVALID-OBJECT_

/** Variant of $(encode obj [converter]) that returns a string. */
stringify obj/any [converter] -> string:
  encoder := Encoder
  encoder.encode obj converter
  return encoder.to-string

/** Variant of $(stringify obj [converter]). */
stringify obj/any converter/Lambda -> string:
  return stringify obj: | object encoder | converter.call object encoder

/** Variant of $(stringify obj [converter]) for an object that needs no converter. */
stringify obj/any -> string:
  return stringify obj: throw INVALID-OBJECT_

/** The object that the JSON text in $bytes stands for. */
decode bytes/ByteArray -> any:
  return (Decoder).decode bytes

/** The object that the JSON text $str stands for. */
parse str/string -> any:
  return (Decoder).decode str.to-byte-array

/**
The object of the next JSON text of $reader.

$reader may be an $io.Reader, or any object with a `read` method. An $io.Reader or a $BufferedReader
  gets back the bytes that were read beyond the text; other readers lose them. After a number, one
  more byte or the end must be read.
*/
decode-stream reader -> any:
  return (StreamingDecoder).decode-stream reader

INVALID-OBJECT_    ::= "INVALID_JSON_OBJECT"
INVALID-CHARACTER_ ::= "INVALID_JSON_CHARACTER"

/** Writes JSON. */
class Encoder extends TextEncoder_:
  /** Deprecated. Use `json.encode`. */
  constructor:

  constructor.stream_ writer/io.Writer:
    super --writer=writer

  invalid-object_ -> string:
    return INVALID-OBJECT_

  put-null_ -> none:
    buffer_.write "null"

  put-text_ text/string -> none:
    buffer_.write (quoted_ text)

  put-float_ value/float -> none:
    if not value.is-finite: throw "INVALID_JSON_NUMBER"
    buffer_.write value.stringify

  put-map_ map/Map [converter] -> none:
    separator := '{'
    map.do: | key value |
      if key is not string: throw INVALID-OBJECT_
      buffer_.write-byte separator
      separator = ','
      buffer_.write (quoted_ key)
      buffer_.write-byte ':'
      encode value converter
    if map.is-empty: buffer_.write-byte '{'
    buffer_.write-byte '}'

  put-list_ size/int [generator] [converter] -> none:
    buffer_.write-byte '['
    size.repeat:
      if it > 0: buffer_.write-byte ','
      encode (generator.call it) converter
    buffer_.write-byte ']'

/** Reads JSON. */
class Decoder extends Object with Nesting_:
  /** The characters that numbers consist of: bit N stands for a character whose lowest five bits are N. */
  static NUMBER-TABLE ::= 0x3ff6820
  /** The characters that make a number a float, in the form of $NUMBER-TABLE. */
  static FLOAT-TABLE  ::= 0x4020

  bytes_/ByteArray := #[]
  position_/int := 0

  /** The object that the JSON text in $bytes stands for. */
  decode bytes/ByteArray -> any:
    bytes_ = bytes
    position_ = 0
    result := value_
    if not is-at-end_: throw INVALID-CHARACTER_
    return result

  /** Reads more bytes. Moves unread bytes to the start. Returns whether there are any. */
  more_ -> bool:
    return false

  /** Skips whitespace. Returns whether the input ends after it. */
  is-at-end_ -> bool:
    while true:
      // Usually there is no whitespace.
      if position_ < bytes_.size and bytes_[position_] > ' ': return false
      position_ = json-skip-space_ bytes_ position_
      if position_ < bytes_.size: return false
      if not more_: return true

  /** The next byte other than whitespace. */
  peek_ -> int:
    if is-at-end_: throw "OUT_OF_BOUNDS"
    return bytes_[position_]

  /** Whether the next byte other than whitespace is $byte. If so, skips it. */
  accept_ byte/int -> bool:
    if peek_ != byte: return false
    position_++
    return true

  expect_ byte/int -> none:
    if not accept_ byte: throw INVALID-CHARACTER_

  value_ -> any:
    byte := peek_
    if byte == '"': return text_
    if byte == '{': return nested_: map_
    if byte == '[': return nested_: list_
    if byte == '-' or '0' <= byte <= '9': return number_
    if byte == 't': return word_ "true" true
    if byte == 'f': return word_ "false" false
    if byte == 'n': return word_ "null" null
    throw INVALID-CHARACTER_

  word_ word/string value/any -> any:
    word.size.repeat: | index |
      if position_ == bytes_.size and not more_: throw "OUT_OF_BOUNDS"
      if bytes_[position_++] != word[index]: throw INVALID-CHARACTER_
    return value

  map_ -> Map:
    position_++
    result := {:}
    while not accept_ '}':
      if not result.is-empty: expect_ ','
      if peek_ != '"': throw INVALID-CHARACTER_
      key := text_
      expect_ ':'
      result[key] = value_
    return result

  list_ -> List:
    position_++
    result := []
    while not accept_ ']':
      if not result.is-empty: expect_ ','
      result.add value_
    return result

  number_ -> num:
    length := 1
    while true:
      length = (json-number-end_ bytes_ position_ + length) - position_
      if position_ + length < bytes_.size or not more_: break
    start := position_
    position_ += length
    // The text ends, but the list or map around the number does not.
    if depth_ > 0 and position_ == bytes_.size: throw "UNEXPECTED_END_OF_INPUT"
    return json-number_ bytes_ start position_

  text_ -> string:
    position_++
    plain/string? := json-plain-text_ bytes_ position_
    if not plain: return text-with-escapes_
    position_ += plain.size + 1
    return plain

  /** The number of bytes before the next quote or backslash. There must be one. */
  plain-length_ -> int:
    length := 0
    while true:
      length = (json-plain-end_ bytes_ position_ + length) - position_
      if position_ + length < bytes_.size: return length
      require_ length + 1

  /** Makes sure that $count bytes of a string are there. */
  require_ count/int -> none:
    while bytes_.size - position_ < count:
      if not more_: throw "UNTERMINATED_JSON_STRING"

  text-with-escapes_ -> string:
    result := io.Buffer
    while true:
      length := plain-length_
      result.write bytes_ position_ position_ + length
      position_ += length
      if bytes_[position_++] == '"': return result.to-string
      put-escaped_ result

  /** Reads the rest of an escape sequence, after the backslash. */
  put-escaped_ result/io.Buffer -> none:
    require_ 1
    byte := bytes_[position_++]
    if byte == 'u': result.write (string.from-rune utf-16_)
    else if byte == 'b': result.write-byte '\b'
    else if byte == 'f': result.write-byte '\f'
    else if byte == 'n': result.write-byte '\n'
    else if byte == 'r': result.write-byte '\r'
    else if byte == 't': result.write-byte '\t'
    else: result.write-byte byte

  /** Reads the digits of a rune, which is in two parts if it does not fit into 16 bits. */
  utf-16_ -> int:
    high := four-digits_
    if 0xdc00 <= high <= 0xdfff: throw "UNPAIRED_SURROGATE"
    if not 0xd800 <= high <= 0xdbff: return high
    require_ 6
    if bytes_[position_++] != '\\' or bytes_[position_++] != 'u': throw "UNPAIRED_SURROGATE"
    low := four-digits_
    if not 0xdc00 <= low <= 0xdfff: throw "INVALID_SURROGATE_PAIR"
    return 0x1_0000 + ((high - 0xd800) << 10) + low - 0xdc00

  four-digits_ -> int:
    require_ 4
    value := 0
    4.repeat:
      value = value << 4
          | (hex-char-to-value bytes_[position_++] --if-error=(: throw "BAD \\u ESCAPE IN JSON STRING"))
    return value

/** Reads JSON from a reader. */
class StreamingDecoder extends Decoder:
  reader_/any := null

  /** See `json.decode-stream`. */
  decode-stream reader -> any:
    reader_ = reader
    bytes_ = #[]
    position_ = 0
    if is-at-end_: throw "EMPTY_READER"
    result := value_
    if position_ < bytes_.size and (reader is io.Reader or reader is BufferedReader):
      reader.unget bytes_[position_..]
    bytes_ = #[]
    return result

  more_ -> bool:
    chunk/ByteArray? := reader_.read
    if not chunk: return false
    bytes_ = position_ == bytes_.size ? chunk : bytes_[position_..] + chunk
    position_ = 0
    // A reader may return an empty byte array before its end.
    return chunk.is-empty ? more_ : true

json-skip-space_ bytes/ByteArray from/int -> int:
  #primitive.json.skip-space

json-plain-text_ bytes/ByteArray from/int -> string?:
  #primitive.json.plain-text

json-plain-end_ bytes/ByteArray from/int -> int:
  #primitive.json.plain-end

json-number-end_ bytes/ByteArray from/int -> int:
  #primitive.json.number-end

json-number_ bytes/ByteArray from/int to/int -> num:
  #primitive.json.number
