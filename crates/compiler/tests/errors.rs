//! Programs with mistakes, and what is said about them.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-compiler`.

mod common;

use common::rendered;

macro_rules! errors {
    ($($name:ident: $text:expr,)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(rendered($text));
        })*
    };
}

errors! {
    all_errors_of_a_file: "main:\n  foo := bar\n  print 1 +\n  unknown\n",
    did_you_mean: "class Counter:\n  value := 0\n  increment: value++\nmain:\n  counter := Counter\n  counter.incremnt\n  pritn counter.value\n  x/Countr := counter\n",
    no_overload: "foo x:\nfoo x y [block]:\nbar --name/string:\nmain:\n  foo\n  foo 1 2\n  bar --nam=\"x\"\n  bar 1\n",
    calling_variables: "g := 1\nmain:\n  x := 1\n  x 2\n  g 3\n  b := : it\n  b 4\n",
    types_of_arguments: "foo x/int y/string?:\nmain:\n  foo \"a\" null\n  foo null \"b\"\n  foo 1 2\n",
    types_of_variables: "class A:\n  field/int := 0\nglobal/string := 3\nmain:\n  x/int := \"text\"\n  x = 2.5\n  (A).field = \"x\"\n  global = 5\n",
    types_of_results: "foo -> int:\n  return \"x\"\nbar -> int:\n  if true: return 1\nbaz x -> int:\n  throw \"never\"\nmain:\n  foo + bar + (baz 1)\n",
    members_of_known_types: "main:\n  x := 5\n  x.foo\n  \"text\".size = 3\n  [1].add 1 2\n  x.abs = 4\n",
    nothing_as_a_value: "foo -> none:\nmain:\n  x := foo\n  if foo: x\n  foo.bar\n  not foo\n  print foo\n",
    blocks_as_values: "class A:\n  x := null\nmain:\n  b := : 1\n  [b]\n  (A).x = b\n  l := :: b.call\n  return b\n",
    jumps: "main:\n  break\n  continue\n  [1].do: break\n  [1].do: continue.map\n  task:: return\n",
    finals: "G ::= 1\nclass A:\n  f ::= 1\nmain:\n  x ::= 1\n  x = 2\n  G = 3\n  (A).f = 4\n  print = 5\n",
    unassigned: "main:\n  x := ?\n  print x\n  y := ?\n  if true: y = 1\n  print y\n  z := ?\n  if true: z = 1 else: z = 2\n  print z\n  w ::= ?\n  w = 1\n  w = 2\n",
    unassigned_fields: "class A:\n  x/int\n  y/int\n  constructor .x:\n  constructor.both .x:\n    if x == 1: y = 1\n    else: y = 2\nclass B:\n  z/int\nmain:\n  A 1\n  B\n",
    duplicates: "foo x:\nfoo y:\nfoo x y=1:\nclass foo:\nclass A:\n  a := 1\n  a: return 1\n  b x:\n  b y --z=1:\n  constructor:\n  constructor --x=1:\nmain:\n  x := 1\n  x := 2\n  [1].do: x := 3\n",
    promises: "interface I:\n  foo x\n  bar -> int\nabstract class A implements I:\n  abstract baz\nclass B extends A:\n  foo x:\nclass C extends B:\n  bar -> int: return 1\n  baz:\nmain:\n  B\n  C\n  A\n  I\n",
    hierarchy: "class A extends B:\nclass B extends A:\ninterface I:\nclass C extends I:\nclass D implements A:\nmixin M:\nclass E extends M:\nclass F extends Unknown with I:\nmain:\n",
    declarations: "abstract foo\nclass A:\n  abstract bar\n  static constructor:\n  baz\n  static operator + x: return x\n  operator ~ x: return 1\n  this: return 1\ninterface I:\n  x := 1\n  foo: return 1\nbar x=1 y:\nbaz [b] x:\nmain:\n",
    constructors: "class A:\n  constructor x:\n  constructor.factory: return A 1\nclass B extends A:\n  constructor:\nclass C extends A:\n  constructor: super.factory\nclass D extends A:\n  constructor:\n    print this\n    super 1\nclass E:\n  constructor.only:\nmain:\n  E\n  A.nope\n  A\n",
    this_and_super: "foo: return this\nbar: super\nclass A:\n  x := y\n  y := this\n  static s: return x\n  m: super.unknown\nmain:\n",
    statics: "class A:\n  static s: return 1\n  static g := 1\n  m: return 2\nmain:\n  A.m\n  A.nope\n  (A).s\n  A.g = 2\n  A.s = 3\n",
    imports: "import nowhere\nimport .missing show foo\nimport monitor show Chanel\nimport monitor as m\nmain:\n  nowhere.x\n  foo\n  m.Nope\n  m\n  x/m.Nope := null\n",
    primitives_are_for_libraries: "foo x:\n  #primitive.core.foo\nmain:\n",
    main_is_missing: "foo:\n",
    main_takes_too_much: "main a b:\n",
    parentheses_of_other_languages: "foo x:\nmain:\n  foo(1)\n  x := 1\n  y := x- 1\n",
}

#[test]
fn invalid_utf8() {
    use lucarne_compiler::diagnostic::{Style, render};
    use lucarne_compiler::source::MemoryLoader;
    let mut loader = MemoryLoader::default();
    loader.add("app.toit", b"main:\n  print \"\xff\xfe\"\n".to_vec());
    let analysis = lucarne_compiler::resolve::analyze(
        &loader,
        Some(common::library().clone()),
        &common::is_native,
        "app.toit",
    );
    insta::assert_snapshot!(render(&analysis.sources, &analysis.diagnostics, Style::default()));
}

#[test]
fn modules() {
    let analysis = common::analyze_files(&[
        (
            "src/app.toit",
            "import .a\nimport .b as b\nimport .sub show deep\nmain:\n  from-a\n  b.from-b\n  both\n  deep\n  hidden\n",
        ),
        ("src/a.toit", "import .c\nexport from-c\nfrom-a:\nboth:\n"),
        ("src/b.toit", "from-b:\nboth:\n"),
        ("src/c.toit", "from-c:\nhidden:\n"),
        ("src/sub/sub.toit", "import ..c show *\nexport *\ndeep: hidden\n"),
    ]);
    let style = lucarne_compiler::diagnostic::Style::default();
    insta::assert_snapshot!(lucarne_compiler::diagnostic::render(
        &analysis.sources,
        &analysis.diagnostics,
        style
    ));
}
