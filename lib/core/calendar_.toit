/** Days, dates and time zones. */

import .array_

/** The quotient, rounded down also if it is negative. $divisor must be positive. */
floor-divide_ dividend/int divisor/int -> int:
  quotient := dividend / divisor
  return dividend % divisor < 0 ? quotient - 1 : quotient

/**
The number of days from 1970-01-01 to the given date of the Gregorian calendar.

Months and days can lie outside of their ranges.
*/
civil-to-days_ year/int month/int day/int -> int:
  // Years start in March here, so that the leap day is the last day of a year.
  shifted := year * 12 + month - 3
  march-year := floor-divide_ shifted 12
  march-month := shifted - march-year * 12
  leap-days := (floor-divide_ march-year 4) - (floor-divide_ march-year 100) + (floor-divide_ march-year 400)
  return march-year * 365 + leap-days + (days-before-month_ march-month) + day - 1 - 719468

/** The days of a year before its month number $march-month, where March is 0. */
days-before-month_ march-month/int -> int:
  return (153 * march-month + 2) / 5

/** The date, as an array of year, month and day, that is $days after 1970-01-01. */
days-to-civil_ days/int -> Array_:
  since := days + 719468  // Since the 1st of March in the year 0.
  era := floor-divide_ since 146097
  day-of-era := since - era * 146097
  year-of-era := (day-of-era - day-of-era / 1460 + day-of-era / 36524 - day-of-era / 146096) / 365
  day-of-year := day-of-era - (365 * year-of-era + year-of-era / 4 - year-of-era / 100)
  march-month := (5 * day-of-year + 2) / 153
  date := array-new_ 3 0
  date[0] = year-of-era + era * 400 + (march-month >= 10 ? 1 : 0)
  date[1] = march-month < 10 ? march-month + 3 : march-month - 9
  date[2] = day-of-year - (days-before-month_ march-month) + 1
  return date

/** The seconds from 1970-01-01T00:00:00Z to the moment when a clock set to UTC shows the arguments. */
civil-to-seconds_ year/int month/int day/int h/int m/int s/int -> int:
  return (civil-to-days_ year month day) * 86400 + h * 3600 + m * 60 + s

/** The local time zone, in the form of the natives. */
zone_/ByteArray := zone-load-default_

/**
Sets the local time zone of this process.

The $rules are in POSIX form, like `CET-1CEST,M3.5.0,M10.5.0/3`, or the name of a zone of the
  machine, like `Europe/Copenhagen`. Named zones include the past changes of the clocks. If $rules
  is neither, the zone is UTC.
*/
set-timezone rules/string -> none:
  zone_ = zone-load_ rules

/** The offset of local time at $utc in seconds, times two, plus one if daylight saving is on. */
zone-at_ utc/int -> int:
  return zone-offset_ zone_ utc

/** The moment when local clocks show $shown. */
zone-to-utc_ shown/int dst/bool? -> int:
  // The offset at that moment is the one of a day earlier or the one of a day later.
  before := zone-at_ shown - 86400
  after := zone-at_ shown + 86400
  first := shown - ((max (before >> 1) (after >> 1)) as int)
  second := shown - ((min (before >> 1) (after >> 1)) as int)
  fits-first := first + ((zone-at_ first) >> 1) == shown
  fits-second := second + ((zone-at_ second) >> 1) == shown
  if fits-first and fits-second and dst != null:
    return ((zone-at_ first) & 1 == 1) == dst ? first : second
  return fits-first ? first : second

zone-offset_ zone/ByteArray utc/int -> int:
  #primitive.time.zone-offset

zone-load_ rules/string -> ByteArray:
  #primitive.time.zone-load

zone-load-default_ -> ByteArray:
  #primitive.time.zone-load-default
