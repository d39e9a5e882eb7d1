//! Tests that the work of the compiler stays in proportion to the program, or is bounded.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use crate::ir::Unit;
use crate::resolve::{analyze, analyze_library};
use crate::source::MemoryLoader;
use crate::{diagnostic::Style, link, steps};

fn library() -> &'static Unit {
    fn add(loader: &mut MemoryLoader, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).expect("lib/ can be read") {
            let path = entry.expect("lib/ can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names in lib/ are UTF-8");
            if path.is_dir() {
                add(loader, &path, &format!("{prefix}{name}/"));
            } else {
                loader.add(format!("{prefix}{name}"), std::fs::read(&path).expect("lib/ can be read"));
            }
        }
    }
    static LIBRARY: OnceLock<Unit> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut loader = MemoryLoader::default();
        add(&mut loader, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib"), "<lib>/");
        let paths: Vec<String> = loader.paths().map(str::to_owned).collect();
        analyze_library(&loader, None, &paths).unit
    })
}

/// Compiles files, the first of which is the program. Returns the number of steps, and whether the program
/// has errors.
fn compile(files: &[(String, String)]) -> (usize, bool) {
    let library = library().clone();
    let mut loader = MemoryLoader::default();
    for (path, text) in files {
        loader.add(path.as_str(), text.as_str());
    }
    steps::take();
    let analysis = analyze(&loader, Some(library), &|_, _| None, &files[0].0);
    analysis.shown(Style::default());
    let has_errors = analysis.has_errors();
    if !has_errors {
        link::link(&analysis.unit, link::Optimization::Full).expect("the program can be linked");
    }
    (steps::take(), has_errors)
}

fn one(text: String) -> Vec<(String, String)> {
    vec![("app.toit".to_owned(), text)]
}

/// Returns `count` copies of `line`. In each copy, its number (from 0) replaces each `#`.
fn lines(count: usize, line: &str) -> String {
    (0..count).map(|number| line.replace('#', &number.to_string())).collect()
}

/// Checks that a program of twice the size takes at most about twice the steps.
fn check(is_right: bool, program: impl Fn(usize) -> Vec<(String, String)>, count: usize) {
    let (base, _) = compile(&one("main:\n".to_owned()));
    let size = |files: &[(String, String)]| files.iter().map(|(_, text)| text.len()).sum::<usize>();
    let (small, large) = (program(count), program(2 * count));
    let (steps_small, _) = compile(&small);
    let (steps_large, has_errors) = compile(&large);
    assert_eq!(has_errors, !is_right, "the program has errors, or lacks the errors that the test expects");
    let (steps_small, steps_large) = (steps_small.saturating_sub(base), steps_large.saturating_sub(base));
    let growth = size(&large) as f64 / size(&small) as f64;
    let allowed = steps_small as f64 * growth * 1.2 + 2_000.0;
    assert!(
        steps_large as f64 <= allowed,
        "{steps_small} steps for {} bytes, {steps_large} for {}",
        size(&small),
        size(&large)
    );
}

#[test]
fn locals() {
    let uses = "  x# := #\n  print x#\n  x# = 2\n";
    check(true, |count| one(format!("main:\n{}", lines(count, uses))), 1_000);
}

#[test]
fn captured_variables() {
    let program = |count| {
        let (defined, used) = (lines(count, "  x# := #\n"), lines(count, "    x#++\n"));
        one(format!("main:\n{defined}  if x0 == 1: f::\n{used}f x:\n"))
    };
    // A lambda holds at most 255 variables.
    check(true, program, 120);
}

#[test]
fn variables_without_a_value() {
    let program = |count| {
        let (defined, used) = (lines(count, "  x# := ?\n"), lines(count, "  if b: x# = 1 else: x# = 2\n"));
        one(format!("main:\n  b := true\n{defined}{used}"))
    };
    let (small, _) = compile(&program(1_000));
    let (large, has_errors) = compile(&program(2_000));
    assert!(!has_errors);
    // Each branch copies a bit for each variable.
    assert!(large < 2 * small + 2 * 2_000 * 2_000 * 4 / 64, "{small} steps, then {large}");
}

#[test]
fn classes_and_their_calls() {
    let program = |count| {
        let classes = lines(count, "class C#:\n  m#: return #\n  n: return #\n");
        one(format!("{classes}main:\n{}", lines(count, "  print (C#).m#\n  print (C#).n\n")))
    };
    check(true, program, 1_000);
}

#[test]
fn classes_of_an_interface() {
    let program = |count| {
        let classes = lines(count, "class C# implements I:\n  m: return #\n");
        let calls = lines(count, "  i.m\n  i = C#\n");
        one(format!("interface I:\n  m\n{classes}main:\n  i/I := C0\n{calls}"))
    };
    check(true, program, 1_000);
}

#[test]
fn members_of_one_class() {
    let program = |count| {
        let members = lines(count, "  f# := #\n  static s# := #\n  m#: return f#\n");
        one(format!("class A:\n{members}main:\n  a := A\n{}", lines(count, "  a.m# + a.f# + A.s#\n")))
    };
    check(true, program, 1_000);
}

