/** Code that runs when an object is no longer used. */

/**
Has $lambda run once nothing refers to $object any more.

The lambda may refer to the object itself. It runs in a task of its own, some time
  after the last reference is gone; not at all if the process ends before. Strings and
  byte arrays can have none.
*/
add-finalizer object lambda/Lambda? -> none:
  if object is Map: throw "WRONG_OBJECT_TYPE"
  add-finalizer_ object lambda

/** Takes back $add-finalizer. Returns whether there was a finalizer. */
remove-finalizer object -> bool:
  #primitive.heap.remove-finalizer

add-finalizer_ object lambda/Lambda? -> none:
  #primitive.heap.add-finalizer
