//! Random definitions: each is read, its generated Toit has neither errors nor warnings, its generated Rust is
//! formatted, and its generated C compiles without warnings. Random changes of a definition are never taken for something else when they are undone.

#[path = "common/oracle.rs"]
mod oracle;

use std::io::Write;
use std::process::{Command, Stdio};

use lucarne_compiler::source::MemoryLoader;
use lucarne_interface::Definition;
use lucarne_interface::compare::{Level, compare};
use lucarne_interface::generate::{Language, Origin, generate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Names that are short, keywords somewhere, or used by generated code.
const NAMES: &[&str] = &[
    "a",
    "b-c",
    "type",
    "self",
    "match",
    "arguments",
    "client-id",
    "handle",
    "index",
    "monitor",
    "value",
    "element",
    "object",
    "found",
    "task",
    "definition",
    "opened",
    "x1",
    "notification",
    "name-of-it",
];

/// A type of a parameter, field or result: the declared type, and the one with elements for `@type`.
#[derive(Clone, Debug)]
struct Ty {
    declared: String,
    refined: Option<String>,
}

fn plain(records: usize) -> impl Strategy<Value = String> {
    let mut names: Vec<String> =
        ["bool", "int", "float", "string", "ByteArray", "any", "List", "Map"].map(str::to_owned).to_vec();
    names.extend((0..records).map(|number| format!("Record{number}")));
    (proptest::sample::select(names), any::<bool>()).prop_map(|(name, is_nullable)| match &*name {
        "any" => name,
        _ if is_nullable => format!("{name}?"),
        _ => name,
    })
}

fn ty(records: usize) -> impl Strategy<Value = Ty> {
    let list = (plain(records), any::<bool>()).prop_map(|(element, is_nullable)| {
        let mark = if is_nullable { "?" } else { "" };
        Ty { declared: format!("List{mark}"), refined: Some(format!("List<{element}>{mark}")) }
    });
    let map = (plain(records), any::<bool>()).prop_map(|(element, is_text)| {
        let key = if is_text { "string" } else { "int" };
        Ty { declared: "Map".to_owned(), refined: Some(format!("Map<{key}, List<{element}>>")) }
    });
    let plain = plain(records).prop_map(|declared| Ty { declared, refined: None });
    prop_oneof![3 => plain, 1 => list, 1 => map]
}

/// A method of a service or resource: its text, with directives.
fn method(name: &'static str, records: usize, resources: usize) -> impl Strategy<Value = String> {
    let parameters =
        proptest::collection::vec((proptest::sample::select(NAMES), any::<bool>(), ty(records)), 0..5);
    let result = prop_oneof![
        1 => Just(Ty { declared: "none".to_owned(), refined: None }),
        3 => ty(records),
        1 => (0..resources.max(1)).prop_map(move |number| Ty {
            declared: if resources == 0 { "int".to_owned() } else { format!("Resource{number}?") },
            refined: None,
        }),
    ];
    let rest = (proptest::option::of(0u32..3), proptest::option::of(1u32..100), any::<bool>());
    (parameters, result, rest).prop_map(move |(parameters, result, (since, time, throws))| {
        let mut doc = vec!["Says what it does.".to_owned(), String::new()];
        let mut line = format!("  {name}");
        let mut seen: Vec<&str> = Vec::new();
        for (parameter, is_named, ty) in &parameters {
            if seen.contains(parameter) {
                continue;
            }
            seen.push(parameter);
            line += &format!(" {}{parameter}/{}", if *is_named { "--" } else { "" }, ty.declared);
            doc.extend(ty.refined.as_ref().map(|refined| format!("@type {parameter} {refined}")));
        }
        doc.extend(result.refined.as_ref().map(|refined| format!("@type -> {refined}")));
        doc.extend(since.map(|since| format!("@since {since}")));
        doc.extend(time.map(|time| format!("@timeout {time}ms")));
        doc.extend(throws.then(|| "@throws FAILED \"it $failed\"".to_owned()));
        let doc: String = doc.iter().map(|line| format!("  {line}\n")).collect();
        format!("  /**\n{doc}  */\n{line} -> {}\n", result.declared)
    })
}

fn methods(records: usize, resources: usize) -> impl Strategy<Value = String> {
    let chosen = proptest::sample::subsequence(NAMES.to_vec(), 0..6);
    chosen.prop_flat_map(move |names| {
        let all: Vec<_> = names
            .into_iter()
            .filter(|name| !["handle", "monitor"].contains(name))
            .map(|name| method(name, records, resources))
            .collect();
        all.prop_map(|methods| methods.concat())
    })
}

fn record(number: usize, records: usize) -> impl Strategy<Value = String> {
    let chosen = proptest::sample::subsequence(NAMES.to_vec(), 1..4);
    chosen.prop_flat_map(move |names| {
        let fields: Vec<_> = names.iter().map(|name| (Just(*name), ty(records), any::<bool>())).collect();
        fields.prop_map(move |fields| {
            let mut text = format!("/** @record */\nclass Record{number}:\n");
            let mut constructor = "  constructor".to_owned();
            for (name, ty, is_named) in fields {
                // A record that needs itself could never be made.
                let declared = match ty.declared.starts_with("Record") && !ty.declared.ends_with('?') {
                    true => format!("{}?", ty.declared),
                    false => ty.declared.clone(),
                };
                text += &ty.refined.map_or(String::new(), |refined| format!("  /** @type {refined} */\n"));
                text += &format!("  {name}/{declared}\n");
                constructor += &format!(" {}.{name}", if is_named { "--" } else { "" });
            }
            format!("{text}{constructor}:\n")
        })
    })
}

fn resource(number: usize, records: usize, resources: usize) -> impl Strategy<Value = String> {
    let next = ty(records).prop_map(|ty| {
        let refined = ty.refined.map_or(String::new(), |refined| format!("  @type -> {refined}\n"));
        format!("  /**\n  @next 3\n{refined}  */\n  receive -> {}\n", ty.declared)
    });
    let listener = proptest::collection::vec(ty(records), 0..4).prop_map(|types| {
        let values: String = types
            .iter()
            .enumerate()
            .map(|(at, ty)| format!(" v{at}/{}", ty.refined.as_ref().unwrap_or(&ty.declared)))
            .collect();
        format!("  /** @notification{values} */\n  on-news callback/Lambda -> none\n")
    });
    let news = prop_oneof![Just(String::new()), next, listener];
    let close = prop_oneof![
        Just(String::new()),
        Just("  /** @close */\n  close -> none\n".to_owned()),
        Just("  /** @close */\n  leave -> none\n".to_owned()),
    ];
    let members = (methods(records, resources), news, close);
    members.prop_map(move |(methods, news, close)| {
        format!("/** @resource */\ninterface Resource{number}:\n{methods}{news}{close}")
    })
}

fn definition() -> impl Strategy<Value = String> {
    (0usize..4, 0usize..3).prop_flat_map(|(records, resources)| {
        let record: Vec<_> = (0..records).map(|number| record(number, records)).collect();
        let resource: Vec<_> = (0..resources).map(|number| resource(number, records, resources)).collect();
        (methods(records, resources), record, resource).prop_map(|(methods, records, resources)| {
            let opens: String =
                (0..resources.len()).map(|number| format!("  open-{number} -> Resource{number}\n")).collect();
            let service = "/** @service 11111111-2222-3333-4444-555555555555 1.2 */\ninterface Example:\n";
            format!("{service}{opens}{methods}{}{}", resources.concat(), records.concat())
        })
    })
}

fn is_formatted(rust: &str) -> bool {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024", "--check", "--config-path", "/dev/null"]);
    let mut child =
        rustfmt.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("rustfmt is installed");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(rust.as_bytes()).expect("rustfmt reads its input");
    drop(input);
    child.wait().expect("rustfmt ends").success()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn definitions_become_correct_code(text in definition()) {
        let definition = oracle::check(&text, None);
        let Some(interface) = &definition.interface else {
            panic!("{text}\n{}", definition.shown(Default::default()))
        };
        let origin = Origin { file: "app.toit", import: ".app" };
        for file in generate(interface, origin, Language::Rust) {
            prop_assert!(is_formatted(&file.text), "{}", file.text);
        }
    }

    #[test]
    fn changes_are_changes_in_both_directions(old in definition(), new in definition()) {
        let read = |text: &str| oracle::check(text, None).interface;
        let (Some(old), Some(new)) = (read(&old), read(&new)) else { panic!("{old}\n{new}") };
        let (forward, backward) = (compare(&old, &new), compare(&new, &old));
        prop_assert_eq!(forward.changes.is_empty(), backward.changes.is_empty());
        // If all partners of both versions understand each other, it does not matter which came first.
        let is_compatible = |level| level == Level::Compatible;
        prop_assert_eq!(is_compatible(forward.level()), is_compatible(backward.level()));
    }

    #[test]
    fn any_text_is_read(
        text in "(interface |class |@service |@next|@record|/\\*\\*|\\*/|///|[A-Z][a-z]|[a-z]|/int|List<|>|->|\\?|:|\n  |\n| |\\PC){0,40}"
    ) {
        oracle::check(&text, Some(&text));
    }
}

/// Definitions that a runner chooses, each with its number in the name of its service.
fn chosen(mut runner: TestRunner, count: usize) -> impl Iterator<Item = (String, Definition)> {
    (0..count).map(move |number| {
        let text = definition().new_tree(&mut runner).expect("all definitions are possible").current();
        // The names of services, and so those in the code, are different.
        let text = text.replacen("interface Example:", &format!("interface Example{number}:"), 1);
        let mut loader = MemoryLoader::default();
        loader.add("app.toit", text.as_str());
        let definition = lucarne_interface::load(&loader, "app.toit").expect("the library is sound");
        (text, definition)
    })
}

/// All of the code is one file, since starting the compiler takes longer than compiling the code of a definition.
#[test]
fn definitions_become_c_without_warnings() {
    let folder = tempfile::TempDir::new().expect("room on the disk");
    let mut all = String::new();
    for (number, (text, definition)) in chosen(TestRunner::default(), 48).enumerate() {
        let Some(interface) = &definition.interface else {
            panic!("{text}\n{}", definition.shown(Default::default()))
        };
        let file = format!("app{number}.toit");
        for file in generate(interface, Origin { file: &file, import: "" }, Language::C) {
            std::fs::write(folder.path().join(&file.name), &file.text).expect("room on the disk");
            if file.name.ends_with(".c") {
                all += &format!("#include \"{}\"\n", file.name);
            }
        }
        std::fs::write(folder.path().join(file), text).expect("room on the disk");
    }
    std::fs::write(folder.path().join("all.c"), all).expect("room on the disk");
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/../c/include");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", include, "-c", "all.c"]);
    let built = compiler.current_dir(folder.path()).output().expect("a compiler");
    assert!(
        built.status.success(),
        "{}\nin {}",
        String::from_utf8_lossy(&built.stderr),
        folder.keep().display()
    );
}

