/** Code that runs when an object is no longer used. */

/**
Runs $lambda once nothing refers to $object any more.

The lambda may refer to the object itself. It runs in a task of its own, some time after the last
  reference has disappeared; it does not run if the process ends before that. Strings, byte arrays
  and maps cannot have finalizers.
*/
add-finalizer object lambda/Lambda? -> none:
  if object is Map: throw "WRONG_OBJECT_TYPE"
  add-finalizer_ object lambda

/** Removes the finalizer of $add-finalizer. Returns whether there was one. */
remove-finalizer object -> bool:
  #primitive.heap.remove-finalizer

add-finalizer_ object lambda/Lambda? -> none:
  #primitive.heap.add-finalizer
