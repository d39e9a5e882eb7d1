//! `lucarne call`: providers in Toit and in Rust are called from the shell, on a device and over a socket.

mod common;
#[path = "call/declared.rs"]
mod declared;
#[path = "call/sessions.rs"]
mod sessions;
#[allow(unreachable_pub, reason = "the code is for any crate")]
#[path = "../../lucarne/tests/interface/thermometer.rs"]
#[rustfmt::skip]
mod thermometer;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::device::Device;
use common::{Answer, Folder, completed, freeze, signal};
use lucarne::prelude::*;
use lucarne::{Listener, System};
use thermometer::{Feed, Reading, Thermometer, ThermometerError, ThermometerHandler};

/// The socket of a provider, in the folder of its test.
const SOCKET: &str = "own/socket";

/// The programs of the guide: a definition, and a provider in Toit.
const HOUSE: &[&str] = &["thermometer.toit", "house.toit"];

/// Writes files of the guide into a folder, and the generated code.
fn write_guide(folder: &Folder, names: &[&str]) {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/interfaces.md");
    let guide = std::fs::read_to_string(guide).expect("the file exists");
    for name in names {
        let start =
            guide.find(&format!("```toit\n// {name}\n")).expect("the guide has the file") + "```toit\n".len();
        let text = guide[start..].split("```\n").next().expect("the block ends");
        folder.file(name, text);
    }
    let answer = folder.lucarne(&["interface", "generate", "--toit", names[0]]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
}

/// A program that listens until it is dropped.
struct Listening {
    folder: Folder,
    child: Child,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening(folder: Folder, program: &str) -> Listening {
    std::fs::create_dir(folder.path("own")).expect("the folder is new");
    std::fs::set_permissions(folder.path("own"), std::fs::Permissions::from_mode(0o700))
        .expect("it is this user's");
    let child = folder.command(&["run", "--listen", SOCKET, program]).spawn().expect("the binary starts");
    let until = Instant::now() + Duration::from_secs(60);
    while !folder.path(SOCKET).exists() {
        assert!(Instant::now() < until, "{program} does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    let listening = Listening { folder, child };
    // The program registers its provider a moment later.
    loop {
        let answer = call(&listening.folder, &["none"]);
        if answer.error.contains("the providers are") {
            return listening;
        }
        assert!(Instant::now() < until, "{program} provides nothing: {answer:?}");
    }
}

fn call(folder: &Folder, arguments: &[&str]) -> Answer {
    folder.lucarne(&[&["call", "--connect", SOCKET], arguments].concat())
}

/// Holds a session with the given lines.
fn session(folder: &Folder, arguments: &[&str], lines: &str) -> Answer {
    folder.lucarne_with(&[&["call", "--connect", SOCKET, "-i"], arguments].concat(), lines)
}

/// Returns an answer as a reader of a terminal sees it.
fn shown(answer: &Answer) -> String {
    format!("{}{}exit {}\n", answer.out, answer.error, answer.status.unwrap_or(-1))
}

/// The same conversation with providers in all languages.
fn converse(folder: &Folder) {
    let expect = |arguments: &[&str], status: i32, out: &str, error: &str| {
        let answer = call(folder, arguments);
        assert_eq!(
            (answer.status, answer.out.as_str(), answer.error.as_str()),
            (Some(status), out, error),
            "{arguments:?}"
        );
    };
    let reading = "{\"celsius\":21.5,\"humidity\":null}\n";
    expect(&["thermometer.measure", "kitchen"], 0, reading, "");
    expect(&["thermometer.measure", "--room=kitchen"], 0, reading, "");
    expect(&["f86f16ba-50c7-4b4b-ab0c-4f7d6e3c5d0b.measure", "\"kitchen\""], 0, reading, "");
    expect(&["thermometer.measure", "attic"], 1, "", "lucarne: thermometer.measure: UNKNOWN_ROOM\n");
    let error = "{\"error\":\"UNKNOWN_ROOM\",\"name\":\"UNKNOWN_ROOM\"}\n";
    expect(&["--json", "thermometer.measure", "attic"], 1, error, "");
    let unknown = "{\"error\":\"the service `Thermometer` has no method `mesure`: did you mean `measure`?\",\"name\":\"UNKNOWN_NAME\"}\n";
    expect(&["--json", "thermometer.mesure", "attic"], 2, unknown, "");
    expect(
        &["--json", "thermometer.measure", "kitchen"],
        0,
        &format!("{{\"result\":{}}}\n", reading.trim()),
        "",
    );

    let answer =
        session(folder, &["thermometer"], "# a comment\nmeasure kitchen\nfollow kitchen\n:wait $1 2\n");
    let expected = "{\"celsius\":21.5,\"humidity\":null}\n$1 is a Feed\n\
                    $1: {\"celsius\":20.5,\"humidity\":null}\n$1: {\"celsius\":21.0,\"humidity\":null}\n";
    assert!(answer.out.starts_with(expected), "{answer:?}");
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), ""));

    let described = folder.lucarne(&["interface", "show", "--connect", SOCKET, "thermometer"]);
    let of_file = folder.lucarne(&["interface", "show", "thermometer.toit"]);
    assert_eq!((described.status, &described.out), (Some(0), &of_file.out));
}

#[test]
fn a_provider_in_toit_is_called_by_name() {
    let folder = Folder::new("call-toit");
    write_guide(&folder, HOUSE);
    converse(&listening(folder, "house.toit").folder);
}

struct House;
struct Warming;

impl Thermometer for House {
    type Feed = Warming;

    async fn measure(&self, room: String) -> Result<Reading, ThermometerError> {
        match room.as_str() {
            "kitchen" => Ok(Reading { celsius: 21.5, humidity: None }),
            _ => Err(ThermometerError::UnknownRoom),
        }
    }

    async fn follow(&self, _room: String) -> Resource<Warming> {
        Warming::resource(|notifier| {
            for celsius in [20.5, 21.0] {
                let _ = notifier.try_send(Reading { celsius, humidity: None });
            }
            Warming
        })
    }
}

impl Feed for Warming {}

/// Returns a system with the provider in Rust, which listens in the folder.
fn provider_in_rust(folder: &Folder) -> (System, Listener) {
    let system = System::new();
    let listener = system.listen(folder.path(SOCKET)).expect("a new folder");
    let house = system.container("house");
    let provider = house.provider("thermometer", "7.9").handle(ThermometerHandler::new(House));
    provider.install().wait().expect("the name is free");
    (system, listener)
}

#[test]
fn a_provider_in_rust_is_called_by_name() {
    let folder = Folder::new("call-rust");
    write_guide(&folder, HOUSE);
    let (_system, _listener) = provider_in_rust(&folder);
    converse(&folder);
}

/// Returns a folder with the definition of all types, and its provider in Toit.
fn types(test: &str) -> Listening {
    let folder = Folder::new(test);
    for name in ["types.toit", "types-server.toit"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interface").join(name);
        folder.file(name, std::fs::read(path).expect("the file exists"));
    }
    assert_eq!(folder.lucarne(&["interface", "generate", "--toit", "types.toit"]).status, Some(0));
    listening(folder, "types-server.toit")
}

#[test]
fn all_types_are_arguments_and_results() {
    let provider = types("call-types");
    let folder = &provider.folder;
    folder.file("big", vec![7; 1 << 20]);
    let shape = r#"{"name":"square","corner-points":[1,[2]],"parts":{"-1":{"name":"p","corner_points":[],"type":1.0}},"type":{"$map":[[1,2]]}}"#;
    let turned = r#"{"name":"turned square","corner_points":[1,[2]],"parts":{"-1":{"name":"p","corner_points":[],"parts":null,"next":null,"type":1.0}},"next":null,"type":{"$map":[[1,2]]}}"#;
    let all = r#"[true,-5,2.0,"te xt",{"$bytes":"AAH/"},[1,null],{"k":{"$float":"NaN"}},"any"]"#;
    for (arguments, expected) in [
        (
            &["all", "true", "-5", "2", "te xt", "AAH/", "[1, null]", r#"{"k":{"$float":"NaN"}}"#, "\"any\""]
                [..],
            all,
        ),
        (
            &[
                "all",
                "true",
                "-5",
                "2",
                "te xt",
                "[0,1,255]",
                "[1, null]",
                r#"{"k":{"$float":"NaN"}}"#,
                "\"any\"",
            ],
            all,
        ),
        (&["nulls"], "null"),
        (
            &["nulls", "--a", "--d=null", "--h=9223372036854775807"],
            "[true,null,null,null,null,null,null,9223372036854775807]",
        ),
        (
            &["nulls", "--no-a", "--c=\"-Infinity\""],
            r#"[false,null,{"$float":"-Infinity"},null,null,null,null,null]"#,
        ),
        (&["nulls", "--a", "--c=NaN"], r#"[true,null,{"$float":"NaN"},null,null,null,null,null]"#),
        (
            &["nulls", "--a", "--h=18446744073709551615"],
            "[true,null,null,null,null,null,null,1.8446744073709552e+19]",
        ),
        (&["nothing"], ""),
        (&["named", "--right=3", "--left=-10"], "-13"),
        (&["named", "7", "3"], "4"),
        (&["size", "@big"], "1048576"),
        (&["echo", "aGVsbG8="], "\"aGVsbG8=\""),
        (&["turn", shape], turned),
        (&["perhaps", "null"], "null"),
        (
            &["by-name", r#"[null,{"name":"a","corner_points":[]}]"#],
            r#"{"a":[{"name":"a","corner_points":[],"parts":null,"next":null,"type":null}]}"#,
        ),
        (&["by_name", "[]"], "{}"),
    ] {
        let method = format!("types.{}", arguments[0]);
        let answer = call(folder, &[&[&*method], &arguments[1..]].concat());
        let expected = if expected.is_empty() { String::new() } else { format!("{expected}\n") };
        assert_eq!(
            (answer.status, answer.out, answer.error),
            (Some(0), expected, String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn resources_are_variables_of_a_session() {
    let provider = types("call-session");
    let lines = "\
shelf one
$1.put \"book\"
$1.put {\"a\": [1, 2]}
$1.things
$1.drawer
$2.put first
$2.put second {\"name\": \"box\", \"corner_points\": []}
:wait $2 2
$1.open-drawers
$2.shut
$1.open_drawers
shelf none
:help
:exit
nothing more is read
";
    let answer = session(&provider.folder, &["types"], lines);
    insta::assert_snapshot!(shown(&answer));
    let answer = session(
        &provider.folder,
        &["--json", "types"],
        "shelf one\n$1.drawer\n$2.put a\n:wait $2 1\n$2.shut\nturn {\"name\": \"none\", \"corner_points\": []}\nnothing x",
    );
    // The result of a call and a notification that it causes come in any order.
    let mut lines: Vec<&str> = answer.out.lines().collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(answer.status, Some(1));
}

#[test]
fn mistakes_in_calls_are_found_before_anything_is_sent() {
    let provider = types("call-mistakes");
    let folder = &provider.folder;
    folder
        .file("wrong.toit", "interface Wrong:\n")
        .file("other.toit", "/** @service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d99 1.0 */\ninterface Other:\n");
    let mut text = String::new();
    for arguments in [
        &["types"][..],
        &["type.nothing"],
        &["none.nothing"],
        &["7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d99.nothing"],
        &["types.nothin"],
        &["types.whatever"],
        &["types.drawer"],
        &["types.shelf", "one"],
        &["types.nothing", "1"],
        &["types.nothing", "--x=1"],
        &["types.nothing", "--json"],
        &["types.named", "1"],
        &["types.named", "1", "2", "3"],
        &["types.named", "--left=1", "--lefd=2"],
        &["types.named", "--left=1", "--other=2"],
        &["types.named", "--left=1", "--left=2"],
        &["types.named", "--left", "1"],
        &["types.named", "one", "2"],
        &["types.named", "1.5", "2"],
        &["types.named", "9223372036854775808", "2"],
        &["types.named", "null", "2"],
        &["types.nulls", "1"],
        &["types.nulls", "--c=warm"],
        &["types.nulls", "--e=no base64!"],
        &["types.nulls", "--e=[1, 256]"],
        &["types.nulls", "--e=abc"],
        &["types.nulls", "--e=YWJ="],
        &["types.nulls", "--e=\"é\""],
        &["types.nulls", "--e={}"],
        &["types.nulls", "--h={\"$bytes\": \"a\"}"],
        &["types.nulls", "--h={\"$bytes\": 1}"],
        &["types.nulls", "--h=1e400"],
        &["types.nulls", "--h=[1e400]"],
        &["types.nulls", "--c=-1e400"],
        &["types.nulls", "--b=1e400"],
        &["types.nulls", "--b=1e3"],
        &["types.nulls", "--b=-99999999999999999999"],
        &["types.nulls", "--e=@absent"],
        &["types.nulls", "--f={}"],
        &["types.nulls", "--f=[1,"],
        &["types.nulls", "--f=[1,]"],
        &["types.nulls", "--g={\"a\": 1, \"b\": {}, \"a\": 2}"],
        &["types.nulls", "--h={\"$map\": [[1, 2], [1, 3]]}"],
        &["types.nulls", "--h=\"open"],
        &["types.turn", "{\"name\": \"square\", \"corner_points\": [], \"corner-points\": []}"],
        &[
            "types.turn",
            "{\"name\": \"square\", \"corner_points\": [], \"parts\": {\"1\": null, \"01\": null}}",
        ],
        &["types.nulls", "--g=[]"],
        &["types.nulls", "--h=text"],
        &["types.nulls", "--h={\"$bits\": 1}"],
        &["types.nulls", "--h={\"$map\": 1}"],
        &["types.nulls", &format!("--h={}", "[".repeat(130))],
        &["types.turn", "{\"name\": \"square\", \"corner_points\": [], \"parts\": {\"x\": {}}}"],
        &["types.turn", "{\"name\": \"square\",\n\"corner_points\": [}"],
        &["types.nulls", "--h={\"$map\": [1]}"],
        &["types.turn", "square"],
        &["types.turn", "{\"nam\": \"square\"}"],
        &["types.turn", "{\"name\": \"square\", \"size\": 1}"],
        &["types.turn", "{\"name\": \"square\"}"],
        &["types.turn", "{\"name\": \"square\", \"corner_points\": [], \"parts\": {\"x\": null}}"],
        &[
            "types.turn",
            "{\"name\": \"square\", \"corner_points\": [], \"parts\": {\"1\": {\"name\": 2, \"corner_points\": []}}}",
        ],
        &["types.by-name", "[null, 5]"],
        &["-i", "types", "nothing"],
        &["-i", "types.slow"],
        &["-i", "typos"],
        &["--definition", "absent.toit", "types.nothing"],
        &["--definition", "wrong.toit", "types.nothing"],
        &["--definition", "other.toit", "types.nothing"],
        &["--timeout", "soon", "types.nothing"],
        &["--timeout", "0", "types.nothing"],
        &["--timeout", "0ms", "types.nothing"],
        &["--state", "x", "types.nothing"],
        &[],
    ] {
        let answer = call(folder, arguments);
        assert_eq!((answer.status, answer.out.as_str()), (Some(2), ""), "{arguments:?}: {answer:?}");
        text += &format!("$ lucarne call {}\n{}\n", arguments.join(" "), answer.error);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn help_shows_the_forms_of_calls() {
    let answer = Folder::new("call-help").lucarne(&["call", "--help"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), ""));
    insta::assert_snapshot!(answer.out);
}

#[test]
fn calls_that_fail_say_why() {
    let provider = types("call-failures");
    let folder = &provider.folder;
    for (arguments, expected) in [
        (&["types.slow"][..], "lucarne: types.slow: the provider has not answered within 50ms\n"),
        (
            &["types.turn", "{\"name\": \"none\", \"corner_points\": []}"],
            "lucarne: types.turn: there is no such shape\n",
        ),
    ] {
        let answer = call(folder, arguments);
        assert_eq!((answer.status, answer.out.as_str(), answer.error.as_str()), (Some(1), "", expected));
    }
    let answer = folder.lucarne(&["call", "--connect", "own/absent", "types.nothing"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(answer.error.contains("start the system first"), "{answer:?}");
    let answer = folder.lucarne(&["call", "--json", "--connect", "own/absent", "types.nothing"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""), "{answer:?}");
    assert!(answer.out.starts_with("{\"error\":\"cannot connect to own/absent"), "{answer:?}");

    let lines = "\
nothin
:wat
:help me
:wait
:wait soon
:wait $1
:wait $1 some
$1.put 1
shelf \"one
shelf one
$1
$2.things
$1.thing
$1.things 3
:wait $1
$1.drawer
$2.on-change 1
$2.shut 1
$2.shut
$2.shut
turn {\"name\": \"large\", \"corner_points\": []}
slow
";
    insta::assert_snapshot!(shown(&session(folder, &["types"], lines)));
}

#[test]
fn a_time_limit_counts_from_the_start_of_the_command() {
    let provider = types("call-frozen");
    // The limit ends the connecting, the opening or the call.
    let late = |arguments: &[&str]| {
        let answer = call(&provider.folder, &[&["--timeout", "100ms"], arguments].concat());
        assert_eq!((answer.status, answer.out.as_str()), (Some(1), ""), "{answer:?}");
        assert!(answer.error.ends_with("has not answered within 100ms\n"), "{answer:?}");
    };
    late(&["types.slow"]);
    let pid = provider.child.id();
    freeze(pid);
    late(&["types.nothing"]);
    late(&["-i", "types"]);
    let answer = call(&provider.folder, &["--timeout", "100ms", "--json", "types.nothing"]);
    assert!(answer.out.ends_with("\"name\":\"NO_ANSWER\"}\n"), "{answer:?}");
    signal(pid, rustix::process::Signal::CONT);
    assert_eq!(call(&provider.folder, &["types.nothing"]).status, Some(0));
}

#[test]
fn a_session_tells_that_a_provider_has_closed_a_resource() {
    let folder = Folder::new("call-closed");
    write_guide(&folder, &["thermometer.toit"]);
    folder.file(
        "house.toit",
        "import .thermometer\nimport .thermometer-provider\n\nclass House extends ThermometerProvider:\n  \
         measure room/string -> Reading: throw \"UNKNOWN_ROOM\"\n  follow room/string -> Feed: return Short\n\n\
         class Short implements Feed:\n  left_ := 2\n  next-reading -> Reading:\n    if left_-- == 0: throw \"OFF\"\n    \
         return Reading 1.5\n  close -> none:\n\nmain: (House).install\n",
    );
    let provider = listening(folder, "house.toit");
    let reading = "{\"celsius\":1.5,\"humidity\":null}\n";
    let answer = session(&provider.folder, &["thermometer"], "follow attic\n:wait $1\n$1.close\n");
    let expected =
        format!("$1 is a Feed\n$1: {reading}$1: {reading}$1 has ended: the provider has closed it\n");
    assert_eq!((answer.status, answer.out, answer.error), (Some(0), expected, String::new()));
}

#[test]
fn a_resource_that_has_ended_is_not_offered_any_more() {
    let folder = Folder::new("call-ended");
    folder.file(
        "lamps.toit",
        "/** @service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d79 1.0 */\ninterface Lamps:\n  lamp -> Lamp\n  \
         switch -> Switch\n  bulb -> Bulb\n  break-all -> none\n\n/** @resource */\ninterface Lamp:\n  watts -> int\n  \
         /** @close */\n  put-down -> none\n\n/** @resource */\ninterface Switch:\n  is-on -> bool\n  \
         /** @notification */\n  on-press callback/Lambda -> none\n\n/** @resource */\ninterface Bulb:\n",
    );
    folder.file(
        "lamps-server.toit",
        "import .lamps\nimport .lamps-provider\n\nclass Lamps_ extends LampsProvider:\n  objects_ ::= []\n\n  \
         lamp -> Lamp:\n    objects_.add Lamp_\n    return objects_.last\n\n  \
         switch -> Switch:\n    objects_.add Switch_\n    return objects_.last\n\n  \
         bulb -> Bulb: return Bulb_\n\n  \
         break-all -> none: objects_.do: end-resource it\n\n\
         class Bulb_ implements Bulb:\n\n\
         class Lamp_ implements Lamp:\n  watts -> int: return 5\n  put-down -> none:\n\n\
         class Switch_ implements Switch:\n  is-on -> bool: return true\n  on-press callback/Lambda -> none:\n\n\
         main: (Lamps_).install\n",
    );
    assert_eq!(folder.lucarne(&["interface", "generate", "--toit", "lamps.toit"]).status, Some(0));
    let provider = listening(folder, "lamps-server.toit");
    let lines = "\
lamp
switch
lamp
$1.watts
$1.put-down
$1.watts
break-all
:wait $2
$2.is-on
$2
$3.watts
$3.watts
$4
lamp
$5
$3.put-down
$3.watts
bulb
$6
$6.turn
:frobnicate
:wait 0s
lamp [
";
    insta::assert_snapshot!(shown(&session(&provider.folder, &["lamps"], lines)));
    // Those that have ended make room.
    let many =
        ["lamp\n".repeat(300), "break-all\n".to_owned(), "$1.watts\nlamp\n$2.watts\n".to_owned()].concat();
    let answer = session(&provider.folder, &["lamps"], &many);
    let error = "error: 256 resources are open: close some of them first\n".repeat(44);
    let ended =
        [1, 2].map(|number| format!("error: ${number} has ended: the provider has closed it\n")).concat();
    assert_eq!(answer.error, error + &ended);
    assert!(answer.out.ends_with("$257 is a Lamp\n"), "{answer:?}");
    let answer = session(&provider.folder, &["--json", "lamps"], "lamp\nbreak-all\n$1.watts\n$1.watts\n");
    insta::assert_snapshot!(shown(&answer));
}

#[test]
fn null_is_the_last_notification() {
    let folder = Folder::new("call-null");
    folder.file(
        "lines.toit",
        "/** @service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d78 1.0 */\ninterface Lines:\n  read -> Reader\n\n/** @resource */\n\
         interface Reader:\n  /** @next */\n  next-line -> string?\n",
    );
    folder.file(
        "lines-server.toit",
        "import .lines\nimport .lines-provider\n\nclass Lines_ extends LinesProvider:\n  constructor: super \"lines\"\n  \
         read -> Reader: return Three\n\nclass Three implements Reader:\n  left_ := 3\n  \
         next-line -> string?: return left_-- > 0 ? \"line\" : null\n\nmain: (Lines_).install\n",
    );
    assert_eq!(folder.lucarne(&["interface", "generate", "--toit", "lines.toit"]).status, Some(0));
    let provider = listening(folder, "lines-server.toit");
    let answer = session(&provider.folder, &["lines"], "read\n:wait $1\n");
    let expected = "$1 is a Reader\n$1: \"line\"\n$1: \"line\"\n$1: \"line\"\n$1: null\n\
                    $1 has ended: the provider has closed it\n";
    assert_eq!((answer.status, &*answer.out, &*answer.error), (Some(0), expected, ""));
    let answer = session(&provider.folder, &["lines"], "read\n:wait $1 4\n:wait $1 99\n");
    assert_eq!(answer.error, "error: $1 has ended after 4 notifications: the provider has closed it\n");
    assert_eq!(answer.status, Some(1));
    let answer = session(&provider.folder, &["--json", "lines"], "read\n:wait $1\n$1.next\n");
    let last = answer.out.lines().find(|line| line.contains("\"ended\"")).unwrap_or_default();
    assert!(last.contains("\"name\":\"RESOURCE_CLOSED\""), "{answer:?}");
}

#[test]
fn a_session_outlives_its_provider() {
    let folder = Folder::new("call-death");
    write_guide(&folder, HOUSE);
    let (system, listener) = provider_in_rust(&folder);
    let mut command = folder.command(&["call", "--connect", SOCKET, "-i", "thermometer"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"follow kitchen\n:wait $1 2\n").expect("it reads");
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = String::new();
    while lines.lines().count() < 3 {
        assert!(std::io::BufRead::read_line(&mut out, &mut lines).expect("it prints") > 0, "{lines}");
    }
    drop((system, listener));
    input.write_all(b":wait $1\nmeasure kitchen\n").expect("it still reads");
    drop(input);
    std::io::Read::read_to_string(&mut out, &mut lines).expect("it prints");
    assert!(lines.ends_with("$1 has ended: the provider has ended\n"), "{lines}");
    let output = child.wait_with_output().expect("it ends with its input");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: the provider has ended\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_provider_written_by_hand_is_called_with_a_definition() {
    let folder = Folder::new("call-hand");
    for name in ["exchange.toit", "hand.toit", "hand-server.toit"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interface").join(name);
        folder.file(name, std::fs::read(path).expect("the file exists"));
    }
    assert_eq!(folder.lucarne(&["interface", "generate", "exchange.toit"]).status, Some(0));
    let provider = listening(folder, "hand-server.toit");
    let folder = &provider.folder;
    let refused = "lucarne: the provider 'hand/exchange' does not carry its definition, as generated providers do: pass it \
                   with '--definition FILE'\n";
    let answer = call(folder, &["hand/exchange.join"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), refused));
    let answer = folder.lucarne(&["interface", "show", "--connect", SOCKET, "hand/exchange"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(1), ""), "{answer:?}");
    let lines = "join\njoin\n$1.send \"from 1\"\n:wait $2 1\n";
    let answer = session(folder, &["--definition", "exchange.toit", "hand/exchange"], lines);
    let expected = "$1 is a Guest\n$2 is a Guest\n$2: \"from 1\"\n";
    assert_eq!((answer.status, answer.out.as_str(), answer.error.as_str()), (Some(0), expected, ""));
}

#[test]
fn providers_that_cannot_be_called_are_refused_with_a_reason() {
    let folder = Folder::new("call-refused");
    folder.file(
        "several.toit",
        "import system.services show ServiceHandler ServiceProvider ServiceSelector\n\n\
         class Some extends ServiceProvider implements ServiceHandler:\n  definition_/any\n\n  \
         constructor name/string digit/string .definition_=null --priority/int=128:\n    super name --major=1 --minor=0\n    \
         uuid := \"7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d8$digit\"\n    \
         provides (ServiceSelector --uuid=uuid --major=1 --minor=0) --handler=this --priority=priority\n\n  \
         handle index/int arguments/any --gid/int --client/int -> any:\n    \
         if index == -1 and definition_: return definition_\n    throw \"UNKNOWN\"\n\n\
         main:\n  (Some \"twin\" \"0\").install\n  (Some \"twin\" \"1\").install\n  (Some \"left\" \"2\").install\n  \
         (Some \"right\" \"2\").install\n  (Some \"same\" \"3\").install\n  (Some \"same\" \"3\").install\n  \
         (Some --priority=100 \"same\" \"3\").install\n  (Some \"damaged\" \"4\" #[1, 2, 3]).install\n  (Some \"text\" \"5\" \"text\").install\n",
    );
    let provider = listening(folder, "several.toit");
    let folder = &provider.folder;
    let mut text = String::new();
    for name in ["twin", "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d82", "same", "damaged", "text", "left"] {
        let answer = call(folder, &[&format!("{name}.method")]);
        assert_eq!(answer.out, "", "{name}");
        // Pids differ.
        let parts = answer.error.split("of process ").enumerate();
        let error: Vec<&str> = parts
            .map(|(at, part)| if at == 0 { part } else { part.trim_start_matches(char::is_numeric) })
            .collect();
        text += &format!(
            "$ lucarne call {name}.method\n{}exit {}\n",
            error.join("of process N"),
            answer.status.unwrap_or(-1)
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn text_of_a_provider_cannot_move_the_cursor() {
    let folder = Folder::new("call-escape");
    let text = "/**\n\u{1b}[2J\n@service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d77 1.0\n*/\ninterface Odd:\n  fail -> none\n";
    folder.file("odd.toit", text);
    folder.file(
        "odd-server.toit",
        "import .odd-provider\n\nclass Odd extends OddProvider:\n  constructor: super \"odd\\x1b[2J\"\n  \
         fail -> none: throw \"\\x1b[2J\"\n\nmain: (Odd).install\n",
    );
    assert_eq!(folder.lucarne(&["interface", "generate", "--toit", "odd.toit"]).status, Some(0));
    let provider = listening(folder, "odd-server.toit");
    let folder = &provider.folder;
    let uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d77";
    let answers = [
        call(folder, &["odd.fail"]),
        call(folder, &[&format!("{uuid}.fail")]),
        call(folder, &[&format!("{uuid}.file")]),
        session(folder, &[uuid], "fail\n:help\n"),
        folder.lucarne(&["interface", "show", "--connect", SOCKET, uuid]),
    ];
    for answer in answers {
        let text = answer.out + &answer.error;
        assert!(!text.is_empty() && !text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn providers_on_a_device_are_called_and_their_methods_are_counted() {
    let device = Device::started("call-device");
    write_guide(&device.folder, HOUSE);
    device.install(&["house", "house.toit"]);
    let reading = "{\"celsius\":21.5,\"humidity\":null}\n";
    assert_eq!(device.good(&["call", "thermometer.measure", "kitchen"]), reading);
    assert_eq!(
        device.bad(&["call", "thermometer.measure", "attic"], 1),
        "lucarne: thermometer.measure: UNKNOWN_ROOM\n"
    );
    let of_file = device.good(&["interface", "show", "thermometer.toit"]);
    assert_eq!(device.good(&["interface", "show", "thermometer"]), of_file);
    assert!(
        device
            .bad(&["call", "-d", "other", "thermometer.measure", "kitchen"], 2)
            .contains("no device 'other'")
    );

    // A command has no permissions of its own, so it does not see what is guarded.
    let refused = device.bad(&["call", "358ee529-45a4-409e-8fab-7a28f71e5c51.list"], 2);
    assert!(refused.starts_with("lucarne: no provider '358ee529"), "{refused}");

    // Calls are counted by method while they are observed.
    let mut observing = device.command(&["services", "thermometer", "--for", "2s", "--json"]);
    let observing = observing.stdout(Stdio::piped()).spawn().expect("the binary starts");
    let until = Instant::now() + Duration::from_millis(1_900);
    while Instant::now() < until {
        device.answer(&["call", "thermometer.measure", "attic"]);
        device.good(&["call", "thermometer.measure", "kitchen"]);
    }
    let output = observing.wait_with_output().expect("it ends by itself");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    let [service] = &json["services"].as_array().expect("a list")[..] else { panic!("{json}") };
    assert_eq!(service["service"]["name"], "thermometer");
    let [measure, follow] = &service["methods"].as_array().expect("a list")[..] else { panic!("{json}") };
    assert_eq!((&measure["name"], &follow["name"]), (&"measure".into(), &"follow".into()));
    let number = |key: &str| measure["sample"][key].as_u64().expect("a number");
    assert!(number("calls") >= 2 && number("errors") >= 1 && number("calls") > number("errors"), "{json}");
    assert!(number("p50_ns") <= number("max_ns"), "{json}");
    assert_eq!(follow["sample"]["calls"], 0);

    let table = device.good(&["services", "thermometer", "--for", "100ms"]);
    let last: Vec<&str> = table.lines().rev().take(3).collect();
    assert!(last[2].starts_with("INDEX") && last[1].contains("0       measure"), "{table}");
    assert!(last[0].starts_with("1       follow    0"), "{table}");
    assert!(
        device.bad(&["services", "thermometr", "--for", "100ms"], 2).contains("did you mean 'thermometer'?")
    );

    let complete = |words: &[&str]| completed(device.command(&["--"]), words);
    assert!(complete(&["lucarne", "call", "therm"]).contains(&"thermometer.".to_owned()));
    assert_eq!(complete(&["lucarne", "call", "thermometer.m"]), ["thermometer.measure"]);
    assert!(complete(&["lucarne", "services", ""]).contains(&"thermometer".to_owned()));
}
