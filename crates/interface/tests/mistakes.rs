//! Snapshots of definitions with mistakes and of their diagnostics.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-interface`.

mod common;

use common::{SERVICE, load_files};

/// Returns definitions and their diagnostics.
fn rendered(files: &[(&str, &str)]) -> String {
    let definition = load_files(files);
    assert!(definition.interface.is_none(), "these are mistakes: {files:?}");
    let texts: Vec<String> = files.iter().map(|(path, text)| format!("-- {path}\n{text}")).collect();
    format!("{}\n-- diagnostics\n{}", texts.join("\n"), definition.shown(Default::default()))
}

/// A snapshot for each: the text of the definition, after the first lines of [`SERVICE`].
macro_rules! mistakes {
    ($($name:ident: $text:expr,)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(rendered(&[("app.toit", &format!("{SERVICE}{}", $text))]));
        })*
    };
}

/// The same for whole files.
macro_rules! files {
    ($($name:ident: $($path:literal = $text:expr),*;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(rendered(&[$(($path, $text)),*]));
        })*
    };
}

mistakes! {
    unknown_directives: "  /** @idnex 3 */\n  a -> int\n  /**\n  @frobnicate\n  */\n  b -> int\n/** @recrod */\nclass R:\n/** @x */\nf:\n",
    directives_in_other_places: "  /** @close */\n  a -> int\n  /** @service 1 */\n  b -> int\n/** @record */\ninterface R:\n/** @resource */\nclass C:\n  /** @index 1 */\n  x/int := 0\n/** @since 1 */\nf:\n",
    directives_within_lines: "  /** Measures. @index 3 */\n  a -> int\n",
    directives_twice: "  /**\n  @index 1\n  @index 2\n  @throws A\n  @throws A\n  */\n  a -> int\n",
    words_after_plain_directives: "  a -> Feed\n/** @resource now */\ninterface Feed:\n  /** @close it */\n  close -> none\n",
    indexes: "  /** @index */\n  a -> int\n  /** @index x */\n  b -> int\n  /** @index -1 */\n  c -> int\n  /** @index 1 2 */\n  d -> int\n  /** @index 2147483648 */\n  e -> int\n",
    same_indexes: "  /** @index 1 */\n  a -> int\n  /** @index 1 */\n  b -> int\n",
    minor_versions: "  /** @since 3 */\n  a -> int\n  /** @since x */\n  b -> int\n  c r/R -> int\n/** @record */\nclass R:\n  /** @since 4 */\n  x/int?\n  constructor .x:\n",
    later_than_the_version: "  /** @since 3 */\n  a -> int\n  c r/R -> int\n/** @record */\nclass R:\n  /** @since 4 */\n  x/int?\n  constructor .x:\n",
    times: "  /** @timeout 5 */\n  a -> int\n  /** @timeout 0s */\n  b -> int\n  /** @timeout 25h */\n  c -> int\n  /** @timeout */\n  d -> int\n",
    errors: "  /** @throws */\n  a -> int\n  /** @throws notFound */\n  b -> int\n  /** @throws NOT_FOUND not found */\n  c -> int\n  /** @throws NOT_FOUND \"a\"b\" */\n  d -> int\n  /** @throws _X */\n  e -> int\n  /** @throws A \"\u{202e}\" */\n  f -> int\n",
    texts_of_errors: "  /**\n  @throws A \"a\"\n  @throws B \"a\"\n  */\n  a -> int\n  /** @throws A \"c\" */\n  b -> int\n",
    types_of_elements: "  /** @type x List<string> */\n  a y/List -> none\n  /** @type y List<strin> */\n  b y/List -> none\n  /** @type y List<string */\n  c y/List -> none\n  /** @type y Map<string> */\n  d y/Map -> none\n  /** @type y List<int>? */\n  e y/List -> none\n  /** @type y Map<float, int> */\n  f y/Map -> none\n  /** @type y int */\n  g y/int -> none\n  /** @type y List */\n  g2 y/Map -> none\n  /** @type -> */\n  h2 -> List\n  /** @type */\n  h y/List -> none\n  /** @type -> List<Feed> */\n  i -> List\n  /** @type y List<int> now */\n  j y/List -> Feed\n  /** @type y List<List<List<List<List<List<List<List<List<List<List<List<List<List<List<List<List<int>>>>>>>>>>>>>>>>> */\n  k y/List -> none\n/** @resource */\ninterface Feed:\n",
    types_that_cannot_be_sent: "  a x/num y/Duration -> Time\n  b x/Set y/Lambda z/Plain -> Other\n  c x/Example -> Feed\n  d x/Feed -> none\n  e -> string?\n  f x/Task -> none\nclass Plain:\ninterface Other:\n/** @resource */\ninterface Feed:\n",
    parameters: "  a x -> int\n  b [x] -> int\n  c x/int=3 -> int\n  d x/int\n  e with-timeout/int -> none\n  f fooBar/int -> none\n  g foo_/int -> none\n",
    many_parameters: "  a x1/int x2/int x3/int x4/int x5/int x6/int x7/int x8/int x9/int x10/int x11/int x12/int x13/int x14/int x15/int x16/int -> int\n",
    names_of_methods: "  close -> none\n  name -> string\n  fooBar -> int\n  a_ -> int\n  b -> Feed\n/** @resource */\ninterface Feed:\n  close -> none\n  is-closed -> bool\n",
    overloads_and_operators: "  a -> int\n  a x/int -> int\n  operator + x/int -> int\n  b= x/int -> none\n",
    names_of_types: "  a x/String_ y/lower -> Vec\n/** @record */\nclass String_:\n  x/int\n  constructor .x:\n/** @record */\nclass lower:\n  x/int\n  constructor .x:\n/** @record */\nclass Vec:\n  x/int\n  constructor .x:\n",
    types_that_collide: "  a x/ExampleClient -> Feed\n  b x/FeedProxy -> none\n/** @record */\nclass ExampleClient:\n  x/int\n  constructor .x:\n/** @record */\nclass FeedProxy:\n  x/int\n  constructor .x:\n/** @resource */\ninterface Feed:\n",
    names_that_collide: "  feed-send -> Feed\n/** @resource */\ninterface Feed:\n  send -> none\n",
    resources_that_collide: "  a -> TCPFeed\n  b -> TcpFeed\n/** @resource */\ninterface TCPFeed:\n/** @resource */\ninterface TcpFeed:\n",
    special_methods: "  a -> Feed\n/** @resource */\ninterface Feed:\n  /**\n  @close\n  @index 3\n  */\n  close -> none\n  /**\n  @close\n  @next\n  */\n  stop -> none\n",
    forms_of_special_methods: "  a -> Feed\n  b -> Feed2\n/** @resource */\ninterface Feed:\n  /** @close */\n  close x/int -> none\n  /** @next */\n  receive -> none\n/** @resource */\ninterface Feed2:\n  /** @close */\n  stop -> int\n  /** @next 0 */\n  receive -> int\n",
    lambdas: "  a -> Feed\n/** @resource */\ninterface Feed:\n  /** @notification x/int */\n  on-a callback/int -> none\n/** @resource */\ninterface Feed2:\n  /** @notification x */\n  on-b callback/Lambda -> none\n/** @resource */\ninterface Feed3:\n  /** @notification x/int x/int */\n  on-c callback/Lambda -> none\n/** @resource */\ninterface Feed4:\n  /** @notification a/int b/int c/int d/int e/int */\n  on-d callback/Lambda -> none\n/** @resource */\ninterface Feed5:\n  /** @notification x/Nope */\n  on-e callback/Lambda -> int\n",
    special_methods_twice: "  a -> Feed\n/** @resource */\ninterface Feed:\n  /** @next */\n  receive -> int\n  /** @notification x/int */\n  on-x callback/Lambda -> none\n  /** @close */\n  close -> none\n  /** @close */\n  stop -> none\n",
    records: "  a x/A y/B z/C u/D v/E w/F -> none\n/** @record */\nclass A:\n/** @record */\nclass B:\n  x := 1\n  constructor .x:\n/** @record */\nclass C:\n  x/int\n  y/int := 0\n  constructor .x:\n/** @record */\nclass D extends G:\n  z/int := 0\n  constructor .z:\nclass G:\n/** @record */\nclass E:\n  x/int ::= 3\n  constructor:\n/** @record */\nclass F:\n  x/Feed?\n  constructor .x:\n/** @resource */\ninterface Feed:\n",
    abstract_records: "  a x/P -> none\n/** @record */\nabstract class P:\n  x/int\n  constructor .x:\n",
    resources_without_methods_that_return_them: "  a -> int\n/** @resource */\ninterface Feed:\n",
    supertypes: "  a -> Feed\n/** @resource */\ninterface Feed extends Other:\ninterface Other:\n  b -> int\n",
    names_with_two_errors: "  /** @throws A */\n  a -> int\n  /** @throws A \"x\" */\n  b -> int\n",
    errors_of_the_language: "  a x/Strin -> int\n",
}

