import io

import .calendar_
import .time-info
import .time-parse_
import .duration

// Programs import these names from here.
export Duration TimeInfo set-timezone

/** A moment, as a wall clock shows it, to the nanosecond. */
class Time implements Comparable:
  seconds_/int
  ns_/int

  /** Creates the moment that is the sum of the arguments after 1970-01-01T00:00:00Z. */
  constructor.epoch --h/int=0 --m/int=0 --s/int=0 --ms/int=0 --us/int=0 --ns/int=0:
    all-ns := ms * 1_000_000 + us * 1_000 + ns
    carry := floor-divide_ all-ns 1_000_000_000
    seconds_ = h * 3600 + m * 60 + s + carry
    ns_ = all-ns - carry * 1_000_000_000

  /** This moment. */
  constructor.now:
    now := time-now-ns_
    return Time.epoch --s=(now / 1_000_000_000) --ns=(now % 1_000_000_000)

  /**
  The moment at which a clock in the local time zone shows the arguments.

  They need not be in their ranges: the 32nd of a month is a day of the next one. When clocks are
    set back, an hour occurs twice: $dst tells whether daylight saving is on. If it is null, the moment is the first one.
  */
  constructor.local
      --year/int
      --month/int
      --day/int
      --h/int=0
      --m/int=0
      --s/int=0
      --ms/int=0
      --us/int=0
      --ns/int=0
      --dst/bool?=null:
    return Time.local year month day h m s --ms=ms --us=us --ns=ns --dst=dst

  /** Variant of $Time.local with unnamed arguments. */
  constructor.local
      year/int
      month/int
      day/int
      h/int=0
      m/int=0
      s/int=0
      --ms/int=0
      --us/int=0
      --ns/int=0
      --dst/bool?=null:
    shown := civil-to-seconds_ year month day h m s
    return Time.epoch --s=(zone-to-utc_ shown dst) --ms=ms --us=us --ns=ns

  /** The moment at which a clock set to UTC shows the arguments. */
  constructor.utc --year/int --month/int --day/int --h/int=0 --m/int=0 --s/int=0 --ms/int=0 --us/int=0 --ns/int=0:
    return Time.utc year month day h m s --ms=ms --us=us --ns=ns

  /** Variant of $Time.utc with unnamed arguments. */
  constructor.utc year/int month/int day/int h/int=0 m/int=0 s/int=0 --ms/int=0 --us/int=0 --ns/int=0:
    return Time.epoch --s=(civil-to-seconds_ year month day h m s) --ms=ms --us=us --ns=ns

  /** The moment for which $to-byte-array returned $bytes. */
  constructor.deserialize bytes/io.Data:
    seconds_ = time-field_ bytes 0
    ns_ = time-field_ bytes 8

  /** Deprecated. Use $parse. */
  constructor.from-string str/string:
    return parse str

  /**
  Reads a time in the form of RFC 3339, like `2019-12-18T06:22:48Z`.

  Seconds can be left out. Without a zone, the time is local.
  */
  static parse str/string -> Time:
    return parse str --if-error=: throw "INVALID_ARGUMENT"

  /** Variant of $(parse str) that returns the result of $if-error if $str is not a time. */
  static parse str/string [--if-error] -> Time?:
    return TimeParser_.parse str if-error

  /** Deprecated. Use $(parse str [--if-error]). */
  static parse str/string [--on-error] -> Time?:
    return parse str --if-error=on-error

  /** Microseconds of a clock that is never set. Its zero has no meaning. */
  static monotonic-us --since-wakeup/bool=false -> int:
    return monotonic-us_

  /** Seconds since 1970-01-01T00:00:00Z. */
  s-since-epoch -> int:
    return seconds_

  /** Milliseconds since 1970-01-01T00:00:00Z. */
  ms-since-epoch -> int:
    return seconds_ * 1_000 + ns_ / 1_000_000

  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  ns-since-epoch -> int:
    return seconds_ * 1_000_000_000 + ns_

  /** The nanoseconds after the last full second. */
  ns-part -> int:
    return ns_

  /** The date and time at this moment in the local time zone. */
  local -> TimeInfo:
    return TimeInfo.__ this --is-utc=false

  /** The date and time at this moment in UTC. */
  utc -> TimeInfo:
    return TimeInfo.__ this --is-utc=true

  /** The moment that is the sum of the arguments later. */
  plus --h/int=0 --m/int=0 --s/int=0 --ms/int=0 --us/int=0 --ns/int=0 -> Time:
    return Time.epoch --h=h --m=m --s=(seconds_ + s) --ms=ms --us=us --ns=(ns_ + ns)

  /** The moment that is $duration later. */
  operator + duration/Duration -> Time:
    ns := duration.in-ns
    return Time.epoch --s=(seconds_ + ns / 1_000_000_000) --ns=(ns_ + ns % 1_000_000_000)

  /** The moment that is $duration earlier. */
  operator - duration/Duration -> Time:
    ns := duration.in-ns
    return Time.epoch --s=(seconds_ - ns / 1_000_000_000) --ns=(ns_ - ns % 1_000_000_000)

  /** The time from this moment to $other. */
  to other/Time -> Duration:
    return Duration --s=(other.seconds_ - seconds_) --ns=(other.ns_ - ns_)

  /** The time since this moment. */
  to-now -> Duration:
    return to Time.now

  /** Whether $other is the same moment. */
  operator == other -> bool:
    return other is Time and (compare-to other) == 0

  /** Whether this moment is before $other. */
  operator < other/Time -> bool:
    return (compare-to other) < 0

  /** Whether this moment is not after $other. */
  operator <= other/Time -> bool:
    return (compare-to other) <= 0

  /** Whether this moment is after $other. */
  operator > other/Time -> bool:
    return (compare-to other) > 0

  /** Whether this moment is not before $other. */
  operator >= other/Time -> bool:
    return (compare-to other) >= 0

  /** The order of the two, see $Comparable.compare-to. */
  compare-to other/Time -> int:
    return seconds_.compare-to other.seconds_ --if-equal=: ns_.compare-to other.ns_

  /** Variant of $(compare-to other) that returns the result of $if-equal if the moments are equal. */
  compare-to other/Time [--if-equal] -> int:
    order := compare-to other
    return order == 0 ? if-equal.call : order

  /** The hash code: equal times share it. */
  hash-code -> int:
    return (seconds_ * 31 + ns_).hash-code

  /** This moment in UTC, in the form of RFC 3339. */
  stringify -> string:
    return utc.stringify

  /** Bytes that $Time.deserialize converts back to this moment. */
  to-byte-array -> ByteArray:
    bytes := ByteArray 16
    io.LITTLE-ENDIAN.put-int64 bytes 0 seconds_
    io.LITTLE-ENDIAN.put-int64 bytes 8 ns_
    return bytes

time-field_ bytes/io.Data offset/int -> int:
  return io.LITTLE-ENDIAN.int64 (ByteArray.from bytes offset (offset + 8)) 0

time-now-ns_ -> int:
  #primitive.time.now

monotonic-us_ -> int:
  #primitive.time.monotonic
