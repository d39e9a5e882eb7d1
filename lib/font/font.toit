/** Bitmap fonts, for texts in the images of the library bitmap. */

import io

/**
A font: a picture for each of its characters.

A character that is not in the font is shown as its number, in two lines of three hexadecimal digits.
*/
class Font:
  static count_ := 0

  state_ := ?
  hash-code/int ::= count_++

  /**
  Constructs a font that comes with the system: "sans10", whose capital letters have 11 pixels.

  If there is no font with this name, what uses the font throws WRONG_OBJECT_TYPE: a label that is never shown need
    not have one.
  */
  constructor.get font-name/string:
    block := builtin_ font-name
    state_ = block and (new_ (Array_.from [block]))

  /**
  Constructs a font with the characters of $unicode-blocks, a list of byte arrays.

  Packages with fonts contain such blocks. Throws INVALID_ARGUMENT if one is not in their format.
  */
  constructor unicode-blocks/List:
    state_ = new_ (Array_.from unicode-blocks)

  /** Constructs a font with the characters of one block. Packages with icons use it. */
  constructor.from-page_ glyph-byte-data/ByteArray:
    return Font [glyph-byte-data]

  /** What the functions that draw take. */
  proxy -> any:
    return state_

  /**
  The smallest box around the pixels of a text, as a list: its width, its height, and the distances of its left side
    and its bottom from the start of the text.
  */
  text-extent str/string from/int=0 to/int=str.size -> List:
    numbers := extent_ state_ str[from..to]
    return List 4: io.LITTLE-ENDIAN.int64 numbers it * 8

  /**
  The distance from the start of a text to that of a text behind it.

  Pixels can be outside of it: see $text-extent.
  */
  pixel-width str/string from/int=0 to/int=str.size -> int:
    return width_ state_ str[from..to]

  /** Whether the font has a character, which is given by its code point. */
  contains character/int -> bool:
    return contains_ state_ character

  /** Frees the font. It is freed without this, too, when it is not used any more. */
  close -> none:
    if not state_: return
    close_ state_
    state_ = null

  static builtin_ name/string -> ByteArray?:
    #primitive.font.builtin

  static new_ blocks/Array_ -> any:
    #primitive.font.new

  static extent_ state text/string -> ByteArray:
    #primitive.font.extent

  static width_ state text/string -> int:
    #primitive.font.width

  static contains_ state character/int -> bool:
    #primitive.font.contains

  static close_ state -> none:
    #primitive.font.close
