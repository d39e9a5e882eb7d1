/** Recurring times, as described by the time tables of cron. */

/**
A schedule: the selected seconds, minutes, hours and days.

Each part is a set, in which bit N stands for the number N.
*/
class CronSchedule:
  /** The bit that is set in a part that was given as a star without a step. */
  static STAR-BIT ::= 1 << 63

  /** The number of years to search for the next time. */
  static YEARS-MAX_ ::= 5

  static PREDEFINED_ ::= {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
  }

  /** The seconds, from 0 to 59. */
  second/int
  /** The minutes, from 0 to 59. */
  minute/int
  /** The hours, from 0 to 23. */
  hour/int
  /** The days of the month, from 1 to 31. */
  dom/int
  /** The months, from 1 to 12. */
  month/int
  /** The days of the week, from 0 (Sunday) to 6. */
  dow/int

  /** Creates a schedule from its parts. */
  constructor .second .minute .hour .dom .month .dow:

  /** Creates a schedule from the result of $as-map. */
  constructor.from-map map/Map:
    second = map["second"]
    minute = map["minute"]
    hour = map["hour"]
    dom = map["day_of_month"]
    month = map["month"]
    dow = map["day_of_week"]

  /**
  Creates a schedule from its text.

  The text has six parts with spaces between them: seconds, minutes, hours, days of the month,
    months, days of the week. Each is a list, with commas, of numbers (`5`), ranges (`1-5`) or stars
    (`*`, all numbers). After a range or a star, `/2` selects every second number. A number with a
    step (`5/2`) stands for a range up to the end.

  The names `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily` and `@hourly` are accepted, too.
  */
  constructor.parse description/string:
    if description.is-empty: throw "Cron: empty string"
    text := description
    if description[0] == '@':
      text = PREDEFINED_.get description --if-absent=: throw "Cron: unknown predefined $description"
    parts := text.split --drop-empty " "
    if parts.size != 6: throw "Cron: expected six fields"
    second = parse-part_ parts[0] 0 59
    minute = parse-part_ parts[1] 0 59
    hour = parse-part_ parts[2] 0 23
    dom = parse-part_ parts[3] 1 31
    month = parse-part_ parts[4] 1 12
    dow = parse-part_ parts[5] 0 6

  static parse-part_ part/string min/int max/int -> int:
    result := 0
    part.split --drop-empty ",": result |= parse-range_ it min max
    return result

  static parse-range_ range/string min/int max/int -> int:
    pieces := range.split "/"
    if pieces.size > 2: throw "Cron: too many slashes: $range"
    ends := pieces[0].split "-"
    if ends.size > 2: throw "Cron: too many hyphens: $range"
    is-star := ends[0] == "*"
    start := is-star ? min : (parse-number_ ends[0])
    end := start
    if ends.size == 2: end = parse-number_ ends[1]
    else if is-star or pieces.size == 2: end = max
    step := pieces.size == 2 ? (parse-number_ pieces[1]) : 1
    if start < min: throw "Cron: beginning of range $start below min $min"
    if end > max: throw "Cron: end of range $end above max $max"
    if start > end: throw "Cron: beginning of range $start beyond end of range $end"
    if step == 0: throw "Cron: step of range should be a positive number $step"
    bits := is-star and step == 1 ? STAR-BIT : 0
    for i := start; i <= end; i += step: bits |= 1 << i
    return bits

  static parse-number_ text/string -> int:
    number := int.parse text --if-error=: throw "Cron: cannot parse $text as integer"
    if number < 0: throw "Cron: parsed integer $text is negative"
    return number

  /** The parts by their names. */
  as-map -> Map:
    return {
      "second": second,
      "minute": minute,
      "hour": hour,
      "day_of_month": dom,
      "month": month,
      "day_of_week": dow,
    }

  stringify -> string:
    return "CronSchedule $second $minute $hour $dom $month $dow"

  /**
  The first time of this schedule after $t, in UTC, or null if there is none within five years.
  */
  next t/Time -> Time?:
    earliest := t.s-since-epoch + 1
    start := (Time.epoch --s=earliest).utc
    time-of-day := start.h * 3600 + start.m * 60 + start.s
    midnight := earliest - time-of-day
    while true:
      day := (Time.epoch --s=midnight).utc
      if day.year > start.year + YEARS-MAX_: return null
      found := (has-day_ day) ? (next-time-of-day_ time-of-day) : null
      if found: return Time.epoch --s=(midnight + found)
      midnight += 24 * 3600
      time-of-day = 0

  /** The first selected time of day from $earliest on, in seconds, or null. */
  next-time-of-day_ earliest/int -> int?:
    time := earliest
    while time < 24 * 3600:
      if not has_ hour time / 3600: time = (time / 3600 + 1) * 3600
      else if not has_ minute time / 60 % 60: time = (time / 60 + 1) * 60
      else if not has_ second time % 60: time++
      else: return time
    return null

  has-day_ day/TimeInfo -> bool:
    if not has_ month day.month: return false
    by-month := has_ dom day.day
    by-week := has_ dow day.weekday % 7
    // If one side is a star, the other one decides. Otherwise either is enough.
    if (dom | dow) & STAR-BIT != 0: return by-month and by-week
    return by-month or by-week

  static has_ bits/int number/int -> bool:
    return bits & (1 << number) != 0
