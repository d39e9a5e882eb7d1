/** An object with an order. */
interface Comparable:
  /** -1, 0 or 1 if this object is less than, equal to or greater than $other. */
  compare-to other/Comparable

  /** Variant of $(compare-to other) that returns the result of $if-equal if the objects are equal. */
  compare-to other/Comparable [--if-equal]

/**
The smaller of $a and $b.

NaN counts as smaller than every other number.
*/
min a/Comparable b/Comparable:
  if a is float and (a as float).is-nan: return a
  if b is float and (b as float).is-nan: return b
  return (a.compare-to b) < 0 ? a : b

/** The greater of $a and $b. */
max a/Comparable b/Comparable:
  return (a.compare-to b) < 0 ? b : a
