/**
Names that are keywords in other languages, or that generated code uses.

@service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d04 1.0
*/
interface Names:
  match type/string fn/int -> int
  /** @throws SELF */
  self -> int
  crate mut/int -> int
  index arguments/int client/int gid/int index/int -> List
  task monitor/int definition/int -> int
  invoke value/any element/any -> none
  await struct/Struct -> Struct
  /**
  @type list List<ListOfStruct>
  @type -> List<Struct>
  */
  lists list/List -> List
  ref loop/int dyn/int -> Node

/** @resource */
interface Node:
  move handle/int in/int -> Node?
  monitor -> int
  /** @close */
  drop -> none
  /** @notification type/string self/int */
  on-impl callback/Lambda -> none

/** @record */
class Struct:
  type/string
  self/int
  pub/Struct?
  value/List?
  constructor --.type --.self --.pub=null --.value=null:

/** @record */
class ListOfStruct:
  of/Struct
  constructor .of:
