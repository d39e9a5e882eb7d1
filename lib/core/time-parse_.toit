import .calendar_
import .time

/** Reads the text form of a time. */
class TimeParser_:
  static parse text/string [if-error] -> Time?:
    fail := : return if-error.call "INVALID_ARGUMENT"
    t := text.index-of "T"
    if t < 0: fail.call
    date := numbers_ text[..t] "-" fail
    if date.size != 3: fail.call
    clock := text[t + 1..]
    zone := zone-start_ clock
    time := numbers_ (fraction-cut_ clock[..zone]) ":" fail
    if not 2 <= time.size <= 3: fail.call
    ns := fraction_ clock[..zone] fail
    seconds := time.size == 3 ? time[2] : 0
    if zone == clock.size:
      return Time.local date[0] date[1] date[2] time[0] time[1] seconds --ns=ns
    offset := offset_ clock[zone..] fail
    return Time.utc date[0] date[1] date[2] time[0] (time[1] - offset) seconds --ns=ns

  /** The numbers of $text, which are separated by $separator. */
  static numbers_ text/string separator/string [fail] -> List:
    return (text.split separator).map:
      if it.is-empty or not it[0] or not '0' <= it[0] <= '9': fail.call
      int.parse it --if-error=: fail.call

  /** The position of the zone in $clock, or its end. */
  static zone-start_ clock/string -> int:
    for i := 0; i < clock.size; i++:
      byte := clock.at --raw i
      if byte == 'Z' or byte == '+' or byte == '-': return i
    return clock.size

  /** The minutes that a clock in $zone is ahead of one in UTC. */
  static offset_ zone/string [fail] -> int:
    if zone == "Z": return 0
    if zone.size != 6 or zone[3] != ':': fail.call
    parts := numbers_ zone[1..] ":" fail
    minutes := parts[0] * 60 + parts[1]
    return zone[0] == '-' ? -minutes : minutes

  static fraction-cut_ clock/string -> string:
    point := clock.index-of "."
    return point < 0 ? clock : clock[..point]

  /** The nanoseconds after the decimal point of $clock. */
  static fraction_ clock/string [fail] -> int:
    point := clock.index-of "."
    if point < 0: return 0
    digits := clock[point + 1..]
    if digits.size > 9: fail.call
    return (numbers_ (digits.pad --right 9 '0') ":" fail)[0]
