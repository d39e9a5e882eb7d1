/**
A base for parsers of small grammars.

Reading YAML itself is native; packages build parsers of their own on this.
*/

/**
A parser whose methods follow the rules of a parsing expression grammar.

If a rule matches, its method skips the matched text and returns a value other than null and false.
  Otherwise it returns null or false, and the position is as before. So rules are combined
  by `and` and `or`, within $try-parse.
*/
abstract class PegParserBase_:
  bytes_/ByteArray
  offset_/int := 0

  /** Starts before the first of the bytes, which are a text in UTF-8. */
  constructor .bytes_:

  /** The current position, for $rollback, $at-mark and $string-since. */
  mark -> any:
    return offset_

  /** Goes back to a $mark. */
  rollback mark -> none:
    offset_ = mark

  /** Whether the current position is that of a $mark. */
  at-mark mark -> bool:
    return offset_ == mark

  /**
  The result of $block. If it is null or false, goes back to where the block started.

  A block that returns from its method keeps the position.
  */
  try-parse [block] -> any:
    start := offset_
    result := block.call
    if not result: offset_ = start
    return result

  /** Whether the result of $block is neither null nor false. Goes back in any case. */
  lookahead [block] -> bool:
    start := offset_
    try:
      return block.call ? true : false
    finally:
      offset_ = start

  /**
  Whether the result of $block, started $rune-count runes before the current position, is neither null
    nor false. False if there are fewer runes. Goes back in any case.
  */
  lookbehind rune-count [block] -> bool:
    start := offset_
    try:
      rune-count.repeat: if not step-back_: return false
      return block.call ? true : false
    finally:
      offset_ = start

  /** Goes to the start of the rune before the current position. Returns false at the start of the text. */
  step-back_ -> bool:
    if bof: return false
    offset_--
    while offset_ > 0 and bytes_[offset_] & 0b1100_0000 == 0b1000_0000: offset_--
    return true

  /** The offset of the next byte. */
  current-position -> int:
    return offset_

  /** Whether all bytes were consumed. */
  eof -> bool:
    return offset_ >= bytes_.size

  /** Whether no byte was consumed. */
  bof -> bool:
    return offset_ == 0

  /** Consumes and returns the next rune; null at the end of the text. */
  consume-rune -> int?:
    if not can-read 1: return null
    byte := bytes_[offset_]
    size := byte < 0x80 ? 1 : (byte < 0xe0 ? 2 : (byte < 0xf0 ? 3 : 4))
    if not can-read size: return null
    rune := bytes_[offset_ .. offset_ + size].to-string[0]
    offset_ += size
    return rune

  /** The next $n bytes, which are not consumed. */
  peek-slice n/int -> ByteArray:
    return bytes_[offset_ .. offset_ + n]

  /** The text from a $mark to the current position. */
  string-since mark -> string:
    return bytes_[mark..offset_].to-string

  /** The number of bytes from a $mark to the current position. Negative if the mark comes later. */
  bytes-since-mark mark -> int:
    return offset_ - mark

  /**
  The results of $block, which is called until its result is null or false.

  With $at-least-one, null if there would be none.
  */
  repeat --at-least-one/bool=false [block] -> List?:
    results := []
    while true:
      start := offset_
      result := try-parse block
      if not result: break
      results.add result
      // A rule that matches the empty text would match forever.
      if offset_ == start: break
    return at-least-one and results.is-empty ? null : results

  /**
  The result of $block if it is neither null nor false. Otherwise goes back, and returns true, or null
    if $or-null.
  */
  optional --or-null/bool=false [block] -> any:
    return (try-parse block) or (or-null ? null : true)

  /** Whether there are $num more bytes. */
  can-read num/int -> bool:
    return offset_ + num <= bytes_.size

  /** Consumes and returns the next byte if $block returns true for it. Otherwise null. */
  match-one [block] -> int?:
    if not can-read 1: return null
    byte := bytes_[offset_]
    if not block.call byte: return null
    offset_++
    return byte

  /** Consumes the next $n bytes if $block returns true for each. Returns whether it does. */
  match-many n [block] -> bool:
    if not can-read n: return false
    n.repeat: if not block.call bytes_[offset_ + it]: return false
    offset_ += n
    return true

  /** Consumes and returns the next byte; null at the end of the text. */
  match-any -> int?:
    return match-one: true

  /** Consumes and returns the next byte if it is $byte. Otherwise null. */
  match-char byte/int -> int?:
    return match-one: it == byte

  /** Consumes and returns the next byte if it is one of $chars. Otherwise null. */
  match-chars chars/Set -> int?:
    return match-one: chars.contains it

  /** Consumes and returns the next byte if it is $from, $to or between them. Otherwise null. */
  match-range from/int to/int -> int?:
    return match-one: from <= it <= to

  /** Consumes the bytes $buf if they come next. Returns whether they do. */
  match-buffer buf/ByteArray -> bool:
    index := 0
    return match-many buf.size: it == buf[index++]

  /** Consumes the text $str if it comes next. Returns whether it does. */
  match-string str/string -> bool:
    return match-buffer str.to-byte-array