files! {
    no_service: "app.toit" = "interface Service:\n  a -> int\n";
    an_empty_file: "app.toit" = "";
    a_service_whose_client_is_in_the_library: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface Service:\n";
    two_services: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n/** @service 11111111-2222-3333-4444-555555555556 1.0 */\ninterface B:\n/**\n@service 11111111-2222-3333-4444-555555555556 1.0\n@resource\n*/\ninterface C:\n";
    uuids_and_versions: "app.toit" = "/** @service 11111111-2222-3333-4444-55555555555 1.0 */\ninterface A:\n";
    versions: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 v1 */\ninterface A:\n";
    missing_versions: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 */\ninterface A:\n";
    types_of_other_files: "app.toit" = "import .other\n/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a x/Other -> none\n", "other.toit" = "class Other:\n";
    broken_index_files: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a -> int\n", "app.index" = "service 1\nservice 2\n0\nx a\n1 a\n1 b\n2 a\n3 c gone\n4294967296 d\n";
    merged_index_files: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a -> int\n  b -> int\n  c -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555555\n0 a\n<<<<<<< HEAD\n1 b\n=======\n1 c\n>>>>>>> other\n";
    other_services: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555556\n0 a\n";
    changed_indexes: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  /** @index 5 */\n  a -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555555\n3 a\n";
    indexes_of_removed_methods: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  /** @index 3 */\n  a -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555555\n3 b removed\n";
    renamed_or_removed: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a -> int\n  b -> int\n  c -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555555\n0 a\n1 x\n2 y\n";
    indexes_in_the_index_file: "app.toit" = "/** @service 11111111-2222-3333-4444-555555555555 1.0 */\ninterface A:\n  a -> int\n  /** @index 0 */\n  b -> int\n", "app.index" = "service 11111111-2222-3333-4444-555555555555\n0 a\n";
}
