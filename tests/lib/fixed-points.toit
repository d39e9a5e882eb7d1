// Decimal numbers.

import expect show *
import fixed-point show FixedPoint

main:
  expect-equals "3.14" "$(FixedPoint.parse "3.14")"
  expect-equals "-0.05" "$(FixedPoint "-0.05")"
  expect-equals "3.1" "$(FixedPoint.parse "3.14" --decimals=1)"
  expect-equals "123456789012345.678" "$(FixedPoint "123456789012345.678")"
  expect-equals "12" "$(FixedPoint.parse "x12y" 1 3)"
  expect-equals "255" "$(FixedPoint.parse "ff" --radix=16)"
  expect-equals "0" "$(FixedPoint "0.00")"
  expect-equals "7.00" "$(FixedPoint 7)"
  expect-equals "7" "$(FixedPoint 7 --decimals=0)"
  expect-equals "0.13" "$(FixedPoint 0.125)"
  expect-equals "-0.13" "$(FixedPoint -0.125)"
  expect-equals "1.500" "$(FixedPoint (FixedPoint "1.5") --decimals=3)"
  expect-equals "1.555" "$(FixedPoint (FixedPoint "1.555"))"

  sum := FixedPoint 0
  10.repeat: sum += FixedPoint "0.1"
  expect-equals 1 sum.to-int
  expect (FixedPoint "1.00") == sum
  expect-equals (FixedPoint "1.0000").hash-code sum.hash-code
  set := {FixedPoint "2.50"}
  expect (set.contains (FixedPoint "2.5"))
  expect-not sum == "1"
  expect-not sum == null

  price := FixedPoint "9.99"
  expect-equals "11.234" "$(price + (FixedPoint "1.244"))"
  expect-equals "8.99" "$(price - 1)"
  expect-equals 10.99 price + 1.0
  expect-equals "29.97" "$(price * 3)"
  expect-equals 19.98 price * 2.0
  expect-equals "3.33" "$(price / 3)"
  expect-equals "1.99" "$(price % 4)"
  expect-equals "-1.99" "$(-price % 4)"
  expect-equals "9.99" (-price).abs.stringify
  expect-equals -1 (-price).sign
  expect-equals -9 (-price).to-int
  expect-equals 9.99 price.to-float
  expect price < 10
  expect price >= 9.99
  expect price > (FixedPoint "9.9")
  expect price <= (FixedPoint "9.990")
  expect-equals 1 (price.compare-to 9)
  expect-equals 5 (price.compare-to (FixedPoint "9.990") --if-equal=: 5)
  expect-equals "10.0" (price.with --decimals=1).stringify
  expect-equals "-10" ((-price).with --decimals=0).stringify

  expect-throw "INVALID_TYPE": price + "1"
  expect-throw "INVALID_TYPE": price < null
  expect-throw "INVALID_TYPE": price * price
  expect-throw "INVALID_TYPE": price / price
  expect-throw "INVALID_TYPE": FixedPoint null
  expect-throw "OUT_OF_RANGE": FixedPoint 1 --decimals=19
  expect-throw "OUT_OF_RANGE": FixedPoint 1 --decimals=-1
  expect-throw "INTEGER_PARSING_ERROR": FixedPoint "x"
  expect-throw "INTEGER_PARSING_ERROR": FixedPoint ""
  expect-throw "FLOAT_PARSING_ERROR": FixedPoint "1.-5"
  expect-throw "FLOAT_PARSING_ERROR": FixedPoint ".5"
  expect-throw "INTEGER_PARSING_ERROR": FixedPoint "1.5.5"
  expect-throw "Can't parse fixed-point non-decimal numbers": FixedPoint.parse "f.8" --radix=16
