import io

import ..text-encoder_

INVALID-OBJECT_ ::= "INVALID_YAML_OBJECT"

/** Writes YAML. */
class YamlEncoder extends TextEncoder_:
  /** The indentation of a list or map inside another one. */
  static INDENTATION_ ::= 2
  /** The size up to which a key needs no question mark before it. */
  static KEY-SIZE-MAX_ ::= 1000

  // The places where a value can stand.
  static AT-TOP_ ::= 0
  static AFTER-DASH_ ::= 1
  static AFTER-KEY_ ::= 2

  place_/int := AT-TOP_
  indentation_/int := 0
  is-at-line-start_/bool := false
  is-line-started_/bool := false

  /** Deprecated. Use `yaml.encode`. */
  constructor:

  constructor.stream_ writer/io.Writer:
    super --writer=writer

  invalid-object_ -> string:
    return INVALID-OBJECT_

  /** Ends the line. */
  put-new-line -> none:
    buffer_.write-byte '\n'
    is-at-line-start_ = true

  /** See $super. */
  put-unquoted data/io.Data -> none:
    if place_ == AFTER-KEY_: buffer_.write-byte ' '
    buffer_.write data
    place_ = AT-TOP_
    is-at-line-start_ = false

  put-null_ -> none:
    place_ = AT-TOP_
    is-at-line-start_ = false

  put-text_ text/string -> none:
    put-unquoted (scalar_ text --is-alone=is-alone_)

  put-float_ value/float -> none:
    if value.is-nan: put-unquoted ".nan"
    else if not value.is-finite: put-unquoted (value > 0.0 ? ".inf" : "-.inf")
    else: put-unquoted (float-text_ value)

  /** The text of $value with two decimals. In a list or map, it has more decimals if two are not exact. */
  float-text_ value/float -> string:
    text := value.to-string --precision=2
    return (is-alone_ or (float.parse text) == value) ? text : value.to-string

  /** Whether the next value is in no list or map. */
  is-alone_ -> bool:
    return place_ == AT-TOP_ and indentation_ == 0 and buffer_.size == 0

  /** The $text, with quotes if it would not be read as the same string without quotes. */
  static scalar_ text/string --is-alone/bool=false -> string:
    return (yaml-is-string_ text is-alone) ? text : (yaml-quote_ text)

  put-map_ map/Map [converter] -> none:
    if map.is-empty:
      put-unquoted "{}"
      return
    block_:
      map.do: | key value |
        if key is not string: throw INVALID-OBJECT_
        start-line_
        put-key_ (scalar_ key)
        put-entry_ AFTER-KEY_ value converter

  put-key_ key/string -> none:
    if key.size > KEY-SIZE-MAX_:
      buffer_.write "? "
      buffer_.write key
      put-new-line
      start-line_
    else:
      buffer_.write key
    buffer_.write-byte ':'

  put-list_ size/int [generator] [converter] -> none:
    if size == 0:
      put-unquoted "[]"
      return
    block_:
      size.repeat:
        start-line_
        buffer_.write "- "
        put-entry_ AFTER-DASH_ (generator.call it) converter

  put-entry_ place/int value/any [converter] -> none:
    place_ = place
    encode value converter
    if not is-at-line-start_: put-new-line

  /**
  Calls $block, which writes the lines of a list or map. After a dash, the first line has been started
    already.
  */
  block_ [block] -> none:
    is-line-started_ = place_ == AFTER-DASH_
    if place_ == AFTER-KEY_: put-new-line
    outer := indentation_
    if place_ != AT-TOP_: indentation_ += INDENTATION_
    block.call
    indentation_ = outer

  start-line_ -> none:
    if not is-line-started_: buffer_.write " " * indentation_
    is-line-started_ = false

/** Whether $text without quotes is read as the same string. If $is-alone, it is the whole document. */
yaml-is-string_ text/string is-alone/bool -> bool:
  #primitive.yaml.is-string

/** The $text in double quotes. */
yaml-quote_ text/string -> string:
  #primitive.yaml.quote
