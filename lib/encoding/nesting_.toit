/** A limit on nesting: without it, the encoding of an object that contains itself would never end. */

/** How deeply lists and maps may be nested in encodings. */
MAX-NESTING_ ::= 512

/** Counts the nesting in an encoder or decoder, which calls itself for each list and map. */
mixin Nesting_:
  depth_/int := 0

  /** Calls $block one level deeper. */
  nested_ [block] -> any:
    if depth_ == MAX-NESTING_: throw "NESTING_TOO_DEEP"
    depth_++
    try:
      return block.call
    finally:
      depth_--
