import bignum show Bignum
import bitmap
import crypto.adler32
import crypto.crc
import crypto.md5 as crypto-md5
import crypto.sha
import crypto.sha1
import crypto.siphash
import encoding.base64
import encoding.hex
import encoding.json
import encoding.ubjson
import encoding.url
import encoding.yaml
import fixed-point show FixedPoint
import io
import math
import monitor
import statistics show OnlineStatistics
import uuid

show index/int [block] -> none:
  text/string? := null
  exception := catch: text = describe block.call
  print "$index $(exception ? "throws $(describe exception)" : text)"

/** One line that shows the type and the exact value. */
describe value/any nesting/int=0 -> string:
  if nesting > 12: return "..."
  if value is string: return describe-text value
  if value is float: return value.is-nan ? "nan" : value.stringify
  if value is ByteArray:
    digits := List value.size: "$(%02x value[it])"
    return "#[$(digits.join " ")]"
  if value is Map:
    entries := []
    value.do: | k v | entries.add "$(describe k (nesting + 1)): $(describe v (nesting + 1))"
    return "{$(entries.join ", ")}"
  if value is Collection:
    elements := []
    value.do: elements.add (describe it (nesting + 1))
    name := value is List ? "" : value is Set ? "Set" : value is Deque ? "Deque" : "Collection"
    return "$(name)[$(elements.join ", ")]"
  return value.stringify

describe-text text/string -> string:
  result := ""
  text.do --runes:
    result += ' ' <= it <= '~' ? (string.from-rune it) : "\\u{$(it.stringify 16)}"
  return "'$result'"

/** Adds a $value to a $trace, up to a limit. */
note trace/List value -> none:
  if trace.size < 60: trace.add value

as-any value/any -> any: return value

needs-int value/int -> int: return value + 1

needs-text value/string -> int: return value.size

needs-list value/List -> int: return value.size

recurse depth/int -> int:
  if depth <= 0: throw "bottom"
  return 1 + (recurse depth - 1)
