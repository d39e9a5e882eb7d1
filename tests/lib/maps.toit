// Maps and sets: keys of all kinds, order, removal.

import expect show *

class Key:
  text/string
  note/any
  constructor .text .note=null:
  hash-code: return text.size  // Collides a lot.
  operator == other: return other is Key and other.text == text

main:
  access
  order
  removal
  keys-of-all-kinds
  own-keys
  updates
  iteration
  reductions
  transformations
  texts
  sets
  set-operations
  identity

access:
  map := {"a": 1, "b": 2}
  expect-equals 1 map["a"]
  expect-equals null (map.get "c")
  expect-equals "c!" (map.get "c" --if-absent=: "$it!")
  expect-equals 11 (map.get "a" --if-present=: it + 10)
  expect-equals null (map.get "c" --if-present=: unreachable)
  expect-equals 0 (map.get "c" --if-present=(: 1) --if-absent=(: 0))
  expect-equals 3 (map.get "c" --init=: 3)
  expect-equals 3 map["c"]
  expect-equals 3 map.size
  expect-throw "key 'x' not found": map["x"]
  expect-throw "key '7' not found": map[7]
  expect-throw "key not found": map[Key "x"]
  expect (map.contains "a")
  expect (map.contains-all ["a", "b"])
  map["a"] = null
  expect (map.contains "a")
  expect-equals null (map.get "a" --if-absent=: 9)
  expect-equals 5 (map["z"] = 5)

order:
  map := {:}
  [3, 1, 2].do: map[it] = it * it
  map[3] = 0
  expect-equals [3, 1, 2] map.keys
  expect-equals [0, 1, 4] map.values
  map.remove 3
  map[3] = 9
  expect-equals [1, 2, 3] map.keys
  expect-equals 1 map.first
  expect-equals 3 map.last
  expect-throw "Not enough elements": {:}.first
  expect-throw "Not enough elements": {}.last

removal:
  map := {:}
  1000.repeat: map[it] = it
  map.remove 5000
  expect-equals 1000 map.size
  absent := null
  map.remove 5000 --if-absent=: absent = it
  expect-equals 5000 absent
  1000.repeat: if it % 3 != 0: map.remove it
  expect-equals 334 map.size
  1000.repeat: expect-equals (it % 3 == 0) (map.contains it)
  expect-equals (List 334: it * 3) map.keys
  map.remove-all (List 334: it * 3)
  expect map.is-empty
  map["again"] = 1
  expect-equals 1 map["again"]
  map.clear
  expect-equals 0 map.size

