//! Tests of arguments and results as JSON: random types and values, and words of command lines.

use std::time::Duration;

use lucarne_compiler::source::MemoryLoader;
use lucarne_interface::model::{Interface, Kind, Type};
use lucarne_services::{Bytes, CallError, Value};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::check::Types;
use super::editor::Candidates;
use super::failure::{CONTACT_LOST, Failure, MACHINE_SILENT, NO_SUCH_PROCESS, PROVIDER_ENDED};
use super::json::{Mismatch, Shown, read};
use super::session::Completion;
use super::words::{bind, split};

const DEFINITION: &str = "\
/** @service 11111111-2222-3333-4444-555555555555 1.0 */
interface Example:
  measure room/string --days/int? --loud/bool -> Point
  send bytes/ByteArray value/any -> none

/** @record */
class Point:
  x-of-it/float
  /** @type List<Point> */
  next/List
  name/string?
  constructor .x-of-it .next .name:
";

fn interface() -> Interface {
    let mut loader = MemoryLoader::default();
    loader.add("example.toit", DEFINITION);
    let definition = lucarne_interface::load(&loader, "example.toit").expect("the library is sound");
    definition.interface.expect("it has no mistakes")
}

fn ty() -> impl Strategy<Value = Type> {
    let plain = proptest::sample::select(vec![
        Kind::Any,
        Kind::Bool,
        Kind::Int,
        Kind::Float,
        Kind::String,
        Kind::Bytes,
        Kind::Record("Point".to_owned()),
    ]);
    let kind = plain.prop_recursive(3, 8, 2, |inner| {
        let ty = (inner, any::<bool>()).prop_map(|(kind, is_nullable)| nullable(kind, is_nullable)).boxed();
        let key = proptest::sample::select(vec![Kind::String, Kind::Int]).prop_map(Type::of);
        prop_oneof![
            ty.clone().prop_map(|ty| Kind::List(Box::new(ty))),
            (key, ty).prop_map(|(key, ty)| Kind::Map(Box::new(key), Box::new(ty))),
            Just(Kind::Map(Box::new(Type::of(Kind::Any)), Box::new(Type::of(Kind::Any)))),
        ]
    });
    (kind, any::<bool>()).prop_map(|(kind, is_nullable)| nullable(kind, is_nullable))
}

fn nullable(kind: Kind, is_nullable: bool) -> Type {
    Type { is_nullable: is_nullable && kind != Kind::Any, kind }
}

/// Texts among which those with a meaning in JSON or here are frequent.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,6}",
        proptest::sample::select(vec!["$bytes", "$map", "$float", "$x", "NaN", "null", "AA==", "1"])
            .prop_map(str::to_owned),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        text().prop_map(Value::String),
        proptest::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| Value::Bytes(Bytes::from(bytes))),
    ];
    plain.prop_recursive(3, 12, 3, |inner| {
        let key = prop_oneof![text().prop_map(Value::String), any::<i64>().prop_map(Value::Int)];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            proptest::collection::vec((key, inner), 0..3).prop_map(|entries| {
                let mut distinct: Vec<(Value, Value)> = Vec::new();
                for (key, value) in entries {
                    if distinct.iter().all(|(other, _)| *other != key) {
                        distinct.push((key, value));
                    }
                }
                Value::Map(distinct)
            }),
        ]
    })
}