#[test]
fn long_chains_of_classes_are_refused() {
    let program = |count| {
        let rest = (1..count)
            .map(|number| format!("class C{number} extends C{}:\n  m{number}: return 1\n", number - 1));
        one(format!("class C0:\n{}main:\n", rest.collect::<String>()))
    };
    check(false, program, 2_000);
}

#[test]
fn interfaces_that_implement_all_before() {
    let program = |count| {
        let mut text = String::from("interface I0:\n");
        for number in 1..count {
            let before: String = (0..number).map(|number| format!(" I{number}")).collect();
            let _ = writeln!(text, "interface I{number} implements{before}:");
        }
        one(text + "main:\n")
    };
    let (steps, has_errors) = compile(&program(300));
    assert!(!has_errors);
    // Each of the 300 interfaces costs at most one step for each of the 44,850 pairs.
    assert!(steps < 300 * 44_850, "{steps} steps");
}

#[test]
fn cycles_of_classes() {
    let program = |count| {
        let classes =
            (0..count).map(|number| format!("class C{number} extends C{}:\n", (number + 1) % count));
        one(format!("{}main:\n", classes.collect::<String>()))
    };
    check(false, program, 1_000);
    let pairs = "class A# extends B#:\nclass B# extends A#:\n";
    check(false, |count| one(format!("{}main:\n", lines(count, pairs))), 1_000);
}

#[test]
fn mixins() {
    let program = |count| {
        let with: String = (0..count).map(|number| format!(" M{number}")).collect();
        let mixins = lines(count, "mixin M#:\n  m#: return #\n");
        one(format!("{mixins}class A extends Object with{with}:\nmain:\n{}", lines(count, "  (A).m#\n")))
    };
    // Looking up a member goes through all mixins that are applied.
    let (steps, has_errors) = compile(&program(200));
    assert!(!has_errors);
    assert!(steps < 20 * 200 * 200, "{steps} steps");
}

#[test]
fn declarations_of_one_name() {
    let program =
        |count| one(format!("{}main:\n{}", lines(count, "f --a#:\n"), lines(count, "  f --a#=1\n")));
    let (steps, has_errors) = compile(&program(150));
    assert!(!has_errors);
    assert!(steps < 10 * 150 * 150, "{steps} steps");
    check(false, program, 4_000);
}

#[test]
fn arguments() {
    let numbers = |count: usize| (0..count).map(|number| format!(" {number}")).collect::<String>();
    let calls = |count| one(format!("f a:\nmain:\n  f{}\n  f 1\n", numbers(count)));
    check(false, calls, 10_000);
    let names = |count: usize| (0..count).map(|_| " throw").collect::<String>();
    check(false, |count| one(format!("main:\n  throw{}\n", names(count))), 10_000);
    let named = |count: usize, value: &str| lines(count, &format!(" --a#{value}"));
    check(false, |count| one(format!("f{}:\nmain:\n  f{}\n", named(count, ""), named(count, "=1"))), 5_000);
    let many = |count| one(format!("f{}:\nmain:\n{}", named(250, "=1"), lines(count, "  f --a#=1\n  f\n")));
    assert!(!compile(&many(250)).1);
}

#[test]
fn fields_as_parameters() {
    let fields = lines(250, "  f#/int\n");
    let parameters = lines(250, " .f#");
    let program = |count: usize| {
        let constructors: String =
            (0..count).map(|number| format!("  constructor.c{number}{parameters}:\n")).collect();
        one(format!("class A:\n{fields}{constructors}main:\n"))
    };
    check(true, program, 20);
}

#[test]
fn unknown_names_have_a_limited_number_of_suggestions() {
    let program = |count| one(format!("main:\n{}", lines(count, "  foo# bar#\n")));
    let (steps, has_errors) = compile(&program(10_000));
    assert!(has_errors);
    assert!(steps < 60_000_000, "{steps} steps");
}

#[test]
fn imports() {
    check(false, |count| one(format!("{}main:\n", lines(count, "import nothere#\n"))), 2_000);
    let program = |count| {
        let mut files =
            one(format!("{}main:\n{}", lines(200, "import .m# show *\n"), lines(count, "  print f#\n")));
        files.extend((0..200).map(|number| (format!("m{number}.toit"), format!("g{number}: return 1\n"))));
        files[1].1 += &lines(count, "f#: return 1\n");
        files
    };
    check(true, program, 500);
}

/// There are 2^40 ways from the program to the declaration.
#[test]
fn exports_over_many_ways() {
    let mut files = one("import .a0\nimport .b0\nmain:\n  print x\n".to_owned());
    for level in 0..40 {
        let text = format!("import .a{0}\nimport .b{0}\nexport *\n", level + 1);
        files.push((format!("a{level}.toit"), text.clone()));
        files.push((format!("b{level}.toit"), text));
    }
    files.push(("a40.toit".into(), "x: return 1\n".into()));
    files.push(("b40.toit".into(), "y: return 1\n".into()));
    let (steps, has_errors) = compile(&files);
    assert!(!has_errors);
    let (base, _) = compile(&one("main:\n".to_owned()));
    assert!(steps < base + 60_000, "{steps} steps, {base} for an empty program");
}

#[test]
fn warnings_on_one_line() {
    let program = |count: usize| one(format!("f x:\nmain:\n  {}\n", "f(1); ".repeat(count)));
    check(true, program, 2_000);
}