keys-of-all-kinds:
  map := {:}
  map[1] = "int"
  expect-equals "int" map[1.0]
  map[1.5] = "float"
  map["s"] = "string"
  map[#[1]] = "bytes"
  map[int.MIN] = "boxed"
  map[true] = "bool"
  map[Duration --s=1] = "duration"
  expect-equals "float" map[1.5]
  expect-equals "string" map["s"]
  expect-equals "bytes" map[#[1]]
  expect-equals "boxed" map[int.MIN]
  expect-equals "bool" map[true]
  expect-equals "duration" map[Duration --ms=1000]
  expect-not (map.contains float.NAN)
  map[float.NAN] = 1
  expect-not (map.contains float.NAN)

own-keys:
  map := {:}
  100.repeat: map[Key "k$it"] = it
  expect-equals 100 map.size
  100.repeat: expect-equals it map[Key "k$it"]
  50.repeat: map.remove (Key "k$it")
  expect-equals 50 map.size
  expect-not (map.contains (Key "k0"))
  expect (map.contains (Key "k99"))
  // The map keeps its key when the value changes, a set takes the new one.
  first := Key "same" 1
  second := Key "same" 2
  map[first] = 1
  map[second] = 2
  expect-equals 1 map.last.note
  set := {first}
  set.add second
  expect-equals 1 set.size
  expect-equals 2 (set.get first).note
  expect-equals 2 (set.get (Key "same")).note
  expect-equals null (set.get (Key "other"))
  expect-equals "none" (set.get (Key "other") --if-absent=: "none")

updates:
  map := {"n": 1}
  expect-equals 2 (map.update "n": it + 1)
  expect-throw "key not found": map.update "m": it
  expect-equals 10 (map.update "m" (: it + 1) --if-absent=: 10)
  expect-equals 11 (map.update "m" (: it + 1) --if-absent=: 10)
  expect-equals 7 (map.update "o" --if-absent=7: it + 1)
  expect-equals 6 (map.update "p" --init=5: it + 1)
  expect-equals 101 (map.update "q" (: it + 1) --init=: 100)
  expect-equals ["n", "m", "o", "p", "q"] map.keys

iteration:
  map := {"a": 1, "b": 2, "c": 3}
  seen := []
  map.do: | key value | seen.add "$key$value"
  map.do --reversed: | key value | seen.add "$key$value"
  map.do --keys: seen.add it
  map.do --values --reversed: seen.add it
  expect-equals ["a1", "b2", "c3", "c3", "b2", "a1", "a", "b", "c", 3, 2, 1] seen
  // Removing the current entry is fine.
  map.do: | key value | if value != 2: map.remove key
  expect-equals ["b"] map.keys

reductions:
  map := {1: 10, 2: 20}
  expect-equals 3 (map.reduce --keys: | a b | a + b)
  expect-equals 30 (map.reduce --values: | a b | a + b)
  expect-equals 103 (map.reduce --keys --initial=100: | a b | a + b)
  expect-equals 130 (map.reduce --values --initial=100: | a b | a + b)
  expect-equals 33 (map.reduce --initial=0: | sum key value | sum + key + value)
  expect (map.any: | key value | key * 10 == value)
  expect (map.any --keys: it == 2)
  expect-not (map.any --values: it == 2)
  expect (map.every: | key value | key * 10 == value)
  expect (map.every --keys: it > 0)
  expect-not (map.every --values: it > 10)

transformations:
  map := {"a": 1, "b": 2}
  expect-structural-equals {"a": 10, "b": 20} (map.map: | _ value | value * 10)
  map.map --in-place: | key value | "$key$value"
  expect-structural-equals {"a": "a1", "b": "b2"} map
  expect-structural-equals {"b": "b2"} (map.filter: | key _ | key == "b")
  copy := map.copy
  map.filter --in-place: | key _ | key == "a"
  expect-equals 1 map.size
  expect-equals 2 copy.size
  squares := Map 5 (: it) (: it * it)
  expect-equals 16 squares[4]

texts:
  expect-equals "{a: 1, 2: [3]}" {"a": 1, 2: [3]}.stringify
  expect-equals "{:}" {:}.stringify
  expect-equals "{1, x}" {1, "x"}.stringify
  expect-equals "{}" {}.stringify

sets:
  set := {1, 2, 2, 3}
  expect-equals 3 set.size
  expect (set.contains 2)
  set.add 4
  set.remove 1
  expect-equals [2, 3, 4] set.to-list
  expect-equals 2 set.first
  expect-equals 4 set.last
  expect {1, 2} == {2, 1}
  expect {1} != {1, 2}
  expect {1} != [1]
  expect-equals 9 (set.reduce: | a b | a + b)
  expect-equals 10 (set.reduce --initial=1: | a b | a + b)
  expect (set.every: it > 1)
  expect (set.any: it == 4)
  reversed := []
  set.do --reversed: reversed.add it
  expect-equals [4, 3, 2] reversed

set-operations:
  set := {1, 2, 3}
  set.add-all {3, 4}
  expect-equals {1, 2, 3, 4} set
  expect-equals {2, 4} (set.intersect {2, 4, 6})
  set.remove-all [1, 9]
  expect-equals {2, 3, 4} set
  expect-equals {4, 6, 8} (set.map: it * 2)
  expect-equals {3} (set.filter: it == 3)
  copy := set.copy
  set.filter --in-place: it != 3
  expect-equals {2, 4} set
  set.intersect --in-place {4}
  expect-equals {4} set
  expect-equals 3 copy.size
  found := copy.get-by-hash_ "five".hash-code
      --initial=: "five"
      --compare=: false
  expect-equals "five" found
  expect (copy.contains "five")

identity:
  map := IdentityMap
  a := Key "same"
  b := Key "same"
  map[a] = 1
  map[b] = 2
  expect-equals 2 map.size
  expect-equals 1 map[a]
  expect-equals null (map.get (Key "same"))
  set := IdentitySet
  set.add a
  set.add a
  set.add b
  expect-equals 2 set.size
