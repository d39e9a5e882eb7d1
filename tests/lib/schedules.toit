// Time tables.

import cron.cron show CronSchedule
import expect show *

main:
  schedule := CronSchedule.parse "0 30 8-10,12 * * 1-5"
  // A Friday, then the Monday after it.
  expect-equals (Time.utc 2024 3 1 8 30 0) (schedule.next (Time.utc 2024 3 1 0 0 0))
  expect-equals (Time.utc 2024 3 1 9 30 0) (schedule.next (Time.utc 2024 3 1 8 30 0))
  expect-equals (Time.utc 2024 3 1 12 30 0) (schedule.next (Time.utc 2024 3 1 10 30 0))
  expect-equals (Time.utc 2024 3 4 8 30 0) (schedule.next (Time.utc 2024 3 1 12 30 0 --ns=1))
  expect-equals (Time.utc 1969 12 31 8 30 0) (schedule.next (Time.utc 1969 12 30 23 0 0))

  // The first and the Sundays, since neither is a star.
  either := CronSchedule.parse "0 0 0 1 * 0"
  expect-equals (Time.utc 2024 3 3) (either.next (Time.utc 2024 3 1))
  expect-equals (Time.utc 2024 4 1) (either.next (Time.utc 2024 3 31))

  expect-equals (Time.utc 2025 1 1) ((CronSchedule.parse "@yearly").next (Time.utc 2024 1 1))
  expect-equals (Time.utc 2024 2 1) ((CronSchedule.parse "@monthly").next (Time.utc 2024 1 1))
  expect-equals (Time.utc 2024 1 7) ((CronSchedule.parse "@weekly").next (Time.utc 2024 1 1))
  expect-equals (Time.utc 2024 1 2) ((CronSchedule.parse "@daily").next (Time.utc 2024 1 1))
  expect-equals (Time.utc 2024 1 1 1) ((CronSchedule.parse "@hourly").next (Time.utc 2024 1 1))
  expect-equals (Time.utc 2028 2 29) ((CronSchedule.parse "0 0 0 29 2 *").next (Time.utc 2024 2 29))
  expect-null ((CronSchedule.parse "0 0 0 30 2 *").next (Time.utc 2024 2 29))

  copy := CronSchedule.from-map schedule.as-map
  expect-equals schedule.stringify copy.stringify
  expect-equals (1 << 12 | 7 << 8) copy.hour
  expect-equals 0 (schedule.minute & CronSchedule.STAR-BIT)
  expect (schedule.dom & CronSchedule.STAR-BIT) != 0

  {
    "": "Cron: empty string",
    "* * * *": "Cron: expected six fields",
    "@never": "Cron: unknown predefined @never",
    "60 * * * * *": "Cron: end of range 60 above max 59",
    "* * * 0 * *": "Cron: beginning of range 0 below min 1",
    "5-2 * * * * *": "Cron: beginning of range 5 beyond end of range 2",
    "1-2-3 * * * * *": "Cron: too many hyphens: 1-2-3",
    "*/2/3 * * * * *": "Cron: too many slashes: */2/3",
    "*/0 * * * * *": "Cron: step of range should be a positive number 0",
    "x * * * * *": "Cron: cannot parse x as integer",
  }.do: | text error |
    expect-throw error: CronSchedule.parse text
