//! Makes random definitions, and random values of their types.

use std::collections::BTreeMap;
use std::fmt::Write;

use lucarne::Value;
use lucarne_compiler::source::MemoryLoader;
use lucarne_interface::generate::{File, Language, Origin, generate};
use lucarne_interface::model::{Interface, Kind, Method, Type};

use super::Random;

/// Names of parameters and fields. Some are keywords in one of the languages.
const NAMES: &[&str] = &[
    "a",
    "b-c",
    "type",
    "self",
    "match",
    "register",
    "struct",
    "default",
    "value",
    "index",
    "x1",
    "long-name",
];

/// The number of records and of methods in a definition.
const RECORDS: usize = 3;
const METHODS: usize = 5;

/// A definition.
pub(super) struct Mix {
    /// The name of the file, without its ending.
    pub(super) stem: String,
    pub(super) text: String,
    pub(super) interface: Interface,
}

impl Mix {
    pub(super) fn new(number: usize, random: &mut Random) -> Mix {
        let stem = format!("mix{number}");
        let text = definition(number, random);
        let mut loader = MemoryLoader::default();
        loader.add("mix.toit", text.as_str());
        let read = lucarne_interface::load(&loader, "mix.toit").expect("the library is sound");
        let Some(interface) = read.interface.clone() else {
            panic!("{text}\n{}", read.shown(Default::default()))
        };
        Mix { stem, text, interface }
    }

    pub(super) fn generated(&self, language: Language) -> Vec<File> {
        let (file, import) = (format!("{}.toit", self.stem), format!(".{}", self.stem));
        generate(&self.interface, Origin { file: &file, import: &import }, language)
    }
}

/// Returns the place of the argument that a method returns: the last one of the type of its result.
pub(super) fn returned(method: &Method) -> usize {
    method.parameters.iter().rposition(|one| one.ty == method.result).expect("one has the type")
}

/// A type as it is declared, and with its elements.
struct Written {
    declared: String,
    refined: Option<String>,
}

fn definition(number: usize, random: &mut Random) -> String {
    let mut text =
        format!("/** @service 11111111-2222-3333-4444-{number:012} 1.2 */\ninterface Mix{number}:\n");
    for method in 0..METHODS {
        add_method(&mut text, number, method, random);
    }
    for record in 0..RECORDS {
        add_record(&mut text, number, record, random);
    }
    text
}

fn add_method(text: &mut String, mix: usize, number: usize, random: &mut Random) {
    let names = chosen(random, 3);
    let types: Vec<Written> = names.iter().map(|_| written(random, mix, RECORDS)).collect();
    let result = &types[random.0.usize(..types.len())];
    let refined =
        |to: &str, ty: &Written| ty.refined.as_ref().map(|refined| format!("  @type {to} {refined}\n"));
    let directives: String = names
        .iter()
        .zip(&types)
        .filter_map(|(name, ty)| refined(name, ty))
        .chain(refined("->", result))
        .collect();
    if !directives.is_empty() {
        let _ = write!(text, "  /**\n{directives}  */\n");
    }
    let _ = write!(text, "  echo-{number}");
    for (name, ty) in names.iter().zip(&types) {
        let dashes = if random.0.bool() { "--" } else { "" };
        let _ = write!(text, " {dashes}{name}/{}", ty.declared);
    }
    let _ = writeln!(text, " -> {}", result.declared);
}

/// Adds a record. Fields that cannot be null have no record, or an earlier one: otherwise it could never be made.
fn add_record(text: &mut String, mix: usize, number: usize, random: &mut Random) {
    let _ = write!(text, "\n/** @record */\nclass Mix{mix}Record{number}:\n");
    let mut constructor = "  constructor".to_owned();
    for name in chosen(random, 4) {
        let Written { declared, refined } = written(random, mix, number);
        if let Some(refined) = refined {
            let _ = writeln!(text, "  /** @type {refined} */");
        }
        let _ = writeln!(text, "  {name}/{declared}");
        let _ = write!(constructor, " {}.{name}", if random.0.bool() { "--" } else { "" });
    }
    let _ = writeln!(text, "  next/Mix{mix}Record{}?\n{constructor} .next:", random.0.usize(..RECORDS));
}

