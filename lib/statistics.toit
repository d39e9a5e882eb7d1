/** Statistics of a sequence of numbers. */

import core as core
import encoding.tison

/**
Mean, variance, minimum and maximum of numbers. The numbers themselves are not stored.

Uses Welford's method, which stays precise when numbers are large and close together.
*/
class OnlineStatistics:
  count_/int := 0
  mean_/float? := null
  // The sum of the squares of the distances from the mean.
  squares_/float := 0.0
  min_/num? := null
  max_/num? := null

  /** Creates statistics without any numbers. */
  constructor:

  /** Creates statistics from the result of $to-byte-array. */
  constructor.from-byte-array bytes:
    parts := tison.decode bytes
    if not (parts is List and parts.size == 5): throw "INVALID_ARGUMENT"
    count_ = parts[0]
    mean_ = parts[1]
    squares_ = parts[2]
    min_ = parts[3]
    max_ = parts[4]

  /** Adds $value. */
  update value/num -> none:
    min_ = min_ == null ? value : (core.min min_ value)
    max_ = max_ == null ? value : (core.max max_ value)
    count_++
    old-mean := mean_ or 0.0
    new-mean := old-mean + (value - old-mean) / count_
    squares_ += (value - old-mean) * (value - new-mean)
    mean_ = new-mean

  /** The variance, estimated from a sample, or null for fewer than two numbers. */
  sample-variance -> float?:
    return count_ < 2 ? null : squares_ / (count_ - 1)

  /** The variance of the numbers, or null for fewer than two. */
  population-variance -> float?:
    return count_ < 2 ? null : squares_ / count_

  /** The mean, or null for no numbers. */
  mean -> float?:
    return mean_

  /** The least number, or null if there is none. */
  min -> num?:
    return min_

  /** The greatest number, or null if there is none. */
  max -> num?:
    return max_

  /** The number of numbers that were added. */
  count -> int:
    return count_

  /** All figures, for $(constructor.from-byte-array bytes). */
  to-byte-array -> ByteArray:
    return tison.encode parts_

  parts_ -> List:
    return [count_, mean_, squares_, min_, max_]

  /** Whether $other has the same figures. */
  operator == other/any -> bool:
    return other is OnlineStatistics and parts_ == (other as OnlineStatistics).parts_
