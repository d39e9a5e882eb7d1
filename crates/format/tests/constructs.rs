//! Snapshots of formatted texts.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-format`.

mod oracle;

use lucarne_format::{Options, Refused, format, with_formatter};

/// Returns a text and what it is formatted to.
fn shown(text: &str) -> String {
    in_lines_of(text, Options::default())
}

fn in_lines_of(text: &str, options: Options) -> String {
    if let Err(refused) = format(text, options) {
        panic!("the text is refused: {refused:?}");
    }
    let formatted = with_formatter(|formatter| oracle::check(formatter, text, options));
    let formatted = formatted.flatten().expect("the text has no errors");
    format!("{text}\n----\n{formatted}")
}

#[test]
fn spaces() {
    insta::assert_snapshot!(shown(
        r#"
import   .foo   show   a  b
import core as   c
export *
A::=1+2*3
B:=- 1
class   C  extends  D  with E   implements F:
  x /int:=?
  y/List? ::= null
  operator+ other  ->int:   return -x
  operator [] i/ int: return i
  operator[..] --from --to: return 1
  x= value: y_ = value
  constructor.named .x --.y/int = 3 [block]  [--other]:
  static foo --flag /bool=true->none :
abstract class G:
  abstract z-> int
main :
  a:=foo  1 - 2 -3 (4+5 )  [ 1,2 ][0]
  b := { 1 : 2,3:4 }
  c := {:}
  a+=  1 ; a++;++a
  if(a<1<=2 and not(b) ): return
  for i:=0 ;i<3;i++ :print i
  for ;; : break
  while a !=b : a>>>=1
  list.do:|x/int y|print x
  list.do   --reversed:: it
  x := a?b:c
  y := a is not  int?  or b as any
  call --x = 1 --no-y --z=(:it ) --is=2
  d := e[1..2][ 3 ]
  try :f
  finally :| is-exception _ |
    print~is-exception
  assert :a
  #primitive.core.add:|error|throw error
  return.foo 1
"#
    ));
}

#[test]
fn indentation() {
    insta::assert_snapshot!(shown(
        r#"
class A
  extends B:
   a/int
   constructor
       .a:
     if a: b
     else if c:
          d
     else:
           e
   method -> int:
      try:
           foo
      finally:
           bar
f
      x
      --y/int=[
       1,
      ]:
    x
g
        x
      :
    x
main:
   while a
     and b:
      c
   x := foo
     a
     b
       c:
    it
   x = a
     + b
     * c
   z := a +
      b +
      c
   return a
     ? b
     : c
       ? d
       : e
   foo [
     1,
      2] {
        a:
         b,
       }
   foo [1,
        2]
   foo (: | x |
      x
   )
   foo
    --x=:
      a
    --y=::
      b
   call a: if b:
       c
     else:
       d
   y := if a: b
     else: c
   a; b: | x |
     c
   foo \
     bar
"#
    ));
}

#[test]
fn comments() {
    insta::assert_snapshot!(shown(
        r#"// At the top.
main: // After code.
    // In the body.
    foo   /* inside */  bar
    /* before */ foo
    if a:
      // Nothing to do.
    else:
       b
       // At the end of the branch.
    // At the end of the body.
  // Less than the body.

// Before the next one.
/**
A doc.
  More.
*/
f:
  x  // Aligned.
  long-name := 1 // Not aligned.
  x       // One.
  yyy     // Two.
          // It goes on.
  z       /* Three. */
  list := [
      // First.
      1,   // One.
      // At the end.
  ]
  foo
    // Before an argument.
    1 /* a
    b */
class A:
     // Before a member.
     a := 1

     /**
     A doc.
     */
     b:
     // After the members.
// The end.
"#
    ));
}