/// The same random definitions each time: the crate `lucarne` compiles their Rust with its tests, and lints it. After a
/// change of the generator: `LUCARNE_RENEW=1 cargo test -p lucarne-interface --test random`.
#[test]
fn the_rust_of_the_sample_is_current() {
    let mut sample =
        String::from("//! The Rust of random definitions: see `crates/interface/tests/random.rs`.\n");
    for (number, (text, definition)) in chosen(TestRunner::deterministic(), 16).enumerate() {
        let Some(interface) = &definition.interface else {
            panic!("{text}\n{}", definition.shown(Default::default()))
        };
        let origin = Origin { file: "app.toit", import: ".app" };
        for file in generate(interface, origin, Language::Rust) {
            sample += &format!("\nmod example{number} {{\n{}}}\n", file.text);
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../lucarne/tests/interface/random.rs");
    if std::env::var_os("LUCARNE_RENEW").is_some() {
        std::fs::write(path, &sample).expect("it can be written");
    }
    let current = std::fs::read_to_string(path).expect("it can be read");
    assert!(current == sample, "renew it with LUCARNE_RENEW=1");
}

/// What replaces a part of a text.
const SNIPPETS: &[&str] = &[
    "",
    " ",
    "\n",
    "\n  ",
    "?",
    "/int",
    "/** @next */",
    "@close",
    "@index 3\n",
    "@type -> List<int>",
    "@record",
    "*/",
    "/**",
    "interface A:\n",
    "class B:\n",
    "Lambda",
    "-> none",
    "List<",
    ">",
    "constructor .x:",
    "\u{e9}",
    "--",
    "static ",
];

/// Changes of a text: each is a place, a length, and a snippet that replaces the part.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, &'static str)>> {
    proptest::collection::vec((0usize..10_000, 0usize..12, proptest::sample::select(SNIPPETS)), 1..4)
}

fn edited(text: &str, edits: &[(usize, usize, &str)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (place, length, snippet) in edits {
        let start = place % (letters.len() + 1);
        let end = (start + length).min(letters.len());
        letters.splice(start..end, snippet.chars());
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn edited_definitions_are_read(
        text in definition(),
        edits in edits(),
        lock_edits in edits(),
    ) {
        let definition = oracle::check(&text, None);
        let lock = definition.lock.print("app.toit");
        oracle::check(&edited(&text, &edits), Some(&lock));
        oracle::check(&text, Some(&edited(&lock, &lock_edits)));
    }
}

/// The inputs that the fuzz target `interface` starts from.
#[test]
fn kept_inputs_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/interface");
    for entry in std::fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("the inputs are UTF-8");
        let (text, lock) =
            text.split_once("\n---\n").map_or((&*text, None), |(text, lock)| (text, Some(lock)));
        assert!(oracle::check(text, lock).interface.is_some(), "{}", path.display());
    }
}

/// The number of declarations is bounded, and so is the time for as many as there can be.
#[test]
fn large_definitions_are_read() {
    let text = |methods: usize| {
        let mut text =
            "/** @service 11111111-2222-3333-4444-555555555555 1.2 */\ninterface Example:\n".to_owned();
        for number in 0..methods {
            text += &format!(
                "  /** @throws E{number} */\n  m{number} x/R{} -> R{}\n",
                number % 1_000,
                number % 7
            );
        }
        for number in 0..1_000 {
            let next = (number + 1) % 1_000;
            text += &format!("/** @record */\nclass R{number}:\n  x/R{next}?\n  constructor .x:\n");
        }
        text
    };
    // The compiler takes a minute to check the generated code in Toit, so it is left out here.
    let read = |text: String| {
        let mut loader = MemoryLoader::default();
        loader.add("app.toit", text);
        lucarne_interface::load(&loader, "app.toit").expect("the library is sound")
    };
    let interface = read(text(10_000)).interface.expect("so many are possible");
    let origin = Origin { file: "app.toit", import: ".app" };
    assert_eq!(generate(&interface, origin, Language::Toit).len(), 3);
    let rust = generate(&interface, origin, Language::Rust).remove(0).text;
    assert_eq!(rust.matches("Option<Box<R").count(), 1_000, "each record contains itself");
    assert_eq!(generate(&interface, origin, Language::C).len(), 2);
    let renamed = read(text(10_000).replace('R', "Q")).interface.expect("so many are possible");
    assert_eq!(compare(&interface, &renamed).level(), Level::Compatible);
    let titles: Vec<String> =
        read(text(10_001)).diagnostics.into_iter().map(|problem| problem.title).collect();
    assert_eq!(titles, ["the service has 10001 methods, but at most 10000 are possible"]);
}
