/**
Expectations for tests.

A failed expectation is printed with a stack trace, and ends the program.
*/

/** Expects $condition to return true. */
expect [condition] -> none:
  expect condition.call

/** Expects $condition to be true; reports $message otherwise. */
expect condition/bool --message/string?=null -> none:
  if not condition: fail_ message

/** Expects $condition to be false; reports $message otherwise. */
expect-not condition/bool --message/string?=null -> none:
  if condition: fail_ message

/** Expects $actual to equal $expected. */
expect-equals expected actual -> none:
  if expected != actual: fail-difference_ expected actual

/** Expects $actual to be identical to $expected. */
expect-identical expected actual -> none:
  if not identical expected actual: fail-difference_ expected actual

/** Expects $actual not to equal $unexpected. */
expect-not-equals unexpected actual -> none:
  if unexpected == actual: fail_ "Expected unequal for <$actual>"

/** Expects $actual not to be identical to $unexpected. */
expect-not-identical unexpected actual -> none:
  if identical unexpected actual: fail_ "Expected unequal for <$actual>"

/** Expects $actual to be null. */
expect-null actual -> none:
  if actual != null: fail-difference_ null actual

/** Expects $actual not to be null. */
expect-not-null actual -> none:
  if actual == null: fail_ "Expected not null"

/** Expects $actual to equal $expected, going into lists and the values of maps. */
expect-structural-equals expected/any actual/any -> none:
  if not structural-equals_ expected actual: fail-difference_ expected actual

/** Expects the elements of $actual to equal those of $expected, going into lists and the values of maps. */
expect-list-equals expected/List actual/List -> none:
  expect-structural-equals expected actual

/** Expects the bytes of $actual to be those of $expected. */
expect-bytes-equal expected/ByteArray actual/ByteArray -> none:
  if expected == actual: return
  if expected.size != actual.size:
    fail_ "Expected <$expected> (size $expected.size), but was <$actual> (size $actual.size)"
  i := 0
  while expected[i] == actual[i]: i++
  fail_ "Expected <$expected>, but was <$actual> (differ at position $i, expected $expected[i], but was $actual[i])"

/** Expects $throw-block to throw something that equals $expected. */
expect-throw expected [throw-block] -> none:
  has-thrown := true
  result := null
  thrown := catch:
    result = throw-block.call
    has-thrown = false
  if not has-thrown: fail_ "Expected throw, got <$result>"
  if thrown != expected: fail_ "Expected throw with <$expected>, but was <$thrown>"

/** Expects $no-throw-block not to throw. */
expect-no-throw [no-throw-block] -> none:
  thrown := catch no-throw-block
  if thrown: fail_ "Expected no throw, got <$thrown>"

structural-equals_ expected actual -> bool:
  if expected is List:
    if actual is not List: return false
    return (expected as List).equals actual --element-equals=: | a b | structural-equals_ a b
  if expected is Map:
    if actual is not Map or actual.size != expected.size: return false
    return expected.every: | key value |
      (actual.contains key) and (structural-equals_ value actual[key])
  return expected == actual

fail-difference_ expected actual -> none:
  fail_ "Expected <$expected>, but was <$actual>"

fail_ message/string? -> none:
  if message: print message
  catch --trace: throw ASSERTION-FAILED-ERROR
  exit -1