/// Returns values of a type.
fn value(ty: &Type, depth: u32) -> BoxedStrategy<Value> {
    let some = match &ty.kind {
        Kind::Any => any_value().boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Int => any::<i64>().prop_map(Value::Int).boxed(),
        Kind::Float => any::<f64>().prop_map(Value::Float).boxed(),
        Kind::String => text().prop_map(Value::String).boxed(),
        Kind::Bytes => {
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Bytes(bytes.into())).boxed()
        }
        Kind::List(element) => {
            proptest::collection::vec(value(element, depth + 1), 0..3).prop_map(Value::List).boxed()
        }
        Kind::Map(key, _) if key.kind == Kind::Any => {
            any_value().prop_filter("a map", |value| value.as_map().is_some()).boxed()
        }
        Kind::Map(key, element) if key.kind == Kind::Int => {
            proptest::collection::btree_map(any::<i64>(), value(element, depth + 1), 0..3)
                .prop_map(|map| {
                    map.into_iter().map(|(key, value)| (Value::Int(key), value)).collect::<Vec<_>>()
                })
                .prop_map(Value::Map)
                .boxed()
        }
        Kind::Map(_, element) => proptest::collection::btree_map(text(), value(element, depth + 1), 0..3)
            .prop_map(|map| {
                Value::Map(map.into_iter().map(|(key, value)| (Value::String(key), value)).collect())
            })
            .boxed(),
        Kind::Record(_) => {
            let point = Type::of(Kind::Record("Point".to_owned()));
            let next = match depth {
                0..3 => proptest::collection::vec(value(&point, depth + 1), 0..2).boxed(),
                _ => Just(Vec::new()).boxed(),
            };
            let point = |(x, next, name): (f64, Vec<Value>, Option<String>)| {
                Value::Map(vec![
                    ("x_of_it".into(), x.into()),
                    ("next".into(), next.into()),
                    ("name".into(), name.into()),
                ])
            };
            (any::<f64>(), next, proptest::option::of(text())).prop_map(point).boxed()
        }
        Kind::None | Kind::Resource(_) => unreachable!("these are no types of values"),
    };
    if ty.is_nullable { prop_oneof![1 => Just(Value::Null), 3 => some].boxed() } else { some }
}

fn shown(value: &Value, ty: Option<&Type>, interface: &Interface) -> String {
    serde_json::to_string(&Shown { value, ty, interface }).expect("values can be written")
}

