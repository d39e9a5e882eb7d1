/**
Types, names and comments in unusual forms.

@service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d05 1.3
*/
interface Forms:
  /**
  Code in a comment is not a test of Rust:

  ```
  forms.len
  ```

      forms.new

  - One: \u{41} and $len.

  @throws SELF
  @throws NONE "{} of ??/ %d"
  */
  len -> int
  new -> Tree
  from-text text/string -> Tree?
  into-text tree/Tree -> string
  /**
  @type deep Map<int, Map<string, List<Map<int, Tree?>>?>>
  @type -> List<List<Map<string, List<Map<int, ByteArray?>>>>>?
  @timeout 1h
  */
  nested deep/Map -> List?
  /** @type p3 List<any> */
  many
      p1/int p2/int? p3/List p4/Map? --p5/bool p6/float --p7/string? p8/ByteArray p9/any p10/Tree
      p11/Tree? p12/int p13/int p14/int p15/int
      -> any
  walk -> Walk

  constructor: return Forms_

class Forms_ implements Forms:
  len -> int: throw "SELF"
  new -> Tree: return Tree null null null
  from-text text/string -> Tree?: return null
  into-text tree/Tree -> string: return ""
  nested deep/Map -> List?: return null
  many
      p1/int p2/int? p3/List p4/Map? --p5/bool p6/float --p7/string? p8/ByteArray p9/any p10/Tree
      p11/Tree? p12/int p13/int p14/int p15/int
      -> any:
    return null
  walk -> Walk: unreachable

/** @resource */
interface Walk:
  /** Returns another resource of the same kind. */
  again -> Walk?
  end -> End
  next -> int
  /**
  @next 1
  @type -> Map<int, List<Tree?>>?
  */
  next-step -> Map?
  /** @close */
  stop -> none

/** @resource */
interface End:
  /** @notification */
  on-nothing callback/Lambda -> none

/** @record */
class Tree:
  /** @type List<Tree>? */
  children/List?
  /** @type Map<int, Map<string, List<List<Tree?>>?>>? */
  names/Map?
  other/Tree?
  constructor .children .names .other:
