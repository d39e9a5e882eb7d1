/** The answers of name servers, as long as they are valid. */

/** The number of names in a cache, each with one type of record. */
ENTRIES-MAX_ ::= 1_000
/** The number of values of an entry. Longer lists are not kept. */
VALUES-MAX_ ::= 64
/** The number of seconds that an entry stays at least. */
TTL-MIN_ ::= 10
/** The number of seconds that an entry stays at most: a day. */
TTL-MAX_ ::= 24 * 60 * 60

class DnsCache_:
  entries_/Map ::= {:}

  /** Returns the values for a name, or null. */
  get name/string type/int -> List?:
    key := key_ name type
    entry/CacheEntry_? := entries_.get key
    if not entry: return null
    if not entry.is-expired: return entry.values
    entries_.remove key
    return null

  /** Adds values that stay valid for $ttl seconds. */
  put name/string type/int values/List --ttl/int -> none:
    if values.size > VALUES-MAX_: return
    key := key_ name type
    entries_.remove key
    if entries_.size >= ENTRIES-MAX_: trim_
    seconds := max TTL-MIN_ (min TTL-MAX_ ttl)
    entries_[key] = CacheEntry_ values --end-us=(Time.monotonic-us + seconds * 1_000_000)

  /** Removes the expired entries, and the oldest until a third of the room is free. */
  trim_ -> none:
    entries_.filter --in-place: | _ entry/CacheEntry_ | not entry.is-expired
    excess := entries_.size - ENTRIES-MAX_ * 2 / 3
    entries_.filter --in-place: excess-- <= 0

  static key_ name/string type/int -> string:
    return "$type $name.to-ascii-lower"

class CacheEntry_:
  values/List
  /** The time when the entry expires, as in $Time.monotonic-us. */
  end-us/int

  constructor .values --.end-us:

  is-expired -> bool:
    return Time.monotonic-us >= end-us
