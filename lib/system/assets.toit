/** Files that are installed together with a container. */

import io
import io show LITTLE-ENDIAN

MARKER_ ::= 0x6395f9f1

/** Names and contents start at multiples of this number of bytes. */
ALIGNMENT_ ::= 4

/**
The files in $assets, by name. Without an argument, the assets of the container itself. The contents
  are byte arrays.
*/
decode assets/ByteArray=assets_ -> Map:
  result := {:}
  if assets.is-empty: return result
  position := 0
  number := :
    position += 4
    LITTLE-ENDIAN.uint32 assets position - 4
  part := :
    size := number.call
    start := position
    position += round-up size ALIGNMENT_
    assets[start..start + size]
  marker := number.call
  if marker != MARKER_:
    throw "cannot decode assets - wrong marker (0x$(%x marker) != 0x$(%x MARKER_))"
  number.call.repeat:
    name := part.call
    result[name.to-string] = part.call
  return result

/**
The encoded form of $entries, which $decode reads. The keys are strings (the names), the values byte
  arrays (the contents).
*/
encode entries/Map -> ByteArray:
  buffer := io.Buffer
  numbers := buffer.little-endian
  numbers.write-uint32 MARKER_
  numbers.write-uint32 entries.size
  entries.do: | name/string content/ByteArray |
    [name, content].do: | part/io.Data |
      numbers.write-uint32 part.byte-size
      buffer.write part
      buffer.pad --alignment=ALIGNMENT_
  return buffer.bytes.copy

/** The encoded assets of this container. Empty for a program outside of a container. */
assets_ -> ByteArray:
  #primitive.system.assets
