import .duration-parse_

/** A span of time, possibly negative, of up to 292 years in nanoseconds. */
class Duration implements Comparable:
  /** Nanoseconds in a microsecond. */
  static NANOSECONDS-PER-MICROSECOND /int ::= 1_000
  /** Nanoseconds in a millisecond. */
  static NANOSECONDS-PER-MILLISECOND /int ::= 1_000_000
  /** Nanoseconds in a second. */
  static NANOSECONDS-PER-SECOND /int      ::= 1_000_000_000
  /** Nanoseconds in a minute. */
  static NANOSECONDS-PER-MINUTE /int      ::= 60_000_000_000
  /** Nanoseconds in an hour. */
  static NANOSECONDS-PER-HOUR /int        ::= 3_600_000_000_000
  /** Microseconds in a millisecond. */
  static MICROSECONDS-PER-MILLISECOND /int ::= 1_000
  /** Microseconds in a second. */
  static MICROSECONDS-PER-SECOND /int      ::= 1_000_000
  /** Microseconds in a minute. */
  static MICROSECONDS-PER-MINUTE /int      ::= 60_000_000
  /** Microseconds in an hour. */
  static MICROSECONDS-PER-HOUR /int        ::= 3_600_000_000
  /** Milliseconds in a second. */
  static MILLISECONDS-PER-SECOND /int ::= 1_000
  /** Milliseconds in a minute. */
  static MILLISECONDS-PER-MINUTE /int ::= 60_000
  /** Milliseconds in an hour. */
  static MILLISECONDS-PER-HOUR /int   ::= 3_600_000
  /** Seconds in a minute. */
  static SECONDS-PER-MINUTE /int ::= 60
  /** Seconds in an hour. */
  static SECONDS-PER-HOUR /int   ::= 3_600

  /** A duration of zero. */
  static ZERO /Duration ::= Duration 0

  ns_/int

  /** Creates the sum of hours, minutes, seconds, milli-, micro- and nanoseconds. */
  constructor --h/int=0 --m/int=0 --s/int=0 --ms/int=0 --us/int=0 --ns/int=0:
    ns_ = h * NANOSECONDS-PER-HOUR
        + m * NANOSECONDS-PER-MINUTE
        + s * NANOSECONDS-PER-SECOND
        + ms * NANOSECONDS-PER-MILLISECOND
        + us * NANOSECONDS-PER-MICROSECOND
        + ns

  /** Creates a duration in nanoseconds. */
  constructor .ns_/int:

  /** Measures how long $block takes. */
  constructor.of [block]:
    start := Time.monotonic-us
    block.call
    return Duration --us=(Time.monotonic-us - start)

  /** The duration from $time to now. */
  constructor.since time/Time:
    return time.to Time.now

  /** The duration from now to $time. */
  constructor.until time/Time:
    return Time.now.to time

  /**
  Reads a text like `1h30m` or `-2.5ms`.

  Each of the units h, m, s, ms, us, ns can appear once. The numbers of s, ms and us
    can have decimals.
  */
  static parse str/string -> Duration:
    return parse str --if-error=: throw it

  /** Variant of $(parse str) that returns the result of $if-error if $str is not a duration. */
  static parse str/string [--if-error] -> Duration?:
    return DurationParser_.parse str if-error

  /** Deprecated. Use $(parse str [--if-error]). */
  static parse str/string [--on-error] -> Duration?:
    return parse str --if-error=on-error

  /**
  Calls $block repeatedly. This duration is the period from the start of a call to the start of the next.

  If a call takes longer than the period, the next call starts at the next multiple of the period.
  */
  periodic [block] -> none:
    period := in-us
    while true:
      start := Time.monotonic-us
      block.call
      elapsed := Time.monotonic-us - start
      sleep (Duration --us=(period - elapsed % period))

  /** The duration without its sign. */
  abs -> Duration:
    if ns_ == int.MIN: throw "OUT_OF_RANGE"
    return ns_ < 0 ? -this : this

  /** The length in nanoseconds. */
  in-ns -> int:
    return ns_

  /** The length in whole microseconds. */
  in-us -> int:
    return ns_ / NANOSECONDS-PER-MICROSECOND

  /** The length in whole milliseconds. */
  in-ms -> int:
    return ns_ / NANOSECONDS-PER-MILLISECOND

  /** The length in whole seconds. */
  in-s -> int:
    return ns_ / NANOSECONDS-PER-SECOND

  /** The length in whole minutes. */
  in-m -> int:
    return ns_ / NANOSECONDS-PER-MINUTE

  /** The length in whole hours. */
  in-h -> int:
    return ns_ / NANOSECONDS-PER-HOUR

  /** Whether the duration is zero. */
  is-zero -> bool:
    return ns_ == 0

  /** The sum. */
  operator + other/Duration -> Duration:
    return Duration ns_ + other.ns_

  /** The difference. */
  operator - other/Duration -> Duration:
    return Duration ns_ - other.ns_

  /** The duration with the opposite sign. */
  operator - -> Duration:
    return Duration -ns_

  /** This duration, $factor times. */
  operator * factor/num -> Duration:
    return Duration (ns_ * factor).to-int

  /** This duration, divided by $factor. */
  operator / factor/num -> Duration:
    return Duration (ns_ / factor).to-int

  /** Whether $other is a duration of the same length. */
  operator == other -> bool:
    return other is Duration and (other as Duration).ns_ == ns_

  /** Whether this duration is shorter than $other. */
  operator < other/Duration -> bool:
    return ns_ < other.ns_

  /** Whether this duration is not longer than $other. */
  operator <= other/Duration -> bool:
    return ns_ <= other.ns_

  /** Whether this duration is longer than $other. */
  operator > other/Duration -> bool:
    return ns_ > other.ns_

  /** Whether this duration is not shorter than $other. */
  operator >= other/Duration -> bool:
    return ns_ >= other.ns_

  /** The order of the two, see $Comparable.compare-to. */
  compare-to other/Duration -> int:
    return ns_.compare-to other.ns_

  /** Variant of $(compare-to other) that returns the result of $if-equal if the durations are equal. */
  compare-to other/Duration [--if-equal] -> int:
    return ns_.compare-to other.ns_ --if-equal=if-equal

  /** The hash code: equal durations share it. */
  hash-code -> int:
    return ns_.hash-code

  /** This duration with its units, like `1h0m2.5s`; $parse reads it. */
  stringify -> string:
    if ns_ == 0: return "0s"
    if ns_ < 0: return "-$(stringify-unsigned_ -ns_)"
    return stringify-unsigned_ ns_

  /** The text of $ns. The least integer stands for its absolute value, which is one too large for 63 bits. */
  static stringify-unsigned_ ns/int -> string:
    if ns == int.MIN: return "2562047h47m16.854775808s"
    if ns < NANOSECONDS-PER-MICROSECOND: return "$(ns)ns"
    if ns < NANOSECONDS-PER-MILLISECOND: return "$(decimals_ ns 3)us"
    if ns < NANOSECONDS-PER-SECOND: return "$(decimals_ ns 6)ms"
    text := "$(decimals_ ns % NANOSECONDS-PER-MINUTE 9)s"
    minutes := ns / NANOSECONDS-PER-MINUTE
    if minutes == 0: return text
    text = "$(minutes % 60)m$text"
    return minutes < 60 ? text : "$(minutes / 60)h$text"

  /** The text of $value divided by ten to the power of $digits, with as few decimals as possible. */
  static decimals_ value/int digits/int -> string:
    text := value.to-string.pad --left digits + 1 '0'
    whole := text[..text.size - digits]
    end := text.size
    while end > whole.size and text[end - 1] == '0': end--
    return end == whole.size ? whole : "$whole.$text[whole.size..end]"
