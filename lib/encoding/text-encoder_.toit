import io

import .nesting_

/** An encoder that writes objects as text: the common part of the encoders of JSON and YAML. */
abstract class TextEncoder_ extends Object with Nesting_:
  /** The number of bytes that are collected before they are passed to the writer. */
  static CHUNK-SIZE_ ::= 1024

  buffer_/io.Buffer ::= io.Buffer
  writer_/io.Writer?

  /** Constructs an encoder that writes to $writer. Without a $writer, the encoder collects all text. */
  constructor --writer/io.Writer?=null:
    writer_ = writer

  /** The error for an object that cannot be encoded. */
  abstract invalid-object_ -> string

  /**
  Writes $obj.

  Calls $converter with each object in $obj that is not a list, a map, null, a bool, a number or a
    string, and with this encoder. The $converter returns a replacement to write, or null if it has
    written the object itself.
  */
  encode obj/any [converter] -> none:
    if obj is string: put-text_ obj
    else if obj is int: put-unquoted obj.stringify
    else if obj is float: put-float_ obj
    else if obj is Map: nested_: put-map_ obj converter
    else if obj is List: nested_: put-list_ obj.size (: obj[it]) converter
    else if obj == null: put-null_
    else if obj is bool: put-unquoted (obj ? "true" : "false")
    else:
      nested_:
        replacement := converter.call obj this
        if replacement != null: encode replacement converter
    if writer_ and buffer_.size >= CHUNK-SIZE_: flush_

  /** Variant of $(encode obj [converter]). */
  encode obj/any converter/Lambda -> none:
    encode obj: | object encoder | converter.call object encoder

  /** Variant of $(encode obj [converter]) for an object that needs no converter. */
  encode obj/any -> none:
    encode obj: throw invalid-object_

  /**
  Writes a list of $size elements. Calls $generator with each index to get the element.

  Converters call this function.
  */
  put-list size/int [generator] [converter] -> none:
    nested_: put-list_ size generator converter

  /** Writes $data unchanged. It must be valid in the text format. */
  put-unquoted data/io.Data -> none:
    buffer_.write data

  /** The text that has been written so far. With a writer: only the part that was not passed to the writer yet. */
  to-string -> string:
    return buffer_.to-string

  /** The bytes of the text that $to-string returns. */
  to-byte-array -> ByteArray:
    return buffer_.bytes.copy

  /** Passes the collected text to the writer. */
  flush_ -> none:
    writer_.write buffer_.bytes
    buffer_.clear

  abstract put-null_ -> none
  abstract put-text_ text/string -> none
  abstract put-float_ value/float -> none
  abstract put-map_ map/Map [converter] -> none
  abstract put-list_ size/int [generator] [converter] -> none

/** The $text in double quotes, with backslashes where JSON needs them. */
quoted_ text/string -> string:
  #primitive.json.quote
