//! Tests of the rules for versions: each row of the table in `docs/interfaces.md` is a case here.

mod common;

use common::{SERVICE, load_files};
use lucarne_interface::compare::{Comparison, Kind, Level, compare};
use lucarne_interface::model::Interface;

use Level::{Compatible, Major, Minor};

/// Reads two versions of a definition. The new one has the index file of the old one.
fn versions(old: &str, new: &str) -> (Interface, Interface) {
    let old = load_files(&[("app.toit", old)]);
    let shown = old.shown(Default::default());
    let lock = old.lock.print("app.toit");
    let new = load_files(&[("app.toit", new), ("app.index", &lock)]);
    let new_shown = new.shown(Default::default());
    let Some(old) = old.interface else { panic!("{shown}") };
    let Some(new) = new.interface else { panic!("{new_shown}") };
    (old, new)
}

fn compared(old: &str, new: &str) -> Comparison {
    let (old, new) = versions(&format!("{SERVICE}{old}"), &format!("{SERVICE}{new}"));
    compare(&old, &new)
}

/// A change of the methods after [`SERVICE`], with the declarations after them.
struct Case {
    what: &'static str,
    old: &'static str,
    new: &'static str,
    expected: &'static [(Level, Kind)],
}

const fn case(
    what: &'static str,
    old: &'static str,
    new: &'static str,
    expected: &'static [(Level, Kind)],
) -> Case {
    Case { what, old, new, expected }
}

/// A record with one field, for arguments and results.
macro_rules! record {
    ($method:literal, $fields:literal, $constructor:literal) => {
        concat!($method, "/** @record */\nclass R:\n", $fields, "  constructor ", $constructor, ":\n")
    };
}

/// A resource.
macro_rules! feed {
    ($members:literal) => {
        concat!("  open-it -> Feed\n/** @resource */\ninterface Feed:\n", $members)
    };
}

