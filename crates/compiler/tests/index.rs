//! Tests of the index: what names refer to, which names could stand at a place, and that it changes no diagnostic.

use lucarne_compiler::ir::Unit;
use lucarne_compiler::resolve::index::{Index, Role, SiteKind, Symbol};
use lucarne_compiler::resolve::{self, Analysis, Request};
use lucarne_compiler::source::{MemoryLoader, SourceId};

/// A core library that is large enough for the programs below.
const CORE: &str = "\
class Object:
class int:
  operator + other/int -> int: return this
class bool:
class True extends bool:
class False extends bool:
class string:
class Lambda:
print x:
";

const PROGRAM: &str = "\
import .other as other

class Point:
  x/int
  y/int := 0
  constructor .x --.y=0:
  constructor.origin:
    x = 0
  move dx/int -> Point: return Point (x + dx) --y=y
  static zero: return Point.origin

/// Moves $Point by $by, see $(Point.move dx).
walk point/Point by/int:
  block := : | each | continue.block each
  moved := point.move by
  block.call moved.x
  thing := other.anything
  thing.x
  moved.y = by
  other.Thing

main: walk Point.zero 3
";

const OTHER: &str = "class Thing:\nanything -> any: return null\n";

fn loader(program: &str) -> MemoryLoader {
    let mut loader = MemoryLoader::default();
    loader.add("<lib>/core/core.toit", CORE);
    loader.add("main.toit", program);
    loader.add("other.toit", OTHER);
    loader
}

fn natives(_: &str, _: &str) -> Option<usize> {
    None
}

fn index(program: &str, probe: Option<u32>) -> (Analysis, Index) {
    let request = Request { probe, is_first_only: false, is_canceled: &|| false, trees: None };
    let files = ["main.toit".to_owned()];
    resolve::index(&loader(program), Unit::default(), &natives, &files, request).expect("nothing cancels it")
}

/// Returns what the name at a mark refers to: the kind, and the place of the definition as a line, counted from 1.
fn meanings(index: &Index, analysis: &Analysis, offset: usize) -> Vec<String> {
    let mut all = Vec::new();
    for found in index.at(SourceId(0), offset as u32) {
        let definition = index
            .uses
            .iter()
            .find(|other| other.role == Role::Definition && other.symbol == found.symbol)
            .and_then(|other| Some((other, analysis.sources.get(other.source)?)));
        let line = definition.map_or(0, |(other, source)| source.line(other.span.start));
        let kind = format!("{:?}", found.symbol);
        let kind = kind.split('(').next().unwrap_or("").to_owned();
        all.push(format!("{kind} {line}"));
    }
    all
}

#[test]
fn names_refer_to_their_declarations() {
    let (analysis, index) = index(PROGRAM, None);
    let at = |text: &str, inside: usize| {
        let start = PROGRAM.find(text).expect("the program contains it");
        meanings(&index, &analysis, start + inside)
    };
    let errors: Vec<_> = analysis.diagnostics.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // Fields, and the parameters that set them.
    assert_eq!(at("x = 0", 0), ["Field 4"]);
    assert_eq!(at(".x --.y", 1), ["Parameter 6", "Field 4"]);
    // A class, and the constructor that is called.
    assert_eq!(at("Point (x", 0), ["Class 3", "Function 6"]);
    assert_eq!(at("--y=y", 2), ["Parameter 6"]);
    assert_eq!(at("Point.origin", 7), ["Function 7"]);
    assert_eq!(at("Point.zero", 0), ["Class 3"]);
    assert_eq!(at("Point.zero", 7), ["Function 10"]);
    // Members, by the type of the receiver.
    assert_eq!(at("point.move", 7), ["Function 9"]);
    assert_eq!(at("moved.x", 6), ["Field 4"]);
    assert_eq!(at("moved.y", 6), ["Field 5"]);
    assert_eq!(at("thing.x", 6), ["Member 0"]);
    // Locals, parameters, labels, prefixes, files, types.
    assert_eq!(at("moved.x", 0), ["Local 15"]);
    assert_eq!(at("each\n", 0), ["Local 14"]);
    assert_eq!(at("move by", 5), ["Parameter 13"]);
    assert_eq!(at("continue.block", 10), ["Label 0"]);
    assert_eq!(at("other.Thing", 0), ["Prefix 1"]);
    assert_eq!(at("other.Thing", 7), ["Class 1"]);
    assert_eq!(at("other as", 0), ["Module 0"]);
    assert_eq!(at("Point by/int", 0), ["Class 3"]);
    // References in comments.
    assert_eq!(at("$Point by", 1), ["Class 3"]);
    assert_eq!(at("$by,", 1), ["Parameter 13"]);
    assert_eq!(at("(Point.move dx)", 8), ["Function 9"]);
}

#[test]
fn the_index_changes_no_diagnostic() {
    let wrong =
        PROGRAM.replace("walk Point.zero 3", "walk Point.zero").replace("point.move by", "point.move");
    let checked = resolve::check(&loader(&wrong), None, &natives, "main.toit");
    let (indexed, index) = index(&wrong, None);
    assert_eq!(checked.diagnostics.len(), 2);
    assert_eq!(checked.diagnostics, indexed.diagnostics);
    // What does not fit is a candidate.
    let place = wrong.find("point.move").expect("it is there") + 7;
    let found = index.at(SourceId(0), place as u32);
    assert_eq!(found.iter().map(|name| name.role).collect::<Vec<_>>(), [Role::Candidate]);
}