/// Returns a value whose maps are sorted, since JSON objects have no order here.
fn sorted(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        Value::Map(entries) => {
            let mut entries: Vec<_> =
                entries.into_iter().map(|(key, value)| (sorted(key), sorted(value))).collect();
            entries.sort_by_key(|(key, _)| format!("{key:?}"));
            Value::Map(entries)
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn values_of_a_type_survive_json((ty, value) in ty().prop_flat_map(|ty| {
        let value = value(&ty, 0);
        (Just(ty), value)
    })) {
        let interface = interface();
        let text = shown(&value, Some(&ty), &interface);
        let json: Json = serde_json::from_str(&text).expect("it is JSON");
        match read(&json, &ty, &interface) {
            // Debug, since NaN is not equal to itself.
            Ok(read) => prop_assert_eq!(format!("{:?}", sorted(read)), format!("{:?}", sorted(value.clone())), "{}", text),
            Err(error) => prop_assert!(false, "{ty}: {text}: {error:?}"),
        }
        let types = Types { interface: &interface, is_carried: true };
        prop_assert_eq!(types.check(&value, &ty), Ok(()), "{}: {}", ty, text);
        // A provider may send anything, whatever the type.
        let other = Type::of(Kind::Record("Point".to_owned()));
        serde_json::from_str::<Json>(&shown(&value, Some(&other), &interface)).expect("it is JSON");
    }

    #[test]
    fn other_json_is_refused_or_is_of_the_type(ty in ty(), value in any_value()) {
        let interface = interface();
        let json: Json = serde_json::from_str(&shown(&value, None, &interface)).expect("it is JSON");
        if let Ok(value) = read(&json, &ty, &interface) {
            let text = shown(&value, Some(&ty), &interface);
            let again = read(&serde_json::from_str(&text).expect("it is JSON"), &ty, &interface);
            prop_assert_eq!(format!("{again:?}"), format!("{:?}", Ok::<_, ()>(value)), "{}", text);
        }
    }

    #[test]
    fn a_value_that_passes_the_check_is_of_the_type(ty in ty(), value in any_value()) {
        let interface = interface();
        let types = Types { interface: &interface, is_carried: true };
        let text = shown(&value, Some(&ty), &interface);
        let read = read(&serde_json::from_str(&text).expect("it is JSON"), &ty, &interface);
        if types.check(&value, &ty).is_ok() {
            prop_assert_eq!(
                format!("{:?}", read.map(sorted)), format!("{:?}", Ok::<_, Mismatch>(sorted(value))), "{}: {}", ty, text
            );
        }
    }

    #[test]
    fn any_words_are_read(line in "(--|=|measure|room|null|\"|\\{|\\[|\\}|,|:|@|[a-z0-9. -]|\\PC){0,20}") {
        let interface = interface();
        if let Ok(words) = split(&line) {
            for method in &interface.methods {
                // A path could be that of a device.
                let words: Vec<String> = words.iter().map(|word| word.replace('@', "")).collect();
                if let Ok(values) = bind(method, "x", &words, &interface) {
                    prop_assert_eq!(values.len(), method.parameters.len());
                }
            }
        }
    }
}

#[test]
fn lines_are_split_at_blanks_outside_of_json() {
    let words = |line: &str| split(line).expect("all ends");
    assert_eq!(words("  a  b\tc "), ["a", "b", "c"]);
    assert_eq!(
        words(r#"$1.send "hello you" {"a": [1, 2]}"#),
        ["$1.send", "\"hello you\"", "{\"a\": [1, 2]}"]
    );
    assert_eq!(words(r#"--text="a \" ] b" x"#), [r#"--text="a \" ] b""#, "x"]);
    assert!(split("\"a").is_err() && split("[1, 2").is_err() && split(r#""\""#).is_err());
}

#[test]
fn arguments_are_given_in_order_or_by_name() {
    let interface = interface();
    let bound = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        bind(&interface.methods[0], "x.measure", &words, &interface)
    };
    let expected = Ok(vec!["hall".into(), 3.into(), true.into()]);
    assert_eq!(bound(&["hall", "3", "true"]), expected);
    assert_eq!(bound(&["--loud", "--days=3", "hall"]), expected);
    assert_eq!(bound(&["--days=3", "--room=\"hall\"", "true"]), expected);
    // A nullable parameter can be left out, and a string may look like an option or like a number.
    assert_eq!(bound(&["--no-loud", "--room=3"]), Ok(vec!["3".into(), Value::Null, false.into()]));
    assert_eq!(bound(&["--loud", "--", "--x"]), Ok(vec!["--x".into(), Value::Null, true.into()]));
    assert_eq!(bound(&["-1", "-1", "true"]), Ok(vec!["-1".into(), (-1).into(), true.into()]));
}

#[test]
fn names_are_completed() {
    let completion = Completion::new(interface().into());
    let candidates = |line: &str| {
        let start = line.rfind(' ').map_or(0, |blank| blank + 1);
        completion.candidates(line, start)
    };
    assert_eq!(candidates("mea"), ["measure"]);
    assert_eq!(candidates(":w"), [":wait"]);
    assert_eq!(candidates("measure hall --"), ["--room=", "--days=", "--loud="]);
    assert_eq!(candidates("measure --r"), ["--room="]);
    assert_eq!(candidates(""), ["measure", "send", ":help", ":wait", ":exit"]);
    assert_eq!(candidates(":wait $1 "), ["10s", "1m", "10m"]);
    assert_eq!(candidates(":wait $1 3 10"), ["10s", "10m"]);
    assert!(candidates(":wait ").is_empty());
    assert!(candidates("$1.").is_empty() && candidates("nothing --").is_empty());
}

#[test]
fn lost_contact_is_not_the_end_of_the_provider() {
    let lost = Failure::of_close(&CallError::ContactLost, Duration::ZERO);
    assert_eq!(lost.name.as_deref(), Some(CONTACT_LOST));
    assert!(lost.text.ends_with("the call may have been executed"), "{}", lost.text);
    let gone = Failure::of_close(&CallError::Gone, Duration::ZERO);
    assert_eq!(gone.name.as_deref(), Some(NO_SUCH_PROCESS));
    let name_of = |reason: &str| Failure::of_ended("$1", reason).name;
    assert_eq!((name_of(MACHINE_SILENT), name_of(PROVIDER_ENDED)), (lost.name, gone.name));
}
