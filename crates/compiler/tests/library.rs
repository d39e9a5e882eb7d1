//! Tests that the library has no errors, and that its prepared form gives the same program as its sources.

mod common;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::resolve::analyze_library;

#[test]
fn the_library_has_no_errors() {
    let loader = common::library_sources();
    let paths: Vec<String> = loader.paths().map(str::to_owned).collect();
    let analysis = analyze_library(&loader, None, &paths);
    let shown = analysis.shown(Style::default());
    assert!(!analysis.has_errors(), "{shown}");
}

#[test]
fn a_prepared_library_gives_the_same_program() {
    let text = "import monitor\nmain:\n  print (monitor.Channel 3).size\n  [1].do: print \"$it\"\n";
    let with_prepared = common::analyze_files(&[("app.toit", text)]);
    assert!(!with_prepared.has_errors());
    let mut loader = common::library_sources();
    loader.add("app.toit", text);
    let from_source = lucarne_compiler::resolve::analyze(&loader, None, &|_, _| None, "app.toit");
    assert!(!from_source.has_errors());
    let print = |analysis: &lucarne_compiler::resolve::Analysis| {
        lucarne_compiler::emit::ir(&analysis.unit).expect("there is a thread")
    };
    assert_eq!(print(&with_prepared), print(&from_source));
}
