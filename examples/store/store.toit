// The service in `store.rs`, from which `lucarne interface` makes the rest: for Toit the files
// store-*.toit, and for Rust the module `interface`, when the example is built.

/**
Stores values by name.

@service 3d7f2c1e-9b59-4a53-8ad6-5f0ce7a1c9b4 1.0
*/
interface Store:
  /** Returns the value of a name, or null if it has none. */
  get name/string -> any

  /**
  Sets the value of a name. Null is not allowed.

  @throws NO_VALUE
  */
  put name/string value/any -> none

  /** Removes a name, and returns whether it existed. */
  remove name/string -> bool

  /** Watches all names with a prefix. The current values are sent first. */
  watch prefix/string -> Watch

/**
A watch on names.

@resource
*/
interface Watch:
  /**
  Waits for the next change, and returns it.

  @next
  */
  next -> Change

  /** @close */
  close -> none

/**
A change of a value.

@record
*/
class Change:
  name/string
  /** Null if the name has been removed. */
  value/any

  constructor .name .value:
