import .calendar_
import .time

/** The date and time that clocks and calendars show at a moment. */
class TimeInfo:
  /** The $weekday of a Monday. */
  static MONDAY    ::= 1
  /** The $weekday of a Tuesday. */
  static TUESDAY   ::= 2
  /** The $weekday of a Wednesday. */
  static WEDNESDAY ::= 3
  /** The $weekday of a Thursday. */
  static THURSDAY  ::= 4
  /** The $weekday of a Friday. */
  static FRIDAY    ::= 5
  /** The $weekday of a Saturday. */
  static SATURDAY  ::= 6
  /** The $weekday of a Sunday. */
  static SUNDAY    ::= 7

  /** The moment. */
  time/Time
  /** The year. */
  year/int
  /** The month, from 1 to 12. */
  month/int
  /** The day of the month, from 1 to 31. */
  day/int
  /** The hour, from 0 to 23. */
  h/int
  /** The minute, from 0 to 59. */
  m/int
  /** The second, from 0 to 59. */
  s/int
  /** The nanosecond, from 0 to 999,999,999. */
  ns/int
  /** The day of the week, from 1 (Monday) to 7. */
  weekday/int
  /** The day of the year, from 0 to 365. */
  yearday/int
  /** Whether this is UTC, not local time. */
  is-utc/bool
  /** Whether daylight saving is on. */
  is-dst/bool

  constructor.__ .time --.is-utc:
    utc := time.s-since-epoch
    zone := is-utc ? 0 : (zone-at_ utc)
    is-dst = zone & 1 == 1
    shown := utc + (zone >> 1)
    days := floor-divide_ shown 86400
    rest := shown - days * 86400
    h = rest / 3600
    m = rest / 60 % 60
    s = rest % 60
    ns = time.ns-part
    date := days-to-civil_ days
    year = date[0]
    month = date[1]
    day = date[2]
    // 1970-01-01 was a Thursday.
    weekday = (days + 3 - 7 * (floor-divide_ days + 3 7)) + 1
    yearday = days - (civil-to-days_ year 1 1)

  /**
  The date and time after adding the arguments to this one.

  An hour or a day on the clock is longer or shorter than usual when clocks change.
  */
  plus
      --years/int=0
      --months/int=0
      --days/int=0
      --h/int=0
      --m/int=0
      --s/int=0
      --ms/int=0
      --us/int=0
      --ns/int=0 -> TimeInfo:
    return with
        --year=year + years
        --month=month + months
        --day=day + days
        --h=this.h + h
        --m=this.m + m
        --s=this.s + s
        --ns=this.ns + ms * 1_000_000 + us * 1_000 + ns

  /** This date and time, with some parts replaced. See $Time.local for $dst. */
  with
      --year/int=year
      --month/int=month
      --day/int=day
      --h/int=h
      --m/int=m
      --s/int=s
      --ns/int=ns
      --dst/bool?=null -> TimeInfo:
    moved := is-utc
        ? (Time.utc year month day h m s --ns=ns)
        : (Time.local year month day h m s --ns=ns --dst=dst)
    return TimeInfo.__ moved --is-utc=is-utc

  /**
  The date and time in the form of RFC 3339, like `1969-07-20T20:17:00Z`. Local time has no suffix.
  */
  to-iso8601-string -> string:
    return "$(to-iso-date-string)T$(%02d h):$(%02d m):$(%02d s)$fraction_$(is-utc ? "Z" : "")"

  fraction_ -> string:
    if ns == 0: return ""
    digits := "$(%09d ns)"
    end := digits.size
    while digits[end - 1] == '0': end--
    return ".$digits[..end]"

  /** The date, like `1969-07-20`. */
  to-iso-date-string -> string:
    return "$(%04d year)-$(%02d month)-$(%02d day)"

  /** See $to-iso8601-string. */
  stringify -> string:
    return to-iso8601-string