#[test]
fn a_probe_lists_the_names_in_scope() {
    let names = |text: &str, inside: usize| {
        let place = PROGRAM.find(text).expect("it is there") + inside;
        let (_, index) = index(PROGRAM, Some(place as u32));
        let site = index.site.expect("a name stands there");
        let mut names: Vec<String> = site.names.iter().map(|(name, _)| name.to_string()).collect();
        names.sort();
        names.dedup();
        (site.kind, names)
    };
    let (kind, all) = names("moved.x", 2);
    assert_eq!(kind, SiteKind::Expression);
    for name in ["block", "moved", "point", "by", "Point", "walk", "main", "other", "print"] {
        assert!(all.iter().any(|known| known == name), "{name} in {all:?}");
    }
    assert!(!all.iter().any(|known| known == "thing" || known == "x"), "{all:?}");
    let (kind, members) = names("moved.x", 6);
    assert_eq!((kind, members.as_slice()), (SiteKind::Member, &["move", "x", "y"].map(String::from)[..]));
    let (kind, statics) = names("Point.zero", 6);
    assert_eq!((kind, statics.as_slice()), (SiteKind::Static, &["origin", "zero"].map(String::from)[..]));
    let (kind, prefixed) = names("other.Thing", 6);
    assert_eq!(
        (kind, prefixed.as_slice()),
        (SiteKind::Prefixed, &["Thing", "anything"].map(String::from)[..])
    );
    let (kind, types) = names("/Point by", 1);
    assert_eq!(kind, SiteKind::Type);
    assert!(types.contains(&"Point".to_owned()) && !types.contains(&"walk".to_owned()), "{types:?}");
}

#[test]
fn an_analysis_can_be_canceled() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let is_canceled = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 4;
    let request = Request { probe: None, is_first_only: false, is_canceled: &is_canceled, trees: None };
    let files = ["main.toit".to_owned()];
    let result = resolve::index(&loader(PROGRAM), Unit::default(), &natives, &files, request);
    assert!(result.is_none());
}

#[test]
fn symbols_of_items_keep_their_kind() {
    let (analysis, index) = index(PROGRAM, None);
    let classes = index.uses.iter().filter(|name| {
        name.role == Role::Definition && name.source == SourceId(0) && matches!(name.symbol, Symbol::Class(_))
    });
    assert_eq!(classes.count(), 1);
    assert!(analysis.unit.modules.iter().all(|module| {
        module.functions.iter().all(|function| matches!(function.code, lucarne_compiler::ir::Code::None))
    }));
}

#[test]
fn comments_refer_to_operators() {
    let program =
        "class A:\n  /// As $(+ other), not $(+ a b) or $(* a).\n  operator + other: return other\nmain:\n";
    let (analysis, index) = index(program, None);
    let place = program.find("$(+").expect("it is there") + 2;
    assert_eq!(meanings(&index, &analysis, place), ["Function 3"]);
    let titles: Vec<&str> = analysis.diagnostics.iter().map(|problem| &*problem.title).collect();
    let missing = "there is no `*` that this comment could refer to";
    assert_eq!(titles, ["no `+` takes what this reference gives", missing]);
}

#[test]
fn comments_of_libraries_are_in_the_index() {
    let core = CORE.replace("print x:", "/** Prints $x, like $nothing. */\nprint x:");
    let mut loader = MemoryLoader::default();
    loader.add("<lib>/core/core.toit", core.as_str());
    loader.add("main.toit", "main: print 1\n");
    let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
    let analyzed = |files: &[&str]| {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        resolve::index(&loader, Unit::default(), &natives, &files, request).expect("nothing cancels it")
    };
    let (analysis, index) = analyzed(&["main.toit", "<lib>/core/core.toit"]);
    let place = core.find("$x").expect("it is there") as u32 + 1;
    let mentions = index.uses.iter().filter(|name| name.role == Role::Mention);
    assert_eq!(mentions.map(|name| name.span.start).collect::<Vec<_>>(), [place]);
    assert!(analysis.diagnostics.is_empty(), "the user cannot change the library");
    assert_eq!(
        analyzed(&["<lib>/core/core.toit"]).0.diagnostics.len(),
        1,
        "the library is analyzed by itself"
    );
}

#[test]
fn an_analysis_of_the_first_file_leaves_out_the_code_of_others() {
    let mut loader = loader("import .other\n\nmain: missing (anything)\n");
    loader.add("other.toit", "anything -> any: return absent\n");
    let analyzed = |is_first_only| {
        let request = Request { probe: None, is_first_only, is_canceled: &|| false, trees: None };
        let files = ["main.toit".to_owned()];
        resolve::index(&loader, Unit::default(), &natives, &files, request).expect("nothing cancels it")
    };
    let ((all, all_names), (first, first_names)) = (analyzed(false), analyzed(true));
    assert_eq!((all.diagnostics.len(), first.diagnostics.len()), (2, 1));
    let of_first = all.diagnostics.iter().filter(|problem| problem.source == SourceId(0));
    assert_eq!(of_first.collect::<Vec<_>>(), first.diagnostics.iter().collect::<Vec<_>>());
    assert_eq!(all_names.of_source(SourceId(0)), first_names.of_source(SourceId(0)));
}