const CASES: &[Case] = &[
    case("nothing", "  a -> int\n", "  a -> int\n", &[]),
    case("order and documentation", "  a -> int\n  b -> int\n", "  /** B. */\n  b -> int\n  a -> int\n", &[]),
    // Methods.
    case("a method is added", "  a -> int\n", "  a -> int\n  b -> int\n", &[(Minor, Kind::MethodAdded)]),
    case("a method is removed", "  a -> int\n  b -> int\n", "  b -> int\n", &[(Major, Kind::MethodRemoved)]),
    case(
        "a method is renamed",
        "  a -> int\n",
        "  /** @index 0 */\n  b -> int\n",
        &[(Compatible, Kind::MethodRenamed)],
    ),
    case(
        "a method moves into a resource",
        "  open-it -> Feed\n  a -> int\n/** @resource */\ninterface Feed:\n  b -> int\n",
        "  open-it -> Feed\n/** @resource */\ninterface Feed:\n  b -> int\n  /** @index 1 */\n  a -> int\n",
        &[(Major, Kind::MethodMoved)],
    ),
    // Arguments.
    case(
        "a parameter is added",
        "  a x/int -> int\n",
        "  a x/int y/int? -> int\n",
        &[(Major, Kind::ParametersCount)],
    ),
    case("a parameter is removed", "  a x/int -> int\n", "  a -> int\n", &[(Major, Kind::ParametersCount)]),
    case(
        "a parameter is renamed",
        "  a x/int -> int\n",
        "  a y/int -> int\n",
        &[(Compatible, Kind::ParameterRenamed)],
    ),
    case("a parameter is given by name", "  a x/int -> int\n", "  a --x/int -> int\n", &[]),
    case(
        "a parameter has another type",
        "  a x/int -> int\n",
        "  a x/string -> int\n",
        &[(Major, Kind::ParameterType)],
    ),
    case(
        "a parameter takes null",
        "  a x/int -> int\n",
        "  a x/int? -> int\n",
        &[(Minor, Kind::ParameterType)],
    ),
    case(
        "a parameter takes null no more",
        "  a x/int? -> int\n",
        "  a x/int -> int\n",
        &[(Major, Kind::ParameterType)],
    ),
    case(
        "a parameter takes all values",
        "  a x/int -> int\n",
        "  a x/any -> int\n",
        &[(Minor, Kind::ParameterType)],
    ),
    case(
        "a parameter takes fewer values",
        "  a x/any -> int\n",
        "  a x/int -> int\n",
        &[(Major, Kind::ParameterType)],
    ),
    case(
        "the elements of a parameter have another type",
        "  /** @type x List<int> */\n  a x/List -> int\n",
        "  /** @type x List<string> */\n  a x/List -> int\n",
        &[(Major, Kind::ParameterType)],
    ),
    case(
        "the values of a map may be null",
        "  /** @type x Map<string, int> */\n  a x/Map -> int\n",
        "  /** @type x Map<string, int?> */\n  a x/Map -> int\n",
        &[(Minor, Kind::ParameterType)],
    ),
    case(
        "the keys of a map have another type",
        "  /** @type x Map<string, int> */\n  a x/Map -> int\n",
        "  /** @type x Map<int, int> */\n  a x/Map -> int\n",
        &[(Major, Kind::ParameterType)],
    ),
    // Results.
    case("a result has another type", "  a -> int\n", "  a -> float\n", &[(Major, Kind::ResultType)]),
    case("a result may be null", "  a -> int\n", "  a -> int?\n", &[(Major, Kind::ResultType)]),
    case("a result is null no more", "  a -> int?\n", "  a -> int\n", &[(Minor, Kind::ResultType)]),
    case("a result is added", "  a -> none\n", "  a -> int\n", &[(Minor, Kind::ResultType)]),
    case("a nullable result is added", "  a -> none\n", "  a -> int?\n", &[(Compatible, Kind::ResultType)]),
    case("a result is removed", "  a -> int\n", "  a -> none\n", &[(Major, Kind::ResultType)]),
    case("a result is one of more values", "  a -> int\n", "  a -> any\n", &[(Major, Kind::ResultType)]),
    case(
        "a result is another resource",
        "  a -> A\n  b -> B\n/** @resource */\ninterface A:\n/** @resource */\ninterface B:\n",
        "  a -> B\n  b -> A\n/** @resource */\ninterface A:\n/** @resource */\ninterface B:\n",
        &[(Major, Kind::ResultType), (Major, Kind::ResultType)],
    ),
    case(
        "a resource is renamed",
        "  open-it -> Feed\n/** @resource */\ninterface Feed:\n  /** @index 7 */\n  b -> int\n",
        "  open-it -> Stream\n/** @resource */\ninterface Stream:\n  /** @index 7 */\n  b -> int\n",
        &[(Compatible, Kind::ResultType), (Compatible, Kind::InterfaceRenamed)],
    ),
    case(
        "a resource without methods is renamed",
        "  open-it -> Feed\n/** @resource */\ninterface Feed:\n  /** @next */\n  receive -> int\n",
        "  open-it -> Stream\n/** @resource */\ninterface Stream:\n  /** @next */\n  receive -> int?\n",
        &[
            (Compatible, Kind::ResultType),
            (Compatible, Kind::InterfaceRenamed),
            (Major, Kind::NotificationType),
        ],
    ),
    // Errors and times.
    case(
        "an error is added",
        "  a -> int\n",
        "  /** @throws X */\n  a -> int\n",
        &[(Minor, Kind::ErrorAdded)],
    ),
    case(
        "an error is removed",
        "  /** @throws X */\n  a -> int\n",
        "  a -> int\n",
        &[(Minor, Kind::ErrorRemoved)],
    ),
    case(
        "an error has another text",
        "  /** @throws X */\n  a -> int\n",
        "  /** @throws X \"x\" */\n  a -> int\n",
        &[(Major, Kind::ErrorText)],
    ),
    case(
        "a time limit",
        "  a -> int\n",
        "  /** @timeout 2s */\n  a -> int\n",
        &[(Compatible, Kind::Timeout)],
    ),
    // Notifications.
    case(
        "notifications are added",
        feed!("  a -> int\n"),
        feed!("  a -> int\n  /** @next */\n  receive -> int\n"),
        &[(Minor, Kind::NotificationsAdded)],
    ),
    case(
        "notifications are removed",
        feed!("  a -> int\n  /** @next */\n  receive -> int\n"),
        feed!("  a -> int\n"),
        &[(Major, Kind::NotificationsRemoved)],
    ),
    case(
        "notifications may be null",
        feed!("  /** @next */\n  receive -> int\n"),
        feed!("  /** @next */\n  receive -> int?\n"),
        &[(Major, Kind::NotificationType)],
    ),
    case(
        "notifications are null no more",
        feed!("  /** @next */\n  receive -> int?\n"),
        feed!("  /** @next */\n  receive -> int\n"),
        &[(Minor, Kind::NotificationType)],
    ),
    case(
        "notifications have more values",
        feed!("  /** @notification x/int */\n  on-x callback/Lambda -> none\n"),
        feed!("  /** @notification x/int y/int */\n  on-x callback/Lambda -> none\n"),
        &[(Major, Kind::NotificationType)],
    ),
    case(
        "notifications arrive at a lambda",
        feed!("  /** @next */\n  receive -> int\n"),
        feed!("  /** @notification x/int */\n  on-x callback/Lambda -> none\n"),
        &[(Compatible, Kind::NotificationDelivery)],
    ),
    case(
        "more notifications wait",
        feed!("  /** @next */\n  receive -> int\n"),
        feed!("  /** @next 20 */\n  receive -> int\n"),
        &[(Compatible, Kind::NotificationDelivery)],
    ),
    // Records.
    case(
        "a nullable field is added",
        record!("  a r/R -> R\n", "  x/int\n", ".x"),
        record!("  a r/R -> R\n", "  x/int\n  y/int?\n", ".x .y"),
        &[(Minor, Kind::FieldAdded)],
    ),
    case(
        "a field is added to arguments",
        record!("  a r/R -> none\n", "  x/int\n", ".x"),
        record!("  a r/R -> none\n", "  x/int\n  y/int\n", ".x .y"),
        &[(Major, Kind::FieldAdded)],
    ),
    case(
        "a field is added to results",
        record!("  a -> R\n", "  x/int\n", ".x"),
        record!("  a -> R\n", "  x/int\n  y/int\n", ".x .y"),
        &[(Minor, Kind::FieldAdded)],
    ),
    case(
        "a field is removed from arguments",
        record!("  a r/R -> none\n", "  x/int\n  y/int\n", ".x .y"),
        record!("  a r/R -> none\n", "  x/int\n", ".x"),
        &[(Minor, Kind::FieldRemoved)],
    ),
    case(
        "a field is removed from results",
        record!("  a -> R\n", "  x/int\n  y/int\n", ".x .y"),
        record!("  a -> R\n", "  x/int\n", ".x"),
        &[(Major, Kind::FieldRemoved)],
    ),
    case(
        "a nullable field is removed from results",
        record!("  a -> R\n", "  x/int\n  y/int?\n", ".x .y"),
        record!("  a -> R\n", "  x/int\n", ".x"),
        &[(Minor, Kind::FieldRemoved)],
    ),
    case(
        "a field of arguments takes null",
        record!("  a r/R -> none\n", "  x/int\n", ".x"),
        record!("  a r/R -> none\n", "  x/int?\n", ".x"),
        &[(Minor, Kind::FieldType)],
    ),
    case(
        "a field of results takes null",
        record!("  a -> R\n", "  x/int\n", ".x"),
        record!("  a -> R\n", "  x/int?\n", ".x"),
        &[(Major, Kind::FieldType)],
    ),
    case(
        "a field has another type",
        record!("  a r/R -> none\n", "  x/int\n", ".x"),
        record!("  a r/R -> none\n", "  x/string\n", ".x"),
        &[(Major, Kind::FieldType)],
    ),
    case(
        "the order of fields",
        record!("  a r/R -> R\n", "  x/int\n  y/int\n", ".x .y"),
        record!("  a r/R -> R\n", "  y/int\n  x/int\n", ".x --.y"),
        &[],
    ),
    case(
        "a record is renamed",
        "  a r/Q -> Q\n/** @record */\nclass Q:\n  x/int\n  constructor .x:\n",
        "  a r/R -> R\n/** @record */\nclass R:\n  x/int\n  constructor .x:\n",
        &[(Compatible, Kind::ParameterType), (Compatible, Kind::ResultType)],
    ),
    case(
        "another record lacks a field",
        "  a r/Q -> none\n/** @record */\nclass Q:\n  x/int\n  constructor .x:\n",
        "  a r/R -> none\n/** @record */\nclass R:\n  y/int\n  constructor .y:\n",
        &[(Major, Kind::ParameterType)],
    ),
    case(
        "a record that contains itself",
        record!("  a r/R -> R\n", "  next/R?\n", ".next"),
        record!("  a r/R -> R\n", "  next/R?\n  x/int?\n", ".next .x"),
        &[(Minor, Kind::FieldAdded)],
    ),
];

