//! Snapshots of programs with mistakes and of their diagnostics.
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
    class_without_a_name: "class class A:\n  abstract bar\nmain:\n",
    unknown_primitives: "foo x:\n  #primitive.core.foo\nmain:\n",
    main_is_missing: "foo:\n",
    main_takes_too_much: "main a b:\n",
    numbers: "main:\n  print 1e\n  print 0x1.5\n  print 12ab\n  print -0xff\n  print 9223372036854775808\n  print 1e999\n  print 'a\n  x := 1\n  ++ x\n  print #[256, -1, \"x\"]\n",
    statements: "import-late := 1\nimport expect\nexport *\nmain:\n  if : 1\n  if true:\n    1\n    else:\n    2\n  [1].do: return.do 2\n  print \"\"  unexpected 1 ]\n  print 1 1) 2\n  break 1 2\n",
    brackets_and_nots: "foo x=not true:\nmain:\n  x := [1]\n  x[]\n  print \"$()\"\n  print \"$x.this\"\n  y/a.b.c := 1\n",
    nesting: "main:\n  x := ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~1\n",
    heads: "x/a.b.c := 1\nclass A extends Object Object:\n  class B:\nstatic class C:\nfoo.bar: return 1\ngee\n  x:\n  print x\n  baz:\nclass D:\n  operator [ ] x: return x\n  operator [ x: return x\nimport Foo\nglobal/int\nclass :\n  foo: unknown\n4: unknown\nmain:\n",
    arguments: "foo x [b]:\nbar --x:\nmain:\n  b := : 1\n  foo b 1\n  bar --x=1 --x=2\n  b.call --x=1\n  b.foo\n  (: 1).call\n  \"x\" 1\n  (1) 2\n  _\n  : 1\n",
    constructors_and_super: "mixin M:\n  constructor x:\nclass A:\n  a := 1\n  constructor: super 1\n  set-me= x:\nclass B extends A:\n  f/int\n  constructor:\n    f = 1\n    super\n    super\n  constructor.late:\n    f = this.foo\n  constructor.within:\n    f = 1\n    x := [super]\n  constructor.kept:\n    f = 1\n    g := :: f = 2\n    g.call\n  constructor.missing .nope:\n  foo: return 1\n  other= x: super = 1\nclass C:\n  field := 1\n  foo .field: super = 1\n  bar .nope:\nfoo .x:\nclass D:\n  field/int\n  constructor:\n    super\n  constructor.used:\n    print this\nmain:\n",
    values_that_are_none: "bar -> none:\nfoo -> none:\n  return 1\nreturns -> int:\n  if true: return\n  return 1\nboth x:\n  if x: return\n  return 1\nmain:\n  b := : 1\n  x := if true: b\n  y := true ? b : 1\n  if (throw \"x\") or true: 1\n  while (return 1): 2\n  while z := ?: 1\n  while z := b: z\n  f := :: b2 := : 1\n  if 1: 2\n  if not \"\": 3\n  g/none := 1\n  1 is none\n  1 as none\n",
    places_of_code: "global := return\nmain:\n  b := (: | [x] | x)\n  c := (: | --x | x)\n  d := (: | x=1 | x)\n  l := (:: | a b c d e | a)\n  try: 1\n  finally: | x | 2\n  try: 1\n  finally: | x/string y | 2\n",
    parameters_of_primitives: "foo:\n  #primitive.core.known\nbar a: #primitive.core.known\nclass A:\n  x := #primitive.core.known\n  constructor:\n    #primitive.core.known\n  constructor.other a:\n    #primitive.core.known\n  m: #primitive.core.known\n  n a: #primitive.core.known\n  static s a: #primitive.core.known\nl := :: | a | #primitive.core.known\nmain:\n",
    primitives: "foo x:\n  #primitive.core.known: | a b | a\nbar x:\n  #primitive.core.known: | a/int | a\ngee x:\n  #primitive.core\nshared x:\n  #primitive.core.known:\n    return :: x += 1\nmain:\n",
    assignments: "class A:\n  foo= x:\n  static bar= x:\nset-me= x:\nset-two= x y:\nmain:\n  b := : 1\n  b = 1\n  x := [1]\n  x = x\n  x[1, 2] = 3\n  x[1..2] = 3\n  A = 1\n  super = 1\n  set-me += 1\n  set-two = 1\n  y ::= ?\n  l := :: y = 1\nclass B:\n  this-one: this = 1\n",
    types: "import monitor as m\nmonitor M:\nclass A extends M:\nmonitor B extends A:\nclass C extends __Monitor__:\ninterface I with A:\nclass D with E:\nclass F:\n  operator == other -> int: return 1\n  x/none := 1\nfun: return 1\nx/fun := 1\ny/nope.Foo := 1\nz/String := \"\"\ninterface J:\n  constructor:\n  abstract foo\n  bar x\ninterface K implements J:\nclass L:\n  constructor.named: return 1\nglobal ::= ?\nmain:\n",
    modifiers_of_declarations: "class A:\n  abstract static foo\n  constructor -> int: 1\n  operator [..] x: return x\n  ONCE ::= 1\nabstract class B:\n  abstract foo: return 1\n  abstract x := 1\n  abstract bar .x\noperator + x: return x\nthrow catch: return catch\nfoo x/none:\nbar --no-x x x:\ngee [b]=1 [c=2]:\nmain:\n",
    types_of_globals: "a := b + 1\nb := a + 1\nc/int := c + 1\nd := 1\nmain:\n  d = \"text\"\n",
    deprecated: "/// Deprecated. Use $bar.\nfoo:\nbar:\n/** Deprecated. */\nclass A:\n/**\nA class.\n\nDeprecated. It is\n  old.\n*/\nclass B:\nclass C:\n  /// Deprecated.\n  x := 1\n  /// Something else. Deprecated. Too long.\n  y: return 1\n/// Deprecated. Old.\nold: foo\nmain:\n  foo\n  foo  // @no-warn\n  A\n  B\n  C.x\n  (C).x\n  (C).x = 1\n  (C).y\n",
    indentation_of_declarations: "class A:\n    x := 1\n  y := 2\nmain:\n",
    true_and_false: "foo x/True:\nbar -> False: return true\nmain:\n  foo false\n  foo true\n  x := true\n  x = false\n  foo x\n  foo null\n",
    words_for_functions: "def twice x:\n  return 2 * x\ndef greet name:\n  print name\nmain:\n  twice 1\n",
    bodies_that_are_not_indented: "main args:\n  if args.is-empty:\n  print 1\n  while args:\n  print 2\n  for i := 0; i < 3; i++:\n  print 2\n  if args:\n    print 3\n  else:\n  print 4\n  if args:\n    // Nothing.\n  print 5\n  if args:\n\n  print 6\n  if args:\n  else: print 7\n  while x := args.first:\n  print 8\n  while args.size == 1:\n  print 9\n  while args.first.get == 1:\n  print 10\n  if args:\n",
    values_of_variables: "foo c:\n  x := null\n  x = 1\n  x = \"s\"\n  y := c ? null : 1\n  y = \"s\"\n  z := c ? 1 : null\n  z = []\n  u := if c: 1 else: null\n  u = {:}\n  v := c ? null : (c ? 1 : \"s\")\n  v = 1.0\n  w := 1\n  w = \"s\"\n  t := true\n  t = false\nglobal := null\nother := global ? null : 1\nmain:\n  foo global\n  global = 1\n  global = \"s\"\n  other = \"s\"\n",
    reserved_names: "main:\n  __foo\n  __foo = 1\n  __foo += 1\n  List.__foo\n",
    negative_indexes: "main x:\n  list := [1]\n  list[-1]++\n  \"abc\"[-1]\n  #[1][-2]\n  list[-2..-1]\n  x[-1]\n  {-1: 2}[-1]\n  catch: list[-1]\n  expect-throw \"OUT_OF_BOUNDS\": list[-1]\nexpect-throw what [block]:\n",
    comments_that_look_like_divisors: "main:\n  x := 7 // 2\n  x = x//2\n  x = (x + 1) // 2\n  x = 7  // 2\n  x = 7 // Two.\n  x = 7 // 2 or so.\n  foo x, // 2\n",
    lambdas_like_paths: "import monitor\nclass A:\n  constructor f/Lambda:\n  constructor:\nfoo:\nmain:\n  task::foo\n  task::foo()\n  A::foo\n  A::new\n  A::B::new 1\n  monitor::Mutex\n  print monitor::Mutex::new()\n  std::vector\n  x := 1\n  x::foo\n",
    types_of_indexes: "class A:\n  operator [] i/int: return i\n  operator []= i/int value/string: return value\nmain:\n  a := A\n  a[\"x\"]\n  a[\"x\"] = \"y\"\n  a[1] = 2\n  a[\"x\"]++\n  a[\"x\".copy 1] += unknown\n  list := [1]\n  list[\"x\"]++\n  list[null] = 1\n",
    definitions_on_two_lines: "main:\n  length / int\n  := 5\n  width\n    := 6\n  print width\n",
    lines_that_continue: "foo x:\nmain:\n  print \"a\"\n    print \"b\"\n  foo\n    1\n    2\n",
    assignments_without_a_declaration: "count := 0\nmain:\n  x = 5\n  x = x + 1\n  print x\n  coutn = 1\n  coutn++\n",
    named_arguments_without_dashes: "main:\n  sleep (Duration s=1)\n  Duration ms=500\n  x := 1\n",
    interpolations_that_are_not_closed: "main:\n  name := 1\n  print \"$(name\"\n  print \"a $(name b\"\n  print \"$(name + 1) $(name\"\n  print \"$(name\n",
    interpolations_over_lines: "main:\n  name := 1\n  print \"a $([name].map:\n    it + unknown) b\"\n  print \"a $(name\n  print (name)\n  print \"b $(name) ) c\"\n",
    strings_that_are_not_closed_after_lines: "main:\n  print \"a $([1].map:\n    it + 1) b\n  print \"b $([1].map:\n    print \"c\n    it) d\"\n",
    many_interpolations_that_are_not_closed: &format!("main:\n  x := 1\n{}  print \"$(\n    x)\"\n", "  print \"$(x\n".repeat(12)),
    imports_that_are_missing: "class A extends ServiceProvider:\nmain:\n  monitor.Channel 1\n  x/monitor.Mutex := Mutex\n  json.encode 1\n  sqrt 2\n  y/Channel := 1\n",
    almost_the_promised_method: "import system.services\nclass A extends services.ServiceProvider implements services.ServiceHandler:\n  constructor: super \"a\" --major=1 --minor=0\n  handle index/int arguments/any -> any: return null\nmain:\n  A\n",
    nothing_after_an_unknown_superclass: "class A extends Unknown:\n  x := 0\n  constructor: super 1 2\n  foo: return bar x\n  gee: super 1\n  x y: return 1\nclass B extends A implements Missing:\n  foo: return this.nope + (x 1 2)\ninterface I:\n  m\nclass C extends B implements I:\nbaz i/I s/string:\nmain:\n  a/A := B\n  a.unknown = 1\n  A.unknown\n  baz a (B)\n",
    nothing_after_a_missing_import: "import .missing\nimport nowhere show *\nimport monitor show Nope\nclass A extends Base:\n  foo: bar\nmain:\n  x/Type := baz 1\n  Nope\n  y/Nope := null\n",
    ends_of_arguments: "foo x [y]:\nbar := false\nmain:\n  while true:\n    foo\n       if bar: 499 else: break: it + 42\n",
    operands: "main:\n  x := 1\n  x + \"a\"\n  x < []\n  2.5 * null\n  \"a\" + 1\n  \"a\" + x\n  x += \"a\"\n  x & #[]\n  y/any := \"a\"\n  x + y\n  x == \"a\"\n",
    bytes: "main:\n  print #[256, -1]\n",
    fields_as_parameters: "class A:\n  x := 1\n  set .x: return 1\nmain:\n",
    members_of_super: "class A:\n  size: return 1\nclass B extends A:\n  size: return super.size\nmain:\n  print (B).size\n",
    type_migrations: "class Motor:\nclass Servo extends Motor:\n/// Turns.\n// __TYPE-MIGRATION__ what: Motor. Deprecated. Give the number of the motor.\n// __TYPE-MIGRATION__ what: int\n// __TYPE-MIGRATION__ speed: float?\nturn what/any --speed/any=null:\nclass Board:\n  // __TYPE-MIGRATION__ label: string\n  static show label: return 1\n  // __TYPE-MIGRATION__ label: string?.\n  set label/any: return 2\nmain:\n  turn 1\n  turn Motor\n  turn Servo --speed=0.5\n  turn \"left\"\n  turn null --speed=null\n  turn 1 --speed=2\n  x/any := \"left\"\n  turn x\n  turn (Object)\n  Board.show 1\n  (Board).set null\n  (Board).set 2\n",
    broken_type_migrations: "// __TYPE-MIGRATION__\na x:\n// __TYPE-MIGRATION__ x\nb x:\n// __TYPE-MIGRATION__ x:\nc x:\n// __TYPE-MIGRATION__ x: int or string\nd x:\n// __TYPE-MIGRATION__ x: int. Old.\ne x:\n// __TYPE-MIGRATION__ y: int\nf x:\n// __TYPE-MIGRATION__ x: int\ng x/int:\n// __TYPE-MIGRATION__ x: int\nh [x]:\n// __TYPE-MIGRATION__ x: Nope\ni x:\n// __TYPE-MIGRATION__ x: int\n\nj x:\n// __TYPE-MIGRATION__ x: int\nclass A:\n  foo:\n    // __TYPE-MIGRATION__ x: int\n    return 1\nmain:\n",
    one_error_for_broken_arguments: "foo x y:\nmain:\n  foo\n    break 1\n  foo\n    1 2 ]\n    unknown\n  foo 1 2 3 )\n  x := foo }\n  foo (1 +)\n  \"\".size\n    y := ? 42\n    : unknown\n",
    lines_that_cannot_continue: "main:\n  x := 5\n    y := 6\n  \"a\"\n    print \"b\"\n  print x\n",
    incomplete_imports: "import .missing.\nimport ..\nimport\nmain:\n  1.foo\n  missing.x\n  unknown\n",
    parts_of_other_lines: "class\n    implements I\n  a: unknown\nclass + with\n    extra words\n  a: unknown\nclass B extends A\n  b: return 1\nclass C:\n  + x: return x\n  - : super\nmain:\n  if\n      3 4\n    5\n  x := (:\n    : 1\n  )\n  x is\n    not C\n  try\n    x\n  try:\n    x\n  print x\n",
    operators_on_unknown_variables: "main:\n  count++\n  count += 1\n  ++count\n  count = 1\n  count++\n  print count\n",
    parentheses_of_other_languages: "foo x:\nmain:\n  foo(1)\n  x := 1\n  y := x- 1\n",
}