fn chosen(random: &mut Random, most: usize) -> Vec<&'static str> {
    let mut names = NAMES.to_vec();
    random.0.shuffle(&mut names);
    names.truncate(random.0.usize(1..=most));
    names
}

/// Returns a type whose records have numbers below a limit.
fn written(random: &mut Random, mix: usize, records: usize) -> Written {
    let mark = if random.0.bool() { "?" } else { "" };
    match random.0.usize(..5) {
        0 => {
            let element = element(random, mix, records, 1);
            Written { declared: format!("List{mark}"), refined: Some(format!("List<{element}>{mark}")) }
        }
        1 => {
            let (key, element) = (key(random), element(random, mix, records, 1));
            Written { declared: format!("Map{mark}"), refined: Some(format!("Map<{key}, {element}>{mark}")) }
        }
        _ => Written { declared: plain(random, mix, records), refined: None },
    }
}

fn key(random: &mut Random) -> &'static str {
    if random.0.bool() { "string" } else { "int" }
}

/// Returns the type of an element, at a depth of nesting.
fn element(random: &mut Random, mix: usize, records: usize, depth: usize) -> String {
    let mark = if random.0.bool() { "?" } else { "" };
    match random.0.usize(..6) {
        0 if depth < 3 => format!("List<{}>{mark}", element(random, mix, records, depth + 1)),
        1 if depth < 3 => format!("Map<{}, {}>{mark}", key(random), element(random, mix, records, depth + 1)),
        _ => plain(random, mix, records),
    }
}

fn plain(random: &mut Random, mix: usize, records: usize) -> String {
    let types = ["bool", "int", "float", "string", "ByteArray", "List", "Map", "any"];
    let mark = if random.0.bool() { "?" } else { "" };
    if records > 0 && random.0.u8(..3) == 0 {
        return format!("Mix{mix}Record{}{mark}", random.0.usize(..records));
    }
    match types[random.0.usize(..types.len())] {
        "any" => "any".to_owned(),
        name => format!("{name}{mark}"),
    }
}

/// The depth from which on values are as small as their types allow.
const DEPTH_MAX: usize = 5;

/// Returns a value of a type.
pub(super) fn value(random: &mut Random, ty: &Type, interface: &Interface, depth: usize) -> Value {
    if ty.is_nullable && (depth >= DEPTH_MAX || random.0.u8(..4) == 0) {
        return Value::Null;
    }
    let count = if depth >= DEPTH_MAX { 0 } else { random.0.usize(..4) };
    let depth = depth + 1;
    match &ty.kind {
        Kind::Bool => random.0.bool().into(),
        Kind::Int => random.int().into(),
        Kind::Float => random.float().into(),
        Kind::String => random.text().into(),
        // Many large ones would fill the mailboxes.
        Kind::Bytes if depth > 2 => lucarne::Bytes::from(random.text().into_bytes()).into(),
        Kind::Bytes => random.bytes().into(),
        Kind::List(element) => {
            (0..count).map(|_| value(random, element, interface, depth)).collect::<Vec<_>>().into()
        }
        Kind::Map(key, _) if key.kind == Kind::Any => random.map(depth),
        // Rust sorts the keys.
        Kind::Map(key, element) if key.kind == Kind::Int => {
            let entries = (0..count).map(|_| (random.int(), value(random, element, interface, depth)));
            let entries: BTreeMap<i64, Value> = entries.collect();
            Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
        }
        Kind::Map(_, element) => {
            let entries = (0..count).map(|_| (random.text(), value(random, element, interface, depth)));
            let entries: BTreeMap<String, Value> = entries.collect();
            Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
        }
        Kind::Record(name) => {
            let record = interface.record(name).expect("the definition has it");
            let field = |field: &lucarne_interface::model::Field| {
                (Value::from(field.key()), value(random, &field.ty, interface, depth))
            };
            Value::Map(record.fields.iter().map(field).collect())
        }
        Kind::Any => random.value(depth),
        Kind::None | Kind::Resource(_) => unreachable!("these definitions have none"),
    }
}
