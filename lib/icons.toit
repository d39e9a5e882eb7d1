/** Icons: characters of fonts. Packages contain them. */

import .font

/** An icon. Its text is drawn with its font. */
class Icon:
  code-point_/int
  font_/Font

  constructor .code-point_ .font_:

  /** The text that shows the icon. */
  stringify -> string:
    return string.from-rune code-point_

  /** The font that the icon is a character of. */
  font -> Font:
    return font_

  /** See $Font.pixel-width. */
  pixel-width -> int:
    return font_.pixel-width stringify

  /** See $Font.text-extent. */
  icon-extent -> List:
    return font_.text-extent stringify
