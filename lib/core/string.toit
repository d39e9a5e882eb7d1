import io

import .string-format_
import .string-slice_

/** The number of bytes that the rune $char takes in UTF-8. */
utf-8-bytes char/int -> int:
  if not (0 <= char < 0xd800 or 0xe000 <= char <= 0x10ffff): throw "INVALID_ARGUMENT"
  if char < 0x80: return 1
  if char < 0x800: return 2
  return char < 0x1_0000 ? 3 : 4

/**
Writes the rune $char as UTF-8 to $byte-array, starting at $position. Writes nothing if $byte-array
  is null.

Returns the number of bytes that it takes.
*/
write-utf-8-to-byte-array byte-array/ByteArray? position/int char/int -> int:
  count := utf-8-bytes char
  if byte-array: (string.from-rune char).write-to-byte-array byte-array position
  return count

/**
An immutable text of Unicode runes, stored as UTF-8.

Positions in a string count bytes. A rune beyond ASCII takes 2 to 4 bytes, and no operation splits
  one.
*/
abstract class string implements Comparable io.Data:
  /** Shorter parts are copied: the slice object would take more room than the bytes. */
  static MIN-SLICE-SIZE_ ::= 16

  constructor.from-subclass_:

  /** Creates a string of one $rune. */
  constructor.from-rune rune/int:
    return string-from-rune_ rune

  /** Creates a string of the given $runes. */
  constructor.from-runes runes/List:
    return string-join_ (Array_ runes.size: string-from-rune_ runes[it]) ""

  /** Creates a string from little-endian UTF-16. Lone surrogates become U+FFFD. */
  constructor.from-utf-16 byte-array/ByteArray:
    return string-from-utf-16_ byte-array

  /** The number of bytes. */
  size -> int:
    #primitive.string.size

  /** The number of runes. Counting takes linear time. */
  size --runes/True -> int:
    return string-rune-count_ this

  /** Whether this is `""`. */
  is-empty -> bool:
    return size == 0

  /** The rune that starts at byte $i, or null if no rune starts there. */
  operator [] i/int -> int?:
    #primitive.string.at

  /** The byte at $i. */
  at --raw/True i/int -> int:
    return byte-at i

  /**
  The part from $from to $to (exclusive), both of which must lie between runes.

  It may be a view that keeps this string alive; see $copy.
  */
  operator [..] --from=0 --to=size -> string:
    if from == 0 and to == size: return this
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    if to - from < MIN-SLICE-SIZE_: return copy from to
    if not ((is-border_ from) and (is-border_ to)): throw "ILLEGAL_UTF_8"
    if this is StringSlice_:
      outer := this as StringSlice_
      return StringSlice_ outer.str_ (outer.from_ + from) (outer.from_ + to)
    return StringSlice_ (this as String_) from to

  /** Whether $index is not inside a rune. */
  is-border_ index/int -> bool:
    return index == size or (byte-at index) & 0xc0 != 0x80

  /** A copy of the part from $from to the end. */
  copy from/int=0 -> string:
    return copy from size

  /** A copy of the part from $from to $to (exclusive). */
  copy from/int to/int -> string:
    #primitive.string.copy

  /** Variant of $(copy from to). If $force-valid, moves an end inside a rune back to the start of the rune. */
  copy from/int to/int=size --force-valid/bool -> string:
    if not force-valid: return copy from to
    return copy (rune-index from) (rune-index to)

  /** The same as $copy; byte arrays have it, too. */
  to-string from/int=0 to/int=size -> string:
    return copy from to

  /** The start of the rune that the byte at $index belongs to. */
  rune-index index/int -> int:
    if not 0 <= index <= size: throw "OUT_OF_BOUNDS"
    start := index
    while not is-border_ start: start--
    return start

  /** Calls $block for each byte with the rune that starts there, or null if none does. */
  do [block] -> none:
    size := this.size
    for i := 0; i < size; i++: block.call this[i]

  /** Calls $block with each rune. */
  do --runes/True [block] -> none:
    size := this.size
    for i := 0; i < size; i++:
      rune := this[i]
      if rune: block.call rune

  /**
  A string of the results of $block for each rune.

  A result may be a string, a rune, a byte array, null for nothing, or a list of these.
  */
  flat-map [block] -> string:
    parts := []
    do --runes: | rune |
      part := block.call rune
      if part is List:
        (part as List).do: parts.add (flat-part_ it)
      else:
        parts.add (flat-part_ part)
    return parts.join ""

  static flat-part_ part/any -> string:
    if part == null: return ""
    if part is string: return part
    if part is int: return string.from-rune part
    if part is ByteArray: return (part as ByteArray).to-string
    throw "Invalid replacement"

  /** The text of $object according to $format, as in `"$(format object)"`. */
  static format format/string object -> string:
    return (Format_ format).apply object

  /** The hash code. A byte array with the same bytes shares it. */
  hash-code -> int:
    #primitive.string.hash

  /** This string, then $other. */
  operator + other/string -> string:
    #primitive.string.add

  /** This string, $amount times. */
  operator * amount/int -> string:
    if amount < 0: throw "Bad Argument"
    return string-repeat_ this amount

  /** Whether $other is a string with the same characters. */
  operator == other -> bool:
    #primitive.string.equals

  /** Whether this string comes before $other. */
  operator < other/string -> bool:
    return (compare-to other) < 0

  /** Whether this string comes before $other or equals it. */
  operator <= other/string -> bool:
    return (compare-to other) <= 0

  /** Whether this string comes after $other. */
  operator > other/string -> bool:
    return (compare-to other) > 0

  /** Whether this string comes after $other or equals it. */
  operator >= other/string -> bool:
    return (compare-to other) >= 0

  /** -1, 0 or 1 if this string comes before, with or after $other in the order of the runes. */
  compare-to other/string -> int:
    #primitive.string.compare

  /** Variant of $(compare-to other) that returns the result of $if-equal if the strings are equal. */
  compare-to other/string [--if-equal] -> int:
    order := compare-to other
    return order == 0 ? if-equal.call : order

  /** See $super. */
  stringify -> string:
    return this

  /** This string, with one $char before it for each byte that is missing to $amount bytes. */
  pad --left/True=true amount/int char/int=' ' -> string:
    return pad_ (amount - size) 0 char

  /** This string, with one $char after it for each byte that is missing to $amount bytes. */
  pad --right/True amount/int char/int=' ' -> string:
    return pad_ 0 (amount - size) char

  /** This string, centered with one $char for each byte that is missing to $amount bytes. */
  pad --center/True amount/int char/int=' ' -> string:
    missing := amount - size
    return pad_ (missing / 2) (missing - missing / 2) char

  pad_ left/int right/int char/int -> string:
    if left <= 0 and right <= 0: return this
    filler := string.from-rune char
    return "$(filler * (max left 0))$this$(filler * (max right 0))"

  /** Whether this string starts with $prefix. */
  starts-with prefix/string -> bool:
    return matches prefix --at=0

  /** Whether this string ends with $suffix. */
  ends-with suffix/string -> bool:
    return matches suffix --at=(size - suffix.size)

  /** Whether $needle occurs at the position $at, which may lie outside of this string. */
  matches needle/string --at/int -> bool:
    return string-matches_ this needle at

  /**
  Whether all of this string matches $pattern.

  In the pattern, `?` stands for any rune, `*` for any number of runes, and a backslash
    takes away the special meaning of the next rune.
  */
  glob pattern/string -> bool:
    return glob_ pattern 0 0

  glob_ pattern/string in-pattern/int at/int -> bool:
    while in-pattern < pattern.size:
      rune := pattern[in-pattern]
      in-pattern += utf-8-bytes rune
      if rune == '*':
        for end := at; end <= size; end++:
          if glob_ pattern in-pattern end: return true
        return false
      if at >= size: return false
      actual := this[at]
      if not actual: return false
      if rune == '\\' and in-pattern < pattern.size:
        rune = pattern[in-pattern]
        in-pattern += utf-8-bytes rune
        if rune != actual: return false
      else if rune != '?' and rune != actual:
        return false
      at += utf-8-bytes actual
    return at == size

  /**
  The position of the first $needle (or the $last one), or -1.

  Only occurrences that lie entirely between $from and $to count.
  */
  index-of --last/bool=false needle/string from/int=0 to/int=size -> int:
    if not 0 <= from <= to <= size: throw "BAD ARGUMENTS"
    return string-index-of_ this needle from to last

  /** Variant of $(index-of --last needle from to) that returns the result of $if-absent if there is none. */
  index-of --last/bool=false needle/string from/int=0 to/int=size [--if-absent]:
    position := index-of --last=last needle from to
    return position < 0 ? (if-absent.call this) : position

  /** Whether $needle lies between $from and $to. */
  contains needle/string from/int=0 to/int=size -> bool:
    return (index-of needle from to) >= 0

  /** This string without whitespace (as Unicode defines it) at both ends. */
  trim -> string:
    start := string-trim-start_ this
    return this[start..(max start (string-trim-end_ this))]

  /** This string without whitespace at its start. */
  trim --left/True -> string:
    return this[(string-trim-start_ this)..]

  /** This string without whitespace at its end. */
  trim --right/True -> string:
    return this[..(string-trim-end_ this)]

  /** This string without $prefix, if it starts with it. */
  trim --left/True prefix/string -> string:
    return trim --left prefix --if-absent=: it

  /** This string without $prefix. If it does not start with $prefix, returns the result of $if-absent. */
  trim --left/True prefix/string [--if-absent] -> string:
    return (starts-with prefix) ? this[prefix.size..] : if-absent.call this

  /** This string without $suffix, if it ends with it. */
  trim --right/True suffix/string -> string:
    return trim --right suffix --if-absent=: it

  /** This string without $suffix. If it does not end with $suffix, returns the result of $if-absent. */
  trim --right/True suffix/string [--if-absent] -> string:
    return (ends-with suffix) ? this[..size - suffix.size] : if-absent.call this

  /** This string with the letters from a to z in upper case. */
  to-ascii-upper -> string:
    return string-ascii-case_ this true

  /** This string with the letters from A to Z in lower case. */
  to-ascii-lower -> string:
    return string-ascii-case_ this false

  /** Whether all runes are below 128. */
  contains-only-ascii -> bool:
    return string-is-ascii_ this

  /**
  Calls $process-part with the parts of this string between occurrences of $separator.

  If $at-first, only the first separator counts. Empty parts are left out if $drop-empty. An empty
    separator splits between all runes.
  */
  split --at-first/bool=false separator/string --drop-empty/bool=false [process-part] -> none:
    take := : if not (drop-empty and it.is-empty): process-part.call it
    if separator.is-empty:
      split-runes_ at-first take
      return
    start := 0
    while true:
      end := index-of separator start
      if end < 0: break
      take.call this[start..end]
      start = end + separator.size
      if at-first: break
    take.call this[start..]

  split-runes_ at-first/bool [take] -> none:
    if at-first:
      if is-empty: throw "INVALID_ARGUMENT"
      end := utf-8-bytes this[0]
      take.call this[..end]
      take.call this[end..]
    else:
      do --runes: take.call (string.from-rune it)

  /** Variant of $(split --at-first separator --drop-empty [process-part]) that returns a list. */
  split --at-first/bool=false separator/string --drop-empty/bool=false -> List:
    result := []
    split --at-first=at-first separator --drop-empty=drop-empty: result.add it
    return result

  /** This string with $replacement for the first $needle (or $all of them) between $from and $to. */
  replace --all/bool=false needle/string replacement/string from/int=0 to/int=size -> string:
    return replace --all=all needle from to: replacement

  /** Variant of $(replace --all needle replacement from to) that calls $replacement-callback with the needle. */
  replace --all/bool=false needle/string from/int=0 to/int=size [replacement-callback] -> string:
    position := index-of needle from to
    if position < 0: return this
    parts := []
    done := 0
    while position >= 0:
      parts.add this[done..position]
      parts.add (replacement-callback.call needle)
      done = position + needle.size
      // An empty needle is found again at the next rune.
      next := needle.is-empty ? (position < to ? position + (utf-8-bytes this[position]) : to + 1) : done
      position = all and next <= to ? (index-of needle next to) : -1
    parts.add this[done..]
    return parts.join ""

  /**
  Replaces each name between $open and $close, including both marks, with the result of $block for the name.

  Names are trimmed. If $block returns null, the text stays unchanged.
  */
  substitute [block] -> string
      --open/string="{{"
      --close/string="}}":
    parts := []
    done := 0
    while true:
      start := index-of open done
      end := start < 0 ? -1 : (index-of close (start + open.size))
      if end < 0: break
      next := end + close.size
      value := block.call this[start + open.size..end].trim
      parts.add this[done..start]
      parts.add (value == null ? this[start..next] : value.stringify)
      done = next
    if done == 0: return this
    parts.add this[done..]
    return parts.join ""

  /** The bytes. */
  to-byte-array -> ByteArray:
    return to-byte-array 0 size

  /** Deprecated. Use $to-byte-array on a slice. */
  to-byte-array start/int end/int -> ByteArray:
    return start == end ? (ByteArray 0) : ByteArray.from this start end

  /** The bytes as little-endian UTF-16. */
  to-utf-16 -> ByteArray:
    return string-to-utf-16_ this

  /** Copies the bytes to the start of $byte-array. */
  write-to-byte-array byte-array/ByteArray -> none:
    write-to-byte-array byte-array --at=0 0 size

  /** Copies the bytes to $byte-array, starting at $dest-index. */
  write-to-byte-array byte-array/ByteArray dest-index/int -> none:
    write-to-byte-array byte-array --at=dest-index 0 size

  /** Deprecated. Use $(write-to-byte-array byte-array --at from to). */
  write-to-byte-array byte-array/ByteArray start/int end/int dest-index/int -> none:
    write-to-byte-array byte-array --at=dest-index start end

  /** See $io.Data.write-to-byte-array. */
  write-to-byte-array byte-array/ByteArray --at/int from/int to/int -> none:
    if from != to: byte-array.replace at this from to

  /** See $io.Data.byte-size. */
  byte-size -> int:
    return size

  /** See $io.Data.byte-slice. */
  byte-slice from/int to/int -> io.Data:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    return StringByteSlice_ this from to

  /** See $io.Data.byte-at. */
  byte-at index/int -> int:
    #primitive.string.byte-at

/** A string that holds its bytes itself. */
class String_ extends string:
  constructor.private_:
    super.from-subclass_

string-rune-count_ text/string -> int:
  #primitive.string.rune-count

string-from-rune_ rune/int -> string:
  #primitive.string.from-rune

string-repeat_ text/string count/int -> string:
  #primitive.string.repeat

string-matches_ text/string needle/string at/int -> bool:
  #primitive.string.matches

string-index-of_ text/string needle/string from/int to/int last/bool -> int:
  #primitive.string.index-of

string-trim-start_ text/string -> int:
  #primitive.string.trim-start

string-trim-end_ text/string -> int:
  #primitive.string.trim-end

string-ascii-case_ text/string upper/bool -> string:
  #primitive.string.ascii-case

string-is-ascii_ text/string -> bool:
  #primitive.string.is-ascii

string-from-utf-16_ bytes/ByteArray -> string:
  #primitive.string.from-utf-16

string-to-utf-16_ text/string -> ByteArray:
  #primitive.string.to-utf-16

/** Concatenates $parts, which must all be strings, with $separator between them. */
string-join_ parts/Array_ separator/string -> string:
  #primitive.string.join
