/**
Drawing on byte arrays: lines of pixels, rectangles, images, and text.

An image has one of two layouts. In a *bytemap*, each pixel is a byte; the lines of pixels follow each other from top to
  bottom. In a *bitmap*, each byte is a column of eight pixels, the lowest bit at the top; the strips of such columns
  follow each other from top to bottom, as many displays expect it. What lies outside of an image is not drawn.

The width of an image must divide its size. Otherwise a function throws OUT_OF_BOUNDS.

An orientation turns what is drawn around the point where it starts.
*/

import io

/** Orientation: from left to right. */
ORIENTATION-0 ::= 0
/** Orientation: a quarter turn to the left, so from bottom to top. */
ORIENTATION-90 ::= 1
/** Orientation: upside down. */
ORIENTATION-180 ::= 2
/** Orientation: a quarter turn to the right, so from top to bottom. */
ORIENTATION-270 ::= 3

/** Operation of $blit: the byte replaces the one that is there. */
OVERWRITE ::= 0
/** Operation of $blit: the bits of both. */
OR ::= 1
/** Operation of $blit: the sum of both, at most 255. */
ADD ::= 2
/** Operation of $blit: adds the byte to a number of two bytes, little-endian; the sum is at most 65535. */
ADD-16-LE ::= 3
/** Operation of $blit: the bits that both have. */
AND ::= 4
/** Operation of $blit: the bits that one of both has. */
XOR ::= 5

/** Sets all pixels of a bitmap to a $color, 0 or 1. */
bitmap-zap byte-array/ByteArray color/int -> none:
  byte-array.fill (color == 0 ? 0 : 0xff)

/** Sets all $bytes to the lowest byte of $value. */
bytemap-zap bytes/ByteArray value/int -> none:
  bytes.fill value

/** Fills a rectangle of a bitmap with a $color, 0 or 1. Returns whether any of it is inside of the image. */
bitmap-rectangle x/int y/int color/int width/int height/int byte-array/ByteArray byte-array-width/int -> bool:
  #primitive.bitmap.rectangle

/** Fills a rectangle of a bytemap with a $color. Returns whether any of it is inside of the image. */
bytemap-rectangle x/int y/int color/int w/int h/int byte-array/ByteArray byte-array-width/int -> bool:
  #primitive.bitmap.byte-rectangle

/**
Writes a text on a bitmap, with a $color, 0 or 1. It starts at $x, $y, with its letters above this point.

See $ORIENTATION-0 and its kin.
*/
bitmap-draw-text -> none
    x/int
    y/int
    color/int
    orientation/int
    text/string
    font
    byte-array/ByteArray
    byte-array-width/int:
  bitmap-draw-text_ x y color orientation text font.proxy byte-array byte-array-width

bitmap-draw-text_ x y color orientation text font byte-array byte-array-width -> none:
  #primitive.bitmap.draw-text

/** Variant of $bitmap-draw-text for bytemaps. */
bytemap-draw-text -> none
    x/int
    y/int
    color/int
    orientation/int
    text/string
    font
    byte-array/ByteArray
    byte-array-width/int:
  bytemap-draw-text_ x y color orientation text font.proxy byte-array byte-array-width

bytemap-draw-text_ x y color orientation text font byte-array byte-array-width -> none:
  #primitive.bitmap.byte-draw-text

/**
Draws the pixels of the $source that are 1. The source starts at $x, $y with its top left corner.

The lines of the source are bytes, whose highest bit is at the left. $source-line-stride is the number of bytes from the
  start of a line to that of the next one.

The destination is a bitmap, or, if $bytewise is true, a bytemap.
*/
bitmap-draw-bitmap x/int y/int -> none
    --color/int
    --orientation/int=0
    --source/io.Data
    --source-width/int
    --source-line-stride/int=((source-width + 7) >> 3)
    --destination/ByteArray
    --destination-width/int
    --bytewise/bool=false:
  bitmap-draw-bitmap_
      x
      y
      color
      orientation
      source
      0
      source-width
      source-line-stride
      destination
      destination-width
      bytewise

/** Deprecated. Use the variant with named parameters. */
bitmap-draw-bitmap -> none
    x/int
    y/int
    color/int
    orientation/int
    source/io.Data
    source-offset/int
    source-width/int
    byte-array/ByteArray
    byte-array-width/int
    bytewise/bool:
  stride := (source-width + 7) >> 3
  bitmap-draw-bitmap_
      x
      y
      color
      orientation
      source
      source-offset
      source-width
      stride
      byte-array
      byte-array-width
      bytewise

bitmap-draw-bitmap_ x y color orientation source offset width stride destination destination-width bytewise -> none:
  #primitive.bitmap.draw-bitmap: | error |
    io.primitive-redo-io-data_ error source: | bytes |
      bitmap-draw-bitmap_ x y color orientation bytes offset width stride destination destination-width bytewise

