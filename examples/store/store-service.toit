// Made from store.toit by `lucarne interface generate --toit`. Do not edit: change
// store.toit instead, and make this file again.

import system.services show ServiceSelector

import .store as definition_

/** Stores values by name. */
interface Store:
  static SELECTOR ::= ServiceSelector
      --uuid="3d7f2c1e-9b59-4a53-8ad6-5f0ce7a1c9b4"
      --major=1
      --minor=0

  static NO-VALUE-ERROR ::= "NO_VALUE"

  /** Returns the value of a name, or null if it has none. */
  get name/string -> any
  static GET-INDEX ::= 0

  /** Sets the value of a name. Null is not allowed. */
  put name/string value/any -> none
  static PUT-INDEX ::= 1

  /** Removes a name, and returns whether it existed. */
  remove name/string -> bool
  static REMOVE-INDEX ::= 2

  /**
  Watches all names with a prefix. The current values are sent first.

  Returns a handle.
  */
  watch prefix/string -> int
  static WATCH-INDEX ::= 3

encode-change_ value/definition_.Change? -> Map?:
  if not value: return null
  return {
    "name": value.name,
    "value": value.value,
  }

decode-change_ value/Map? -> definition_.Change?:
  if not value: return null
  return definition_.Change
      (value.get "name")
      (value.get "value")
