// helper
// Guests that use up the resources that all guests share: memory, the collector and the processor.
import .house

HOGS ::= {
  "processor": :: while true: null,
  "memory": :: memory,
  "collection": :: collection,
  "large values": :: large-values,
  "large natives": :: large-natives,
  "finalizers": :: finalizers,
}

/** Fills the memory again and again, and goes on after each exception. */
memory -> none:
  while true:
    keep := []
    note: while true: keep.add (ByteArray 1_000)

/** Makes garbage beside many live objects that each full collection has to move. */
collection -> none:
  keep := List 20_000: [it]
  while true: keep[random keep.size] = List (random 100)

/** Sends values that take long to encode, to decode, and to send back. */
large-values -> none:
  house := open-house
  value := List 2_000: [it, "$it", { it: it }]
  while true: house.echo value

large-natives -> none:
  text := "0123456789" * 10_000
  while true:
    text.index-of "9876"
    (text + text).to-byte-array.to-string

finalizers -> none:
  while true:
    1_000.repeat: add-finalizer [it]:: null
    yield
