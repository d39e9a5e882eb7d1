/**
Copies bytes in lines of pixels, and combines them with those that are there.

The functions that draw on a display are not part of this version.
*/

import io

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

/** Sets all $bytes to the lowest byte of $value. */
bytemap-zap bytes/ByteArray value/int -> none:
  bytes.fill value

/**
Copies pixels, a byte each, from $source to $destination, as many lines as both have.

A byte of the source is replaced by its entry in $lookup-table, which has 256, then rotated right by $shift bits, and
  limited to the bits of $mask. The $operation combines it with the byte of the destination: $OVERWRITE, $OR, $ADD,
  $ADD-16-LE, $AND or $XOR.

A pixel is a stride behind the one before it. With a stride of 0, all pixels are the same byte.
*/
blit source/io.Data destination/ByteArray pixels-per-line/int -> none
    --destination-pixel-stride/int=1
    --destination-line-stride/int=(pixels-per-line * destination-pixel-stride)
    --source-pixel-stride/int=1
    --source-line-stride/int=(pixels-per-line * source-pixel-stride)
    --lookup-table/ByteArray?=null
    --shift/int=0
    --mask/int=0xff
    --operation/int=OVERWRITE:
  if not OVERWRITE <= operation <= XOR: throw "OUT_OF_BOUNDS"
  if pixels-per-line < 0 or source-pixel-stride < 0 or destination-pixel-stride < 0: throw "INVALID_ARGUMENT"
  if source-line-stride < 0 or destination-line-stride < 0: throw "INVALID_ARGUMENT"
  if source-line-stride == 0 and destination-line-stride == 0: throw "INVALID_ARGUMENT"
  if lookup-table and lookup-table.size < 256: throw "INVALID_ARGUMENT"
  source-end := source.byte-size - (pixels-per-line - 1) * source-pixel-stride
  destination-end := destination.size - (pixels-per-line - 1) * destination-pixel-stride
  if operation == ADD-16-LE: destination-end--
  from := 0
  to := 0
  while from < source-end and to < destination-end:
    pixels-per-line.repeat:
      byte := source.byte-at from + it * source-pixel-stride
      if lookup-table: byte = lookup-table[byte]
      byte = (byte << 8 | byte) >> (shift & 7) & mask & 0xff
      combine_ destination (to + it * destination-pixel-stride) byte operation
    from += source-line-stride
    to += destination-line-stride

combine_ destination/ByteArray at/int byte/int operation/int -> none:
  old := destination[at]
  if operation == OVERWRITE: destination[at] = byte
  else if operation == OR: destination[at] = old | byte
  else if operation == ADD: destination[at] = min 0xff (old + byte)
  else if operation == AND: destination[at] = old & byte
  else if operation == XOR: destination[at] = old ^ byte
  else: io.LITTLE-ENDIAN.put-uint16 destination at (min 0xffff (old + (destination[at + 1] << 8) + byte))
