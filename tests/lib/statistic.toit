// Statistics of numbers that come one after another.

import expect show *
import statistics show OnlineStatistics

main:
  figures := OnlineStatistics
  expect-null figures.mean
  expect-null figures.min
  expect-null figures.sample-variance
  figures.update 4
  expect-null figures.population-variance
  [7.0, 13, 16].do: figures.update it
  expect-equals 4 figures.count
  expect-equals 10.0 figures.mean
  expect-equals 30.0 figures.sample-variance
  expect-equals 22.5 figures.population-variance
  expect-equals 4 figures.min
  expect-equals 16 figures.max
  copy := OnlineStatistics.from-byte-array figures.to-byte-array
  expect copy == figures
  copy.update 1
  expect copy != figures

  // No precision is lost where numbers are large.
  large := OnlineStatistics
  [4, 7, 13, 16].do: large.update 1e9 + it
  expect-equals 30.0 large.sample-variance

  expect-throw "WRONG_OBJECT_TYPE": OnlineStatistics.from-byte-array #[1]