/**
Draws the $source, a bytemap, on a bytemap. It starts at $x, $y with its top left corner.

Pixels of the source that are $transparent-index are not drawn. Instead, $alpha can have an opacity for each value of a
  pixel, from 0 to 255; values beyond it are opaque. Each third byte of the $palette replaces a value; values beyond it
  stay what they are.
*/
bitmap-draw-bytemap x/int y/int -> none
    --transparent-index/int=-1
    --alpha/ByteArray?=null
    --orientation/int=0
    --source/io.Data
    --source-width/int
    --source-line-stride/int=source-width
    --palette/ByteArray=#[]
    --destination/ByteArray
    --destination-width/int:
  if transparent-index >= 0 and alpha: throw "Specified both alpha and transparent-index"
  transparent := alpha or transparent-index
  bitmap-draw-bytemap_
      x
      y
      transparent
      orientation
      source
      source-width
      source-line-stride
      palette
      destination
      destination-width

/** Deprecated. Use the variant with named parameters. */
bitmap-draw-bytemap -> none
    x/int
    y/int
    transparent-color
    orientation/int
    source/io.Data
    source-width/int
    palette/ByteArray
    destination-array/ByteArray
    destination-width/int:
  bitmap-draw-bytemap_
      x
      y
      transparent-color
      orientation
      source
      source-width
      source-width
      palette
      destination-array
      destination-width

bitmap-draw-bytemap_ x y transparent orientation source width stride palette destination destination-width -> none:
  #primitive.bitmap.draw-bytemap: | error |
    io.primitive-redo-io-data_ error source: | bytes |
      bitmap-draw-bytemap_ x y transparent orientation bytes width stride palette destination destination-width

/**
Copies pixels, a byte each, from $source to $destination, as many lines as both have.

A byte of the source is replaced by its entry in $lookup-table, which has 256, then rotated right by $shift bits (to the
  left if that is negative), and limited to the bits of $mask. The $operation combines it with the byte of the
  destination: $OVERWRITE, $OR, $ADD, $ADD-16-LE, $AND or $XOR.

A pixel is a stride behind the one before it. With a stride of 0, all pixels are the same byte. With a negative
  $destination-pixel-stride, the first pixel of a line is the last one of the source.
*/
blit source/io.Data destination/ByteArray pixels-per-line/int -> none
    --destination-pixel-stride/int=1
    --destination-line-stride/int=(pixels-per-line * destination-pixel-stride.abs)
    --source-pixel-stride/int=1
    --source-line-stride/int=(pixels-per-line * source-pixel-stride)
    --lookup-table/ByteArray?=null
    --shift/int=0
    --mask/int=0xff
    --operation/int=OVERWRITE:
  line := 0
  while line:
    line = blit_
        destination
        destination-pixel-stride
        destination-line-stride
        source
        source-pixel-stride
        source-line-stride
        pixels-per-line
        lookup-table
        shift
        mask
        operation
        line

/** Copies lines from line $first on. Returns the line to go on with, or null at the end. */
blit_
    destination
    pixel-stride
    line-stride
    source
    source-pixel-stride
    source-line-stride
    pixels
    table
    shift
    mask
    operation
    first -> int?:
  #primitive.bitmap.blit: | error |
    return io.primitive-redo-io-data_ error source: | bytes |
      blit_
          destination
          pixel-stride
          line-stride
          bytes
          source-pixel-stride
          source-line-stride
          pixels
          table
          shift
          mask
          operation
          first

/** Replaces each byte of the $source by its entry in the $table, which has 256, and writes it to the $destination. */
lut source/io.Data destination/ByteArray table/ByteArray -> none:
  size := min source.byte-size destination.size
  if size > 0: blit source destination size --lookup-table=table

/**
Draws a frame on $dest, and a painting on top of it. All have the same size.

An opacity has an entry for each byte, or one for all. In bytemaps, it goes from 0 to 255. In bitmaps, for which
  $bits-not-bytes is true, each of its bits is that of a pixel. Without a $frame, only the painting is drawn.
*/
composit-bytes dest/ByteArray frame-opacity/ByteArray frame/ByteArray?
    painting-opacity/ByteArray painting/ByteArray bits-not-bytes/bool -> none:
  #primitive.bitmap.composit

/**
Blurs a bytemap. A radius goes from 2 to 6; smaller ones do not blur.

Pixels that are less than the radius away from the left or the top become 0, and those near the right and the bottom
  stay as they are. So leave a margin.
*/
bytemap-blur byte-array/ByteArray width/int x-blur-radius/int y-blur-radius/int=x-blur-radius -> none:
  #primitive.bitmap.bytemap-blur
