//! Snapshots of the scanner's and the parser's results for texts.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-compiler`.

use lucarne_compiler::diagnostic::{self, Style};
use lucarne_compiler::emit;
use lucarne_compiler::parser;
use lucarne_compiler::source::Sources;

fn tokens(text: &str) -> String {
    format!("{text}\n----\n{}", emit::tokens(text))
}

/// Returns the text, its tree, and its errors.
fn tree(text: &str) -> String {
    let mut sources = Sources::default();
    let (id, _) = sources.add("app.toit".into(), text.into());
    let text = sources.get(id).map_or("", |source| source.text.as_str());
    let (_, problems) = parser::parse(id, text);
    let shown = diagnostic::render(&sources, &problems, Style::default());
    format!("{text}\n----\n{}{shown}", emit::tree(text).expect("there is a thread"))
}

macro_rules! trees {
    ($($name:ident: $text:expr,)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(tree($text));
        })*
    };
}

#[test]
fn tokens_of_lines() {
    insta::assert_snapshot!(tokens(
        "main:\n  x := 1 // One.\n  /* a\n  b */ y\n    -1 - -2\n  a-b a- b\\\n   c"
    ));
}

#[test]
fn tokens_of_strings() {
    insta::assert_snapshot!(tokens(
        "\"a$b.c[1].d-e, $(%5.2f x)$\" \"\"\"x\"\"\"\"\"\n\"$(a \"b$c\")\" \"open"
    ));
}

#[test]
fn tokens_of_numbers() {
    insta::assert_snapshot!(tokens(
        "1 1_000 0xff 0b101 1.5 .5 1e3 0x1p-2 0xa.8p1 1.abs 1..2 1__0 0xg 'a' '\\n' '"
    ));
}

