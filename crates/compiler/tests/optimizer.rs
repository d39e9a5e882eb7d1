//! What the optimizer makes of programs: the code of their functions, as `lucarne --emit=optimized` prints it.

mod common;

use lucarne_compiler::emit;

/// Returns a program with its code after the optimizer.
fn optimized(source: &str) -> String {
    let analysis = common::analyze_files(&[("app.toit", source)]);
    assert!(!analysis.has_errors(), "{:?}", analysis.diagnostics);
    format!(
        "{source}----\n{}",
        emit::optimized(&analysis.unit).expect("the program links").expect("there is a thread")
    )
}

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident: $source:literal;)*) => {
        $($(#[$doc])* #[test] fn $name() { insta::assert_snapshot!(optimized($source)); })*
    };
}

cases! {
    /// The block's code stands in the loop of the function that calls it.
    a_block: "\
twice [block]:
  for i := 0; i < 2; i++: block.call i

main:
  sum := 0
  twice: | x | sum += x
  print sum
";

    /// A return leaves the function that was put in place of its call, one in the block leaves `main`.
    returns: "\
find x [test]:
  for i := 0; i < x; i++: if test.call i: return i
  return -1

main:
  found := find 5:
    if it == 3: return
    it * it == 4
  print found
";

    /// Any value may come to `sum`; only that of the class has the method.
    a_test_of_the_class: "\
class Pair:
  a/int
  b/int
  constructor .a .b:
  each [block] -> none:
    block.call a
    block.call b

sum pair:
  sum := 0
  pair.each: sum += it
  return sum

main:
  print (sum (Pair 1 2))
";

    /// Two methods are possible: the call stays.
    two_targets: "\
abstract class Shape:
  abstract area -> int
class Square extends Shape:
  side/int
  constructor .side:
  area -> int: return side * side
class Dot extends Shape:
  area -> int: return 0

area shape/Shape -> int: return shape.area

main:
  print (area (Square 2)) + (area Dot)
";

    /// The test of the flag, and what is not done with it, are left out.
    constants: "\
walk --reversed/bool=false n/int [block]:
  if reversed: for i := n - 1; i >= 0; i--: block.call i
  else: for i := 0; i < n; i++: block.call i

main:
  walk 3: print it
";

    /// A function is put into itself once.
    recursion: "\
each list/List i/int [block] -> none:
  if i == list.size: return
  block.call list[i]
  each list i + 1: block.call it

main:
  each [1, 2] 0: print it
";

    /// An argument that changes is copied, one that does not is used as it is.
    arguments: "\
down n/int [block] -> none:
  while n > 0: block.call n--

main:
  start := 3
  down start: print it
  down start: start++
";

    /// The check of a parameter stays, unless the value is known to pass.
    checks: "\
half n/int -> int: return n / 2

main args:
  print (half 3)
  print (half args[0])
";
}
