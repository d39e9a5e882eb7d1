import .byte-array

/** A view of a part of a byte array. A slice of a slice refers to the byte array itself. */
class ByteArraySlice_ extends ByteArrayBase_:
  byte-array_/ByteArray
  from_/int
  to_/int

  constructor .byte-array_ .from_ .to_:
    if not 0 <= from_ <= to_ <= byte-array_.size: throw "OUT_OF_BOUNDS"

  size -> int:
    return to_ - from_

  operator [..] --from/int=0 --to/int=size -> ByteArray:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    return ByteArraySlice_ byte-array_ (from_ + from) (from_ + to)