trees! {
    calls: "main:\n  foo\n  foo 1 x + 2 -y\n  foo.bar 1 --flag --no-other --named=x + 1\n  (foo 1).bar\n  foo (bar 1) [2] x[3] #[4]",
    operators: "main:\n  a or b and not c == d\n  0 <= x < 10 == true\n  x | y ^ z & w << 1 + 2 * -3\n  x is not int and y as string? == \"\"\n  -4.abs\n  -n.abs",
    assignments: "main:\n  x/int? := null\n  y ::= ?\n  x = y = 3\n  x += 1\n  a.b[c] <<= 2\n  x++\n  a.b--",
    arguments_on_lines: "main:\n  foo a\n    b 1\n    --named=: it\n    --other\n    [1,\n      2]\n  bar",
    blocks: "main:\n  foo: it\n  foo x: | a b/int | a + b\n  foo:: it; it\n  foo --x=(: 1): 2\n  foo:\n    bar:\n      1\n    2",
    a_block_belongs_where_its_lines_stand: "main:\n  outer\n      inner:\n        1\n      inner2:\n    2",
    conditionals: "main:\n  x ? y : z\n  x ? foo 1 : bar: 2\n  x\n    ? foo: 1\n    : bar\n  x ?\n    foo: 1 :\n    bar",
    branches: "main:\n  if a: b else if c: d else: e\n  if a: if b: c\n  else: d\n  if x := foo 1:\n    x\n  else:\n    y\n  z := if a: 1 else: 2",
    loops: "main:\n  while true: break\n  for i := 0; i < 3; i++: continue\n  for ;;:\n    foo: continue.foo 3",
    tries: "main:\n  try:\n    a\n  finally: | is-exception exception |\n    b\n  try: a finally: b\n  assert: x == 1",
    literals: "main:\n  [1, 2,]\n  {1, 2}\n  {:}\n  {}\n  {a: 1, \"b\": :: it}\n  {\n    1: 2\n  , 3: 4\n  }\n  'x'\n  x[1..2]; x[..]; x[1..]",
    strings: "main:\n  \"a\\t$b.c[1]d $(%5.2f x + 1)\"\n  \"\"\"\n    one\n      two $x\n    \"\"\"\n  \"\"\"a \\\n    b\"\"\"",
    continued_operators: "main:\n  x := 4\n    * 3 + 1\n  y := 4 *\n    3 + 1\n  return a\n    and b\n    and c",
    classes: "abstract class A extends b.B with C D\n    implements E:\n  x/int := ?\n  y ::= 3\n  z/string?\n  static S ::= 1\n  constructor .x --.y=3:\n    super x\n  constructor.named [block]: return A 1\n  abstract foo x -> int\n  foo= v:\n  operator [] i: return i\n  operator []= i v:\n  operator [..] --from=0 --to:\n  operator - -> int: return 1\n  operator == other -> bool: return true\ninterface I extends J:\n  foo --a [--b] [c]\nmonitor M:\nmixin X extends Y:",
    functions: "foo x/int y=3 --z/string?=null [block] -> none:\n  return\nbar\n    --a\n    --b/int\n:\n  print a\nsetter= x: 1\nGLOBAL ::= 3\nglobal/int := 4",
    imports: "import monitor\nimport ..a.b as c show d\n  e\nimport .x show *\nexport d e\nexport *",
    primitives: "foo x:\n  #primitive.core.foo: | error |\n    return error",

    error_unfinished_operator: "main:\n  x := 1 +\n  print x",
    error_missing_colons: "class A\n  x := 1\nfoo\n  return 1\nmain:\n  if x\n    y\n  while z\n    w",
    error_brackets: "main:\n  foo (1 + 2\n  bar [1, 2\n  baz 3)\n  ok",
    error_indentation: "main:\n  a\n    if x: 1\n   b\n  c\n     d := 1",
    error_assignment: "foo = 3\nmain:\n  1 = x\n  if x = 3: y\n  x + 1 += 2\n  (a) := 3",
    error_not_as_argument: "main:\n  foo not x\n  --x",
    error_empty_block: "main:\n  foo:\n  bar",
    error_strings: "main:\n  x := \"open\n  y := \"\\q\"\n  z := \"$\"\n  w := \"$(%q! x)\"\n  'ab'",
    error_else: "main:\n  else: 1\n  finally: 2\n  try: 3\n  4",
    error_names: "4\nclass:\n  x\nmain:\n  a.\n  a.if\n  b",
    error_characters: "main:\n  x := a § b\n  y := !a\n\tz\n  /* open",
}

/// Every way that a file can begin and end gives the same program.
#[test]
fn files_begin_and_end_in_many_ways() {
    let program =
        "/// Says it.\nmain:\n  x := \"\"\"\n    one\n      two\n    \"\"\"\n  print \"a\\\n  z$x\"";
    let print = |text: &str| {
        let mut sources = lucarne_compiler::source::Sources::default();
        let (id, problem) = sources.add("app.toit".into(), text.into());
        assert_eq!(problem, None);
        let text = &sources.get(id).expect("it was added").text;
        let (_, problems) = lucarne_compiler::parser::parse(id, text);
        assert_eq!(problems, [], "of {text:?}");
        emit::tree(text).expect("there is a thread")
    };
    let expected = print(program);
    assert!(expected.contains(r#""one\n  two\n""#) && expected.contains(r#""a  z"#), "{expected}");
    for begin in [
        "",
        "\u{feff}",
        "#!/usr/bin/env lucarne run\n",
        "\u{feff}#!/*\n",
        "#!\n\n",
        "\n \n",
        "// a\n",
        "\t\n",
    ] {
        for end in ["", "\n", "\n\n", " ", "\n  ", "\n\t", "  // b", "\n/* c */", "\n// d"] {
            for line_end in ["\n", "\r\n", "\r"] {
                let text = format!("{begin}{program}{end}").replace('\n', line_end);
                assert_eq!(print(&text), expected, "of {text:?}");
            }
        }
    }
}
