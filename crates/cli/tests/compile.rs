//! `lucarne compile`, `lucarne decode`, and programs that are not in files.

mod common;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, Write};
use std::os::unix::fs::FileExt;
use std::process::{Command, Output, Stdio};

use common::Folder;

const PROGRAM: &str = "\
import .more

main args:
  print \"args: $args\"
  if not args.is-empty: (Thing).fail
  exit 3
";

const MORE: &str = "\
class Thing:
  fail: [1].do: throw \"FAILED\"
";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("app.toit", PROGRAM).file("more.toit", MORE);
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn execute(folder: &Folder, file: &str, arguments: &[&str]) -> Output {
    // The folder is another one: the program must need nothing from there.
    Command::new(folder.path(file)).args(arguments).current_dir("/").output().expect("it is executable")
}

#[test]
fn an_executable_needs_nothing_else() {
    let folder = folder("compile-executable");
    let compiled = folder.lucarne(&["compile", "app.toit"]);
    assert_eq!((compiled.status, &*compiled.out, &*compiled.error), (Some(0), "", ""));
    for source in ["app.toit", "more.toit"] {
        fs::rename(folder.path(source), folder.path(&format!("{source}.moved"))).expect("it was there");
    }
    let output = execute(&folder, "app", &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), "args: []\n".to_owned()));
    // All arguments are those of the program, also those that lucarne would take.
    let output = execute(&folder, "app", &["run", "--help"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "args: [run, --help]\n");
    let error = text(&output.stderr);
    assert!(error.starts_with("EXCEPTION error.\nFAILED\n  0: Thing.fail.<block>"), "{error}");
    assert!(error.contains("more.toit:2:17"), "{error}");

    for source in ["app.toit", "more.toit"] {
        fs::rename(folder.path(&format!("{source}.moved")), folder.path(source)).expect("it was there");
    }
    damaged_executables_say_so(&folder);
}

/// An executable that has lost its program, or a part of it, does not act as lucarne.
fn damaged_executables_say_so(folder: &Folder) {
    assert_eq!(folder.lucarne(&["compile", "--snapshot", "-o", "snapshot", "app.toit"]).status, Some(0));
    let program = fs::metadata(folder.path("snapshot")).expect("it was written").len();
    let length = fs::metadata(folder.path("app")).expect("it was written").len();
    let changed = |place: u64| {
        let app = OpenOptions::new().write(true).open(folder.path("app")).expect("it can be written");
        app.write_at(b"?", place).expect("it can be written");
    };
    let shortened = |length: u64| {
        let app = OpenOptions::new().write(true).open(folder.path("app")).expect("it can be written");
        app.set_len(length).expect("it can be cut");
    };
    // The length of the program, then the program; a part of the end, of the program, and exactly all that follows the binary.
    let damages: [(&str, &dyn Fn()); 5] = [
        ("the length", &|| changed(length - 24)),
        ("the program", &|| changed(length - 24 - program / 2)),
        ("a part of the end", &|| shortened(length - 7)),
        ("a part of the program", &|| shortened(length - 24 - program / 2)),
        ("the whole program", &|| shortened(length - 24 - program)),
    ];
    for (what, damage) in damages {
        damage();
        let output = execute(folder, "app", &["--version"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()), "{what}");
        let error = text(&output.stderr);
        assert!(error.contains("the program in this executable is damaged"), "{what}: {error}");
    }
    let answer = folder.lucarne(&["run", "app"]);
    assert!(answer.status == Some(1) && answer.error.contains("has lost its program"), "{answer:?}");
}

