//! A provider that is written by hand and sends other types than its definition declares.

use super::common::{Answer, Folder};
use super::{Listening, call, listening, session, shown};

/// Each method returns its argument, or sends it as notifications.
const DEFINITION: &str = "\
/** @service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d60 1.0 */
interface Echo:
  text value/any -> string
  perhaps value/any -> string?
  nothing value/any -> none
  number value/any -> int
  share value/any -> float
  is-on value/any -> bool
  bytes value/any -> ByteArray
  /** @type -> List<Reading?> */
  readings value/any -> List
  /** @type -> Map<int, List<Reading>> */
  by-number value/any -> Map
  /** @type -> Map<string, float> */
  by-name value/any -> Map
  reading value/any -> Reading
  chain value/any -> Link?
  broken value/any -> Feed
  perhaps-broken value/any -> Feed?
  feed values/any -> Feed
  pairs values/any -> Pairs

/** @resource */
interface Feed:
  /** @next */
  next -> Reading

/** @resource */
interface Pairs:
  /** @notification name/string reading/Reading? */
  on-pair callback/Lambda -> none

/** @record */
class Reading:
  celsius/float
  /** @type List<string>? */
  room-names/List?
  constructor .celsius .room-names=null:

/** @record */
class Link:
  next/Link?
  name/string
  constructor .next .name:
";

const PROVIDER: &str = "\
import system.services show *

class EchoProvider extends ServiceProvider implements ServiceHandler:
  constructor:
    super \"echo\" --major=1 --minor=0
    uuid := \"7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d60\"
    provides (ServiceSelector --uuid=uuid --major=1 --minor=0) --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index < 0: throw \"no definition\"
    if index < 14: return arguments
    resource := Sender this client
    arguments.do: resource.notify_ it
    return resource

class Sender extends ServiceResource:
  constructor provider/ServiceProvider client/int: super provider client --notifiable
  on-closed -> none:

main: (EchoProvider).install
";

fn echo(test: &str) -> Listening {
    let folder = Folder::new(test);
    folder.file("echo.toit", DEFINITION).file("echo-server.toit", PROVIDER);
    assert_eq!(folder.lucarne(&["interface", "generate", "echo.toit"]).status, Some(0));
    listening(folder, "echo-server.toit")
}

fn called(folder: &Folder, arguments: &[&str]) -> Answer {
    call(folder, &[&["--definition", "echo.toit"], arguments].concat())
}

#[test]
fn results_of_the_declared_types_are_printed() {
    let provider = echo("call-declared");
    for (method, value) in [
        ("perhaps", "null"),
        ("share", "1.5"),
        ("readings", r#"[null,{"celsius":1.5,"room_names":null},{"celsius":1.5,"room_names":["a"]}]"#),
        ("by-number", r#"{"$map":[[1,[{"celsius":1.5}]]]}"#),
        // A newer provider sends more fields, and an older one leaves some out.
        ("reading", r#"{"celsius":2.5,"wind":[1,2]}"#),
        ("chain", "null"),
        // A definition from elsewhere can be older than the provider.
        ("nothing", "5"),
        ("perhaps-broken", "null"),
    ] {
        // Resources need a session.
        let answer = match method {
            "perhaps-broken" => session(
                &provider.folder,
                &["--definition", "echo.toit", "echo"],
                &format!("{method} {value}\n"),
            ),
            _ => called(&provider.folder, &[&format!("echo.{method}"), value]),
        };
        let expected = if method == "by-number" { r#"{"1":[{"celsius":1.5}]}"# } else { value };
        assert_eq!(
            (answer.status, answer.out, answer.error),
            (Some(0), format!("{expected}\n"), String::new()),
            "{method}"
        );
    }
}

#[test]
fn results_of_other_types_are_reported() {
    let provider = echo("call-mistyped");
    let folder = &provider.folder;
    let long = format!("\"{}\"", "\u{e9}".repeat(1_000));
    let deep = "{\"name\":\"a\",\"next\":".repeat(60) + "{\"name\":null}" + &"}".repeat(60);
    let mut text = String::new();
    for (method, value) in [
        ("text", "null"),
        ("text", "5"),
        ("perhaps", "[1, 2]"),
        ("perhaps", "true"),
        ("number", "1.0"),
        ("number", "\"1\""),
        ("share", "1"),
        ("is-on", "0"),
        ("bytes", "\"AAA=\""),
        ("bytes", &*long),
        ("readings", "{\"a\": null}"),
        ("readings", "[null, {\"celsius\": 1.5}, {\"celsius\": \"warm\"}]"),
        ("readings", "[{\"celsius\": 1.5, \"room_names\": [\"hall\", 5]}]"),
        ("readings", "[{\"room_names\": null}]"),
        ("readings", "[[\"\\u001b[2J\"]]"),
        ("by-number", "{\"1\": []}"),
        ("by-number", "{\"$map\": [[7, [{\"celsius\": 1.5}, null]]]}"),
        ("by-name", "{\"$map\": [[7, 1.5]]}"),
        ("by-name", "{\"a.b\": 1.5, \"\": 1}"),
        ("by-name", "{\"$map\": [[\"one\", {\"$bytes\": \"AAA=\"}]]}"),
        ("reading", "null"),
        ("reading", "{}"),
        ("chain", "{\"name\": \"a\", \"next\": {\"name\": \"b\", \"next\": {\"name\": 3}}}"),
        ("chain", &*deep),
    ] {
        let answer = called(folder, &[&format!("echo.{method}"), value]);
        assert_eq!((answer.status, answer.out.as_str()), (Some(1), ""), "{method} {value}: {answer:?}");
        assert!(answer.error.len() < 1_500 && !answer.error.contains('\u{1b}'), "{answer:?}");
        let value: String = value.chars().take(80).collect();
        text += &format!("$ lucarne call echo.{method} {value}\n{}\n", answer.error);
    }
    insta::assert_snapshot!(text);

    let answer = called(folder, &["--json", "echo.readings", "[{\"celsius\": null}]"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""), "{answer:?}");
    let json: serde_json::Value = serde_json::from_str(&answer.out).expect("it is JSON");
    assert_eq!(json["name"], "WRONG_TYPE");
    let mistyped = serde_json::json!({ "path": "[0].celsius", "declared": "float", "found": "null" });
    assert_eq!(json["mistyped"], mistyped);
}

#[test]
fn sessions_report_results_and_notifications_of_other_types() {
    let provider = echo("call-mistyped-session");
    let lines = "\
text 5
broken \"x\"
feed [{\"celsius\": 1.5}, {\"celsius\": 1}, 3, {\"celsius\": 2.5}]
:wait $1 4
pairs [[\"a\", null], [\"a\"], \"a\", [\"b\", {\"celsius\": null}], [\"b\", {\"celsius\": 1.5}]]
:wait $2 5
";
    for arguments in
        [&["--definition", "echo.toit", "echo"][..], &["--json", "--definition", "echo.toit", "echo"]]
    {
        let answer = session(&provider.folder, arguments, lines);
        assert_eq!(answer.status, Some(1), "{answer:?}");
        insta::assert_snapshot!(shown(&answer));
    }
    // A wrong notification alone makes a session fail.
    let answer = session(&provider.folder, &["--definition", "echo.toit", "echo"], "feed [3]\n:wait $1 1\n");
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""), "{answer:?}");
}