#[test]
fn each_change_has_its_level() {
    let mut shown = String::new();
    for case in CASES {
        let comparison = compared(case.old, case.new);
        let found: Vec<(Level, Kind)> =
            comparison.changes.iter().map(|change| (change.level, change.kind)).collect();
        assert_eq!(found, case.expected, "{}: {:#?}", case.what, comparison.changes);
        shown += &format!("{}\n", case.what);
        for change in &comparison.changes {
            shown += &format!("  {} {}: {}\n", change.level.name(), change.kind.name(), change.reason);
        }
        shown += &format!("  {comparison}\n");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn each_kind_of_change_has_a_case() {
    let elsewhere = [Kind::Uuid, Kind::VersionLowered, Kind::MethodReindexed];
    for kind in Kind::ALL {
        let is_covered = CASES.iter().any(|case| case.expected.iter().any(|(_, found)| found == kind));
        assert!(is_covered != elsewhere.contains(kind), "{}", kind.name());
    }
}

/// Each change, undone, is a change that the rules know, too.
#[test]
fn changes_backward_are_never_nothing() {
    for case in CASES {
        let (old, new) = versions(&format!("{SERVICE}{}", case.old), &format!("{SERVICE}{}", case.new));
        let backward = compare(&new, &old);
        assert_eq!(backward.changes.is_empty(), case.expected.is_empty(), "{}", case.what);
    }
}

#[test]
fn an_index_that_changes_without_an_index_file_is_a_major_change() {
    let read = |text: &str| common::interface(&format!("{SERVICE}{text}"));
    let (old, new) = (read("  a -> int\n  b -> int\n"), read("  b -> int\n  a -> int\n"));
    let comparison = compare(&old, &new);
    let found: Vec<(Level, Kind)> =
        comparison.changes.iter().map(|change| (change.level, change.kind)).collect();
    assert_eq!(found, [(Major, Kind::MethodReindexed), (Major, Kind::MethodReindexed)]);
    let reason = "the index of `a` changed from 0 to 1: old clients call another method, or none";
    assert_eq!(comparison.changes[0].reason, reason);
    // A method is removed, and the next one takes its index.
    let comparison = compare(&old, &read("  b -> int\n"));
    let found: Vec<(Level, Kind)> =
        comparison.changes.iter().map(|change| (change.level, change.kind)).collect();
    assert_eq!(found, [(Major, Kind::MethodRemoved), (Major, Kind::MethodReindexed)]);
}

#[test]
fn versions_are_judged() {
    let text = |version: &str, methods: &str| {
        format!(
            "/** @service 11111111-2222-3333-4444-555555555555 {version} */\ninterface Example:\n{methods}"
        )
    };
    let (same, added, removed) = ("  a -> int\n", "  a -> int\n  b -> int\n", "");
    for (old, new, methods, is_right, version) in [
        ("1.2", "1.2", same, true, "1.2"),
        ("1.2", "1.3", same, true, "1.3"),
        ("1.2", "2.0", same, true, "2.0"),
        ("1.2", "1.1", same, false, "1.2"),
        ("1.2", "0.9", same, false, "1.2"),
        ("1.2", "1.2", added, false, "1.3"),
        ("1.2", "1.3", added, true, "1.3"),
        ("1.2", "1.5", added, true, "1.5"),
        ("1.2", "2.0", added, true, "2.0"),
        ("1.2", "1.2", removed, false, "2.0"),
        ("1.2", "1.3", removed, false, "2.0"),
        ("1.2", "2.0", removed, true, "2.0"),
        ("0.1", "0.2", removed, false, "1.0"),
    ] {
        let (old_interface, new_interface) = versions(&text(old, same), &text(new, methods));
        let comparison = compare(&old_interface, &new_interface);
        let found = (comparison.is_right(), comparison.version().to_string());
        assert_eq!(found, (is_right, version.to_owned()), "{old} {new} {methods}");
        assert_eq!(comparison.changes.iter().any(|change| change.kind == Kind::VersionLowered), new < old);
    }
}

#[test]
fn another_service_is_never_right() {
    let read = |uuid: &str, version: &str| {
        common::interface(&format!("/** @service {uuid} {version} */\ninterface Example:\n  a -> int\n"))
    };
    let old = read("11111111-2222-3333-4444-555555555555", "1.0");
    let comparison = compare(&old, &read("11111111-2222-3333-4444-555555555556", "2.0"));
    assert_eq!(comparison.changes[0].kind, Kind::Uuid);
    assert!(!comparison.is_right());
}