#[test]
fn columns_that_are_aligned() {
    insta::assert_snapshot!(shown(
        r#"
A   ::= 1
BCD ::= 2
/// A doc.
E   ::= 3

F     ::= 4
TABLE ::= [
     1,  2, 10,
   100, -1,  3,
]
HANGING  ::=  #[0x15, 0x15,    8,
                0x15,    0,    2,
              ]
NAMES ::= [
  "a",   "b",
  "ccc", "d",
]
main:
  if a:      b
  else if c: d
  else:      e
  x :=   1
  y := 2
"#
    ));
}

#[test]
fn regions_without_formatting() {
    insta::assert_snapshot!(shown(
        r#"
a   :=   1
// format: off
b   :=   2
  // A comment.
c   :=   [ 1,
 2 ]
// format: on
d   :=   3
main:
    x   :=   1
    // format: off
    y   :=   [ 1,0,
               0,1 ]
    z := """
  text
    """
    // format: on
    x   =   2
    // format: off
    x   =   3
"#
    ));
}

#[test]
fn strings() {
    insta::assert_snapshot!(shown(
        r#"
main:
    a := "x  $( 1+2 )  y$a[ 0 ]"
    b := """
        text   $( %5.2f  c )
      """
    foo """
 a
   """     1
    d :='\''
"#
    ));
}

#[test]
fn strings_over_lines() {
    insta::assert_snapshot!(shown(
        r#"
main:
    print   "a $(x.map:
      it   * 2) b"
    y   := "$(
       1
     )"
"#
    ));
}

#[test]
fn blank_lines() {
    insta::assert_snapshot!(shown(
        "\n\n\nimport a\n\n\n\n\nmain:\n\n  x\n   \n\n\n\n  // A comment.\n\n\n\n  y\n\n\n"
    ));
}

#[test]
fn long_lines() {
    let options = Options { line_length: 40 };
    insta::assert_snapshot!(in_lines_of(
        r#"
import library.of.something show Apple Banana Cherry Date
class Something extends SomethingElse implements Other1 Other2:
  constructor .first/int .second/int --third/int=3 [--fourth]:
  method first/int second/int -> int: return first + second
function first/int --second/string -> string:
  return first-function first second third
main:
  result := function-with-a-name argument1 argument2 --named="text"
  result = some-value + another-value * a-third-value + a-fourth-value
  if condition1 and condition2 or condition3 and condition4: return null
  if first-condition: do-something-here else: do-something-else
  list := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
  calls := [function 1, function 2, function 3, function 4]
  map := {"key": "value", "other key": "other value"}
  list.do: | element | print "the element is $element"
  list.do --reversed --another-flag: | element | print "the element $element"
  list.do --reversed --another-flag: | element other-element |
    print element
  value := condition ? the-first-branch-of-it : the-second-branch
  throw "a text that is longer than the line, and cannot be broken"
  some.object.with-members (another-function argument1 argument2)
  function (: | x | print "a block between parentheses $x") other
  short  // A comment that is longer than the line does not break it.
  return.object function-name argument1 or function-name argument2
"#
        .replace("return.object", "return")
        .as_str(),
        options
    ));
}

#[test]
fn ends_of_lines_are_kept() {
    let formatted =
        format("\u{feff}#!/usr/bin/lucarne \r\nmain :\r\n  x /* a\r\n */  \r\n", Options::default());
    assert_eq!(formatted.expect("no errors"), "\u{feff}#!/usr/bin/lucarne\r\nmain:\r\n  x /* a\r\n */\r\n");
    assert_eq!(format("x:=1", Options::default()).expect("no errors"), "x := 1\n");
    assert_eq!(format("", Options::default()).expect("no errors"), "");
    assert_eq!(format("\n \n", Options::default()).expect("no errors"), "");
    assert_eq!(format("// A comment. ", Options::default()).expect("no errors"), "// A comment.\n");
}

#[test]
fn texts_with_errors_are_refused() {
    let Err(Refused::Errors(problems)) = format("main:\n  (\n", Options::default()) else {
        panic!("the text has an error");
    };
    assert!(problems.iter().all(|problem| problem.is_error()) && !problems.is_empty());
}