#[test]
fn a_stripped_snapshot_has_traces_that_can_be_decoded() {
    let folder = folder("compile-strip");
    let good = |arguments: &[&str]| {
        let answer = folder.lucarne(arguments);
        assert_eq!((answer.status, &*answer.out, &*answer.error), (Some(0), "", ""), "{arguments:?}");
    };
    good(&["compile", "--snapshot", "app.toit"]);
    good(&["compile", "--snapshot", "app.toit", "-o", "again"]);
    good(&["compile", "--snapshot", "--strip", "app.toit", "-o", "stripped"]);
    let bytes = |name: &str| fs::read(folder.path(name)).expect("it was written");
    assert_eq!(bytes("app.snapshot"), bytes("again"), "the same source makes the same bytes");
    assert!(bytes("stripped").len() < bytes("again").len());

    let full = folder.lucarne(&["run", "app.snapshot", "x"]);
    let stripped = folder.lucarne(&["run", "stripped", "x"]);
    assert_eq!((full.status, &full.out), (stripped.status, &stripped.out));
    assert_eq!(full.status, Some(1));
    assert!(!stripped.error.contains("Thing") && !stripped.error.contains(".toit"), "{}", stripped.error);
    folder.file("trace", &*stripped.error);
    let decoded = folder.lucarne(&["decode", "app.snapshot", "trace"]);
    assert_eq!((decoded.status, &decoded.out), (Some(0), &full.error));

    // Text without a trace of this program is passed on, and the status says so.
    folder.file("other", "EXCEPTION error.\n  0: 00000000+12\n");
    let other = folder.lucarne(&["decode", "app.snapshot", "other"]);
    assert_eq!((other.status, &*other.out), (Some(1), "EXCEPTION error.\n  0: 00000000+12\n"));
    assert!(other.error.contains("the text has no trace of this program"), "{other:?}");
    // In a log, each line begins with more, and comes as it is written.
    let logged: String = stripped.error.lines().map(|line| format!("12:00:00 [app] {line}\n")).collect();
    let mut child = folder.command(&["decode", "app.snapshot"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(logged.as_bytes()).and_then(|()| input.write_all(b"more\n")).expect("it reads");
    let mut lines = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
    for expected in full.error.lines() {
        let line = lines.next().expect("it prints").expect("it is text");
        assert_eq!(line, format!("12:00:00 [app] {expected}"));
    }
    assert_eq!(lines.next().expect("it prints").expect("it is text"), "more");
    drop(input);
    assert_eq!(child.wait().expect("it ends with its input").code(), Some(0));
    let stripped = folder.lucarne(&["decode", "stripped", "trace"]);
    assert_eq!(stripped.status, Some(2));
    assert!(stripped.error.contains("stripped is stripped itself"), "{stripped:?}");
}

#[test]
fn mistakes_lose_nothing() {
    let folder = folder("compile-mistakes");
    folder.file("wrong.toit", "main: pint 5\n");
    fs::create_dir(folder.path("sub")).expect("it is new");
    assert_eq!(folder.lucarne(&["compile", "--snapshot", "app.toit", "-o", "old"]).status, Some(0));
    let old = fs::read(folder.path("old")).expect("it was written");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path("pipe"), mode).expect("it is new");
    for (arguments, status, message) in [
        (&["compile", "absent.toit"][..], 2, "cannot read absent.toit"),
        (&["compile", "app.toit", "-o", "app.toit"], 2, "app.toit would be a source"),
        (&["compile", "app.toit", "-o", "sub"], 2, "sub is a folder"),
        (&["compile", "app.toit", "-o", "-"], 2, "not to standard output"),
        (&["compile", "app.toit", "-o", "pipe"], 1, "cannot write pipe: it is not a regular file"),
        (&["compile", "--snapshot", "app.toit", "-o", "pipe"], 1, "cannot write pipe"),
        (&["compile", "app.toit", "-o", "none/app"], 1, "cannot write none/app"),
        (&["compile", "wrong.toit", "-o", "old"], 1, "wrong.toit:1:7"),
        (&["compile", "sub"], 2, "sub is a folder, not a program"),
        (&["decode", "app.toit"], 2, "app.toit is not a compiled program"),
    ] {
        let answer = folder.lucarne(arguments);
        assert_eq!((answer.status, &*answer.out), (Some(status), ""), "{arguments:?}: {answer:?}");
        assert!(answer.error.contains(message), "{arguments:?}: {answer:?}");
    }
    assert_eq!(fs::read(folder.path("old")).expect("it is there"), old);
    assert_eq!(fs::read_to_string(folder.path("app.toit")).expect("it is there"), PROGRAM);

    // Damage anywhere is noticed.
    for place in [20, old.len() / 2, old.len() - 1] {
        let mut damaged = old.clone();
        damaged[place] ^= 0x20;
        folder.file("damaged", damaged);
        let answer = folder.lucarne(&["run", "damaged"]);
        assert_eq!((answer.status, &*answer.out), (Some(1), ""), "{place}: {answer:?}");
        assert!(answer.error.contains("damaged was compiled by another version of lucarne"), "{answer:?}");
    }
}

#[test]
fn programs_come_from_the_command_line_and_from_standard_input() {
    let folder = folder("compile-text");
    for (arguments, input, status, out, error) in [
        (&["run", "-e", "print 6 * 7"][..], "", 0, "42\n", ""),
        (
            &["run", "-e", "import math\nprint math.PI > 3\nprint args", "a", "--b"],
            "",
            0,
            "true\n[a, --b]\n",
            "",
        ),
        (&["run", "-e", "(Thing)"], "", 1, "", "-e:2:4"),
        (&["run", "-e", "import .more\ncatch: (Thing).fail\nprint 1"], "", 0, "1\n", ""),
        (&["run", "-", "x"], "main args: print args\n", 0, "[x]\n", ""),
        (&["run", "-"], "import .more\nmain: print 1 +\n", 1, "", "-:2:"),
        (&["run", "-"], "", 1, "", "main"),
        (&["run", "--device", "d", "-"], "", 2, "", "a program for a device is a file"),
        (&["run"], "", 2, "", "FILE"),
    ] {
        let answer = folder.lucarne_with(arguments, input);
        assert_eq!((answer.status, &*answer.out), (Some(status), out), "{arguments:?}: {answer:?}");
        let shown = answer.error;
        assert!(shown.contains(error) && shown.is_empty() == error.is_empty(), "{arguments:?}: {shown}");
    }
}
