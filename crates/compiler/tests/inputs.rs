//! Inputs of a session: how they are read, and the messages that only they get.

mod common;

use std::sync::Arc;

use lucarne_compiler::ast::{Declaration, FunctionName};
use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::ir::{FunctionId, ModuleId};
use lucarne_compiler::link::Numbering;
use lucarne_compiler::parser::{ENTRY, Input, Lack, Reading, UnfinishedInput, lack_of, parse_input};
use lucarne_compiler::program::Program;
use lucarne_compiler::resolve::trees::Tree;
use lucarne_compiler::resolve::{NewInput, extend};
use lucarne_compiler::scanner::{Kind, scan};
use lucarne_compiler::source::{MemoryLoader, SourceId};

fn read(text: &str, has_definitions: bool) -> Input {
    parse_input(SourceId(0), text, Reading { has_definitions, show: Some("show"), hidden: &[] })
}

/// Returns the names that an input declares, and the number of its statements.
fn parts(input: &Input) -> (Vec<String>, usize) {
    let mut names = Vec::new();
    let mut statements = 0;
    for declaration in &input.file.declarations {
        match declaration {
            Declaration::Class(class) => names.push(class.name.name.to_string()),
            Declaration::Variable(variable) => names.push(variable.name.name.to_string()),
            Declaration::Function(function) => match &function.name {
                FunctionName::Plain(name) if *name.name == *ENTRY => {
                    statements = function.body.as_ref().map_or(0, |body| body.statements.len());
                }
                FunctionName::Plain(name) | FunctionName::Setter(name) => names.push(name.name.to_string()),
                _ => {}
            },
        }
    }
    (names, statements)
}

#[test]
fn declarations_and_statements_are_told_apart() {
    for (text, names, statements) in [
        ("x := 5", vec!["x"], 1),
        ("x/int? := null; y ::= 2", vec!["x", "y"], 2),
        ("x = 5", vec![], 1),
        ("x/y", vec![], 1),
        ("foo a/int: return a", vec!["foo"], 0),
        ("foo -> int: return 1", vec!["foo"], 0),
        ("foo a b=[1, (2 + 3)] --c/List?=null [block]:\n  return 1", vec!["foo"], 0),
        ("foo= value/int: 1", vec!["foo"], 0),
        ("foo a:\n  return a", vec!["foo"], 0),
        ("list.do: print it", vec![], 1),
        ("foo (a): print it", vec![], 1),
        ("foo 1: print it", vec![], 1),
        ("if x: y", vec![], 1),
        ("class A:\n  x := 1\nA", vec!["A"], 1),
        ("abstract class A:\ninterface B:\nmixin C:\nmonitor D:", vec!["A", "B", "C", "D"], 0),
        ("import math\nmath.PI", vec![], 1),
        ("try:\n  1\nfinally:\n  2", vec![], 1),
        ("x := [\n  1,\n]\nx", vec!["x"], 2),
        ("task:: print 5", vec![], 1),
        ("", vec![], 0),
    ] {
        let input = read(text, true);
        assert!(input.problems.is_empty(), "{text}: {:?}", input.problems);
        let (found, count) = parts(&input);
        assert_eq!(
            (found, count),
            (names.iter().map(|name| (*name).to_owned()).collect(), statements),
            "{text}"
        );
    }
    let call = read("catch: print 5", false);
    assert!(call.heads.len() == 1 && parts(&call) == (vec![], 1), "{call:?}");
    assert!(read("foo a/int: a", false).heads.is_empty());
    let text = "1\nset_up a --b: print it";
    let [head] = &read(text, false).heads[..] else { panic!("{text} has a head") };
    assert_eq!((&*head.name.name, &text[head.parameters.range()]), ("set-up", " a --b"));
}

#[test]
fn what_an_input_lacks() {
    for (text, lack) in [
        ("1 + 1", Lack::Nothing),
        ("foo a: return a", Lack::Nothing),
        ("foo a:", Lack::EndOfBody),
        ("foo a:\n  return a", Lack::EndOfBody),
        ("list.do: | a |", Lack::EndOfBody),
        ("task::", Lack::EndOfBody),
        ("[1,", Lack::Closing),
        ("print \"a $(x.map:", Lack::Closing),
        ("print \"a $(x.map:\n  it", Lack::Closing),
        ("print \"a $(x.map:\n  it)\"", Lack::EndOfBody),
        ("print \"a $(x\"", Lack::Nothing),
        ("print \"a $(#[ (x\n)))", Lack::Nothing),
        ("( \"$( 1\n))", Lack::Nothing),
        ("\"$( \"$(1\n))", Lack::Nothing),
        ("print \"a $([1)\" + (", Lack::Closing),
        ("[1,\n  2]", Lack::Nothing),
        ("x := {\n  \"a\": 1,\n}", Lack::Nothing),
        ("foo (", Lack::Closing),
        ("\"\"\"a", Lack::Closing),
        ("\"\"\"a\nb\"\"\"", Lack::Nothing),
        ("/* a", Lack::Closing),
        ("/* a /* b */", Lack::Closing),
        ("/* a /* b */ */ 1", Lack::Nothing),
        ("print \"src/*.toit\"", Lack::Nothing),
        ("1 // see lib/* or \"\"\"", Lack::Nothing),
        ("1 -", Lack::Line),
        ("1 // a :", Lack::Nothing),
        ("1 +", Lack::Line),
        ("x :=", Lack::Line),
        ("foo \\", Lack::Line),
        ("foo \\\n  1", Lack::Nothing),
        ("1 // \\", Lack::Nothing),
        ("foo: \\\n", Lack::EndOfBody),
        ("x:\n\\", Lack::EndOfBody),
        ("foo \\\n\\", Lack::Line),
        ("foo \\\n", Lack::Nothing),
        ("(\\\n", Lack::Closing),
        ("\"a \\", Lack::Line),
        ("\"a \\\n(\"", Lack::Nothing),
        ("\"\"\"\n$(1 +\n\"\"\"x\"\"\"", Lack::Closing),
        ("[\n\"\"\"\n]\n\"\"\"", Lack::Closing),
        ("\"\"\"/*\n*/", Lack::Closing),
        ("/* \"\"\"\n*/", Lack::Nothing),
        (")", Lack::Nothing),
        ("", Lack::Nothing),
    ] {
        assert_eq!(lack_of(text), lack, "{text}");
    }
}

#[test]
fn lines_that_come_one_by_one_lack_what_their_text_lacks() {
    const PARTS: [&str; 14] =
        ["\n", "x", "(", "]", "\"", "\"\"\"", "/*", "*/", "// ", ":", "$(", ")", "+", "'"];
    let is_open = |text: &str| {
        let scanned = scan(SourceId(0), text);
        let count =
            |kinds: &[Kind]| scanned.tokens.iter().filter(|token| kinds.contains(&token.kind)).count();
        scanned.is_open
            || scanned.is_broken
            || count(&[Kind::LeftParen]) > count(&[Kind::RightParen, Kind::RightBracket])
    };
    for number in 0..PARTS.len().pow(4) {
        let part = |place: u32| PARTS[number / PARTS.len().pow(place) % PARTS.len()];
        let text: String = (0..4).map(part).collect();
        let mut input = UnfinishedInput::default();
        let mut end = 0;
        for line in text.split('\n') {
            end += line.len();
            input.push(line);
            assert_eq!(
                input.lack() == Lack::Closing,
                is_open(&format!("{}\n", &text[..end])),
                "{:?}",
                &text[..end]
            );
            end += 1;
        }
    }
}

#[test]
fn lines_are_scanned_in_proportion_to_their_number() {
    // The limit is 256 times the size of these texts.
    for line in ["x := [1, 2]", "  (x", "/*", "\"\"\" $(x"] {
        let mut input = UnfinishedInput::default();
        input.push("[");
        (0..(1 << 18) / line.len()).for_each(|_| input.push(line));
        assert!(!input.is_costly(), "{line}");
        assert_eq!(input.lack(), Lack::Closing, "{line}");
    }
    // A line that could close what is open, and does not, costs as much as all of it.
    let mut input = UnfinishedInput::default();
    input.push("/*");
    (0..50_000).for_each(|_| input.push("/* */"));
    assert!(input.is_costly());
    input.push("*/");
    assert_eq!(input.lack(), Lack::Closing);
    assert!(input.take().len() > 300_000 && !input.is_costly() && input.lack() == Lack::Nothing);
}

