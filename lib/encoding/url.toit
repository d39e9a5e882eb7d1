/** The encoding of text in URLs, with percent signs. */

import io


/**
The percent-encoding of $data.

Letters, digits and `-_.~` stay as they are. Every other byte becomes `%` and two
  upper-case hexadecimal digits.
*/
encode data/io.Data -> string:
  size := data.byte-size
  buffer := io.Buffer.with-capacity size
  size.repeat:
    byte := data.byte-at it
    if is-unreserved_ byte:
      buffer.write-byte byte
    else:
      buffer.write-byte '%'
      buffer.write-byte (to-upper-case-hex byte >> 4)
      buffer.write-byte (to-upper-case-hex byte & 0xf)
  return buffer.to-string

is-unreserved_ byte/int -> bool:
  return '0' <= byte <= '9' or 'a' <= byte <= 'z' or 'A' <= byte <= 'Z'
      or byte == '-' or byte == '_' or byte == '.' or byte == '~'

/**
The text of the percent-encoded $data.

All characters but `%` may also stand for themselves. A plus sign does not stand for a space.
*/
decode data/string -> string:
  if not data.contains "%": return data
  return (decode-binary data).to-string

/** Variant of $decode for bytes, which need not be valid UTF-8. */
decode-binary data/string -> ByteArray:
  size := data.size
  buffer := io.Buffer.with-capacity size
  position := 0
  while position < size:
    byte := data.at --raw position++
    if byte == '%':
      high := hex-char-to-value (data.at --raw position++)
      byte = high << 4 | (hex-char-to-value (data.at --raw position++))
    buffer.write-byte byte
  return buffer.bytes.copy

/**
A URL, taken apart at its query.

In `https://example.com/over/there?name=ferret#fish`, the query is `name=ferret`.
*/
class QueryString:
  /** The part before the query, decoded. */
  resource/string

  /** The names in the query with their values; a name that comes several times has a list of values. */
  parameters/Map

  /** The part after the `#`, decoded. */
  fragment/string

  constructor.private_ .resource .parameters .fragment:

  /**
  Parses $input, which need not be a whole URL.

  The query is decoded according to https://url.spec.whatwg.org/#urlencoded-parsing.
  */
  static parse input/string -> QueryString:
    with-fragment := split-at_ input "#"
    with-query := split-at_ with-fragment[0] "?"
    return QueryString.private_
        decode with-query[0]
        parse-query_ with-query[1]
        decode with-fragment[1]

  /** The parts of $text before and after the first $separator. */
  static split-at_ text/string separator/string -> List:
    parts := text.split --at-first separator
    return parts.size == 1 ? [text, ""] : parts

  static parse-query_ query/string -> Map:
    parameters := {:}
    query.split "&" --drop-empty: | assignment/string |
      parts := split-at_ assignment "="
      add_ parameters (decode-form_ parts[0]) (decode-form_ parts[1])
    return parameters

  static add_ parameters/Map name/string value/string -> none:
    parameters.update name --if-absent=value: | old |
      old is List ? (old as List) + [value] : [old, value]

  static decode-form_ text/string -> string:
    return decode (text.replace --all "+" " ")
