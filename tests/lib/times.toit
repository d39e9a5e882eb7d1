// Times, calendars and zones.

import expect show *

main:
  epoch
  utc
  yearday
  calendar
  parsing
  zones
  ambiguity
  names-of-zones
  arithmetic
  clocks

epoch:
  time := Time.epoch
  expect-equals 0 time.s-since-epoch
  expect-equals "1970-01-01T00:00:00Z" time.stringify
  time = Time.epoch --h=1 --m=1 --s=1 --ms=1 --us=1 --ns=1
  expect-equals 3661_001_001_001 time.ns-since-epoch
  expect-equals 3661_001 time.ms-since-epoch
  expect-equals 1_001_001 time.ns-part
  before := Time.epoch --ns=-1
  expect-equals -1 before.s-since-epoch
  expect-equals 999_999_999 before.ns-part
  expect-equals "1969-12-31T23:59:59.999999999Z" before.stringify
  expect before < time

utc:
  info := (Time.utc 2020 2 29 12 34 56 --ns=789).utc
  expect-equals 2020 info.year
  expect-equals 2 info.month
  expect-equals 29 info.day
  expect-equals 12 info.h
  expect-equals 34 info.m
  expect-equals 56 info.s
  expect-equals 789 info.ns
  expect-equals TimeInfo.SATURDAY info.weekday
  expect-equals 59 info.yearday
  expect info.is-utc
  expect-not info.is-dst
  expect-equals "2020-02-29T12:34:56.000000789Z" info.stringify
  expect-equals "2020-02-29" info.to-iso-date-string
  expect-equals (Time.utc --year=2020 --month=2 --day=29) (Time.utc 2020 2 29)
  // Parts beyond their range carry over.
  expect-equals (Time.utc 2021 1 1) (Time.utc 2020 13 1)
  expect-equals (Time.utc 2020 3 1) (Time.utc 2020 2 30)
  expect-equals (Time.utc 2019 12 31 23) (Time.utc 2020 1 1 -1)

yearday:
  expect-equals 0 (Time.utc 2023 1 1).utc.yearday
  expect-equals 364 (Time.utc 2023 12 31).utc.yearday
  expect-equals 365 (Time.utc 2024 12 31).utc.yearday

// Every day of four centuries and some.
calendar:
  seconds := (Time.utc 1999 12 31).s-since-epoch
  weekday := TimeInfo.FRIDAY
  146_097.repeat: | day |
    if day % 97 == 0 or day < 800:
      info := (Time.epoch --s=(seconds + day * 86_400)).utc
      expect-equals (weekday + day - 1) % 7 + 1 info.weekday
      back := Time.utc info.year info.month info.day
      expect-equals seconds + day * 86_400 back.s-since-epoch
      expect 1 <= info.month <= 12
      expect 1 <= info.day <= 31

parsing:
  expect-equals 1576650168 (Time.parse "2019-12-18T06:22:48Z").s-since-epoch
  expect-equals 500_000_000 (Time.parse "2019-12-18T06:22:48.5Z").ns-part
  expect-equals (Time.parse "2019-12-18T06:22:00Z") (Time.parse "2019-12-18T06:22Z")
  expect-equals (Time.parse "2020-10-01T13:02:04Z") (Time.parse "2020-10-01T15:12:04+02:10")
  [
    "",
    "2019-12-18",
    "2019-12-18T",
    "2019-12T06:22Z",
    "2019-12-18T06:2x:00Z",
    "2019-12-18T06:22:48+1",
    "xTyZ"
  ].do: | text |
    expect-throw "INVALID_ARGUMENT": Time.parse text
  expect-equals null (Time.parse "never" --if-error=: null)

zones:
  set-timezone "CET-1CEST,M3.5.0,M10.5.0/3"
  summer := Time.local 2020 9 8 18 3 11
  expect-equals 1599580991 summer.s-since-epoch
  expect summer.local.is-dst
  expect-equals 18 summer.local.h
  expect-equals 16 summer.utc.h
  expect-equals "2020-09-08T18:03:11" summer.local.stringify
  expect-equals summer (Time.parse "2020-09-08T18:03:11")
  winter := Time.local 2020 1 8 18 3 11
  expect-not winter.local.is-dst
  expect-equals 17 winter.utc.h
  set-timezone "EST5EDT,M3.2.0,M11.1.0"
  expect-equals 12 summer.local.h

ambiguity:
  set-timezone "CET-1CEST,M3.5.0,M10.5.0/3"
  first := Time.local 2020 10 25 2 59 --dst
  second := Time.local 2020 10 25 2 59 --no-dst
  expect-equals (Duration --h=1) (first.to second)
  expect first.local.is-dst
  expect-not second.local.is-dst
  expect-equals 2 first.local.h
  expect-equals 2 second.local.h
  expect-equals 3 (first.local.plus --h=1).h
  // A day is 25 hours long here.
  noon := (Time.local 2020 10 24 12).local
  expect-equals (Duration --h=25) (noon.time.to (noon.plus --days=1).time)
  // And this hour does not exist.
  expect-equals 3 (Time.local 2020 3 29 2 30).local.h

arithmetic:
  info := (Time.utc 2020 10 1 15 24 37).utc
  moved := info.plus --years=1 --months=-2 --days=3 --h=-4 --m=5 --s=-6
  expect-equals "2021-08-04T11:29:31Z" moved.stringify
  expect-equals "2020-10-01T15:24:00Z" (info.with --s=0).stringify
  time := Time.utc 2020 1 1
  expect-equals (Time.utc 2020 1 2) time + (Duration --h=24)
  expect-equals (Time.utc 2019 12 31) time - (Duration --h=24)
  expect-equals (Duration --h=24) (time.to (Time.utc 2020 1 2))
  expect-equals time (time.plus --ms=1500 --s=-1 --us=-500_000)
  expect-equals time (Time.deserialize time.to-byte-array)
  expect-equals time.hash-code (Time.utc 2020 1 1).hash-code

clocks:
  start := Time.monotonic-us
  now := Time.now
  expect Time.monotonic-us >= start
  expect now.to-now >= Duration.ZERO
  expect (Duration.since now) >= Duration.ZERO
  expect (Duration.until now) <= Duration.ZERO

names-of-zones:
  set-timezone "Nowhere/Atlantis"
  expect-equals (Time.utc 2020 7 1 12) (Time.local 2020 7 1 12)
  set-timezone "Europe/Copenhagen"
  // Not every machine has tables of zones.
  if (Time.local 2020 7 1 12) == (Time.utc 2020 7 1 12): return
  expect-equals (Time.utc 2020 7 1 10) (Time.local 2020 7 1 12)
  expect-equals (Time.utc 2020 1 1 11) (Time.local 2020 1 1 12)
  // Long after the table ends, its rules go on.
  expect-equals (Time.utc 2120 7 1 10) (Time.local 2120 7 1 12)
  // In 1979 there was no summer time yet, in 1980 there was.
  expect-not (Time.utc 1979 7 1 12).local.is-dst
  expect (Time.utc 1980 7 1 12).local.is-dst
  set-timezone ":America/New_York"
  expect-equals (Time.utc 2020 7 1 16) (Time.local 2020 7 1 12)
  // In 2006 summer time began in April, a year later in March.
  expect-not (Time.utc 2006 3 20 12).local.is-dst
  expect (Time.utc 2007 3 20 12).local.is-dst