#[test]
fn messages_about_inputs() {
    let mut shown = String::new();
    for text in [
        "  x := 5\n",
        "export foo\n",
        "x := 5 6\n",
        "print (\n",
        "class A:\n  x\n\nfoo bar baz:\n",
        "else: 1\n",
        "max a/int -> int: return a\nmax: 2\n",
        "import math show *\nclass List:\nPI := 3\n",
    ] {
        let input =
            parse_input(SourceId(0), text, Reading { has_definitions: false, show: None, hidden: &[] });
        let (tree, mut loader) = (Tree::new(input.file, input.problems), MemoryLoader::default());
        loader.add("<input 1>", text);
        let new = NewInput { path: "<input 1>", tree: Arc::new(tree), seen: &[], replaced: &[] };
        let analysis = extend(&loader, common::library().clone(), &common::natives, &new);
        shown += &analysis.shown(Style::default());
    }
    insta::assert_snapshot!(shown);
}

/// Links inputs one after the other, each of which sees all names of the one before.
fn programs(texts: &[&str]) -> Vec<Program> {
    let mut unit = common::library().clone();
    let mut session = Numbering::default();
    let mut seen: Vec<(ModuleId, Vec<Arc<str>>)> = Vec::new();
    let mut programs = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let input =
            parse_input(SourceId(0), text, Reading { has_definitions: true, show: None, hidden: &[] });
        let names = parts(&input).0.iter().map(|name| Arc::from(name.as_str())).collect();
        let path = format!("<input {number}>");
        let mut loader = MemoryLoader::default();
        loader.add(path.as_str(), *text);
        let tree = Arc::new(Tree::new(input.file, input.problems));
        let new = NewInput { path: &path, tree, seen: &seen, replaced: &[] };
        let mut analysis = extend(&loader, unit, &common::natives, &new);
        assert!(!analysis.has_errors(), "{text}: {}", analysis.shown(Style::default()));
        let id = analysis.unit.entry.expect("the input is a module");
        analysis.unit.module_mut(id).imports.extend(seen.iter().map(|(module, _)| *module));
        let functions = &analysis.unit.modules[id.0 as usize].functions;
        let entry = functions.iter().position(|function| function.name == ENTRY).expect("it has an entry");
        let program = session.link(&analysis.unit, FunctionId { module: id, index: entry as u32 });
        programs.push(program.unwrap_or_else(|error| panic!("{text}: {error}")));
        seen.push((id, names));
        unit = analysis.unit;
    }
    programs
}

#[test]
fn each_program_extends_the_one_before() {
    let programs = programs(&[
        "",
        "class A:\n  x := 1\n  foo [b] --n=1: return b.call n\nf a/A: return a.foo: it + 1",
        "print (f A)\nl := :: | y | [1, 2].map: it + y",
        "class B extends A:\n  x -> int: return 2\n  foo [b] --n=1: return b.call 1.5\nprint (f B)",
        "mixin M:\n  m: return 5\nclass C extends B with M:\nprint (f C)\nprint ({1: 2}.map: | k v | k + v)\nprint \"text\" is M",
        "l.call 3\ntry: throw 1\nfinally: | is-exception exception | print \"$(%5.2f 1.0)\"",
    ]);
    for (before, after) in programs.iter().zip(&programs[1..]) {
        assert!(after.verify().is_ok());
        assert!(after.functions.len() > before.functions.len());
        for (old, new) in before.functions.iter().zip(&after.functions) {
            assert_eq!((old.entry, old.registers, &old.name), (new.entry, new.registers, &new.name));
        }
        let opcodes = |program: &Program| program.code.iter().map(|code| code.opcode()).collect::<Vec<_>>();
        assert!(opcodes(after).starts_with(&opcodes(before)), "the earlier code stays where it is");
        assert!(after.literals.starts_with(&before.literals));
        for (old, new) in before.classes.iter().zip(&after.classes) {
            assert_eq!((&old.name, old.superclass, old.fields), (&new.name, new.superclass, new.fields));
        }
        let names =
            |program: &Program| program.globals.iter().map(|global| global.name.clone()).collect::<Vec<_>>();
        assert!(names(after).starts_with(&names(before)));
    }
}