/// Limits, each exceeded by one. The snapshot has only the messages, since the programs are long.
#[test]
fn limits() {
    let many = |count: usize, part: &str| -> String {
        (0..count).map(|number| part.replace('#', &number.to_string())).collect()
    };
    let programs = [
        format!("f x:\nmain:\n  f{}\n", many(255, " #")),
        format!("f{}:\nmain:\n", many(255, " x#")),
        format!("{}main:\n", many(201, "f --x#:\n")),
        format!("class C:\n{}", many(501, "class C# extends C@:\n").replace("C0 extends C@", "C0 extends C"))
            .split("C@")
            .enumerate()
            .map(|(index, part)| if index == 0 { part.to_owned() } else { format!("C{}{part}", index - 1) })
            .collect::<String>()
            + "main:\n",
        format!("class A:\n{}main:\n", many(20_001, "  f# := 0\n")),
        format!("class A:\n{}{}main:\n", many(1_001, "  f# := 0\n"), many(1_000, "  constructor.c#:\n")),
        format!("{}main:\n", many(2_001, "import monitor as m#\n")),
    ];
    let shown: Vec<String> = programs
        .iter()
        .map(|program| {
            let shown = common::analyze_files(&[("app.toit", program)]).shown(Default::default());
            let lines: Vec<&str> = shown.lines().filter(|line| !line.contains('|')).collect();
            lines.join("\n")
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n----\n"));
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
        &common::natives,
        "app.toit",
    );
    insta::assert_snapshot!(render(&analysis.sources, &analysis.diagnostics, Style::default()));
}

/// Snapshots the diagnostics of several files.
fn check_files(name: &str, files: &[(&str, &str)]) {
    use lucarne_compiler::diagnostic::{Style, render};
    let analysis = common::analyze_files(files);
    insta::assert_snapshot!(name, render(&analysis.sources, &analysis.diagnostics, Style::default()));
}

/// A suggestion names a private name of this file, or of one that an import lists, but no other.
#[test]
fn private_names_of_other_files_are_not_suggested() {
    check_files(
        "private_names_of_other_files_are_not_suggested",
        &[
            (
                "app.toit",
                "import .cells\nimport .cells as cells\nimport .shown show Listed_\nimport .shown show Hiddn\nclass Own extends Cell:\n  own-field_ := 1\n  m:\n    feild\n    own-feld\n    make\nown-helper_: return 1\nmain:\n  x/Cel := null\n  Celll_\n  cells.celll\n  Cell.mke\n  (Cell).feild\n  (Own).own-feld_\n  own-helpr\n  Lsted\n",
            ),
            (
                "cells.toit",
                "class Cell:\n  field_ := 1\n  static mkee_: return 1\nclass Cel_:\ncelll_: return 1\n",
            ),
            ("shown.toit", "class Listed_:\nclass Hidden_:\n"),
        ],
    );
}

#[test]
fn imports_and_exports() {
    check_files(
        "imports_and_exports",
        &[
            (
                "app.toit",
                "import .a show foo bar\nimport .b show foo\nimport .a\nimport .b\nimport .Upper\nimport .c as own\nimport .a as both\nimport .b as both\nimport .old\nexport gee\nexport own\nexport only-here\nbar: return 1\nown: return 2\nonly-here: return 3\nmain:\n  gee\n  both.gee\n  both.Gee\n  x/both.Class := 1\n  y/Class := 1\n",
            ),
            ("a.toit", "foo: return 1\nbar: return 1\ngee: return 1\nclass Class:\n"),
            ("b.toit", "foo: return 1\ngee: return 1\nclass Class:\n"),
            ("c.toit", "import .d\nimport .a\nimport .b\nimport .e\nexport *\n"),
            ("e.toit", "import .a\nimport .b\nexport *\n"),
            ("d.toit", "import .c\nimport .d2\nexport *\nexport foo\n"),
            ("d2.toit", "import .d\nexport foo\n"),
            ("Upper.toit", ""),
            ("old.toit", "/**\nOld things.\n\nDeprecated. Use the new ones.\n*/\n\nold: return 1\n"),
        ],
    );
}

/// A check looks at comments, an analysis of a program to run does not.
#[test]
fn references_of_comments() {
    use lucarne_compiler::diagnostic::Style;
    use lucarne_compiler::source::MemoryLoader;
    let text = "import .a as both\nimport .b as both\nimport .gone as gone\nimport monitor\n\n/** The `file. $nothing */\n\n/**\n$foo $(foo 1) $(foo x) $(foo x --y [z]) $(foo --y) $bar $bar= $(bar= 1 2) $LAST $LAST= $set-me $set-me=\n$both $(both.foo) $both.only $both.nope $gone.anything $monitor.Mutex $(monitor.Channel size) $monitor.Nope\n$x $(x) $this $super $for \\$nothing `$nothing` \"$nothing\"\n```\n$nothing\n```\n*/\nfoo x --y=0 [z]:\nbar := 1\nLAST ::= 1\nset-me= x:\n\n/// $A $(A 1) $(A x y) $A.named $(A.named) $A.static-one $(A.m x) $A.f $A.f= $A.g= $A.nope $(constructor x)\n/// $m $this $(this) $super \"open\nclass A:\n  f := 1\n  g ::= 1\n  constructor x:\n  constructor.named:\n  static static-one:\n  /** $x $nothing.else $(m x) $(== other) $([] index) */\n  m x: return x\nclass B extends A:\n  constructor: super 1\n  /** See $super, $(super x), $(super), $(A.m */\n  m x: return x\n/**\n```\nopen\n*/\nmain:\n";
    let mut loader = MemoryLoader::default();
    loader.add("app.toit", text);
    loader.add("a.toit", "foo: return 1\nonly: return 1\n");
    loader.add("b.toit", "foo: return 2\n");
    let library = || Some(common::library().clone());
    let checked = lucarne_compiler::resolve::check(&loader, library(), &common::natives, "app.toit");
    insta::assert_snapshot!(checked.shown(Style::default()));
    let analyzed = lucarne_compiler::resolve::analyze(&loader, library(), &common::natives, "app.toit");
    assert_eq!(analyzed.diagnostics.len(), 1, "{}", analyzed.shown(Style::default()));
}

#[test]
fn uses_of_lost_names() {
    check_files(
        "uses_of_lost_names",
        &[
            (
                "app.toit",
                "import .gone as gone\nimport nowhere\nimport .a show here not-here\nimport .b\nimport .c show foo\nimport .a as here\nx/gone.Type := 1\nmain:\n  gone.foo 1\n  gone.bar\n  nowhere.Type\n  here\n  not-here\n  not-here\n  unknown\n",
            ),
            ("a.toit", "here: return 1\n"),
            ("b.toit", "import .gone\nexport *\n"),
            ("c.toit", "import .d\nimport .e\nexport *\n"),
            ("d.toit", "foo: return 1\n"),
            ("e.toit", "foo: return 2\n"),
        ],
    );
}

#[test]
fn natives_of_packages() {
    check_files(
        "natives_of_packages",
        &[
            ("app.toit", "import host\nmain:\n  host.foo\n"),
            (
                "package.lock",
                "prefixes:\n  host: host\npackages:\n  host:\n    url: example.com/host\n    version: 1.0.0\n",
            ),
            (".packages/example.com/host/1.0.0/src/host.toit", "import .inner\nfoo: return bar\n"),
            (
                ".packages/example.com/host/1.0.0/src/inner.toit",
                "bar:\n  #primitive.host.bar\ngee x y:\n  #primitive.core.known\n",
            ),
        ],
    );
}

#[test]
fn a_program_that_cannot_be_read() {
    check_files("a_program_that_cannot_be_read", &[]);
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
