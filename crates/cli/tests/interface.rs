//! Tests of `lucarne interface`: generated code is checked and run, with programs that use it.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{Answer, Folder};

/// Returns the text of a file beside this one.
fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interface").join(name);
    std::fs::read_to_string(path).expect("the file exists")
}

/// Returns a folder with files from beside this one.
fn folder(test: &str, names: &[&str]) -> Folder {
    let folder = Folder::new(&format!("interface-{test}"));
    for name in names {
        folder.file(name, file(name));
    }
    folder
}

fn succeeds(folder: &Folder, arguments: &[&str]) -> Answer {
    let answer = folder.lucarne(arguments);
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), ""), "{arguments:?}: {answer:?}");
    answer
}

/// Runs a program, with garbage collections at each allocation and without, and compares its output with the comments in
/// it.
fn runs(folder: &Folder, program: &str) {
    for options in [&["run"][..], &["run", "--workers", "1"], &["run", "--gc-stress"]] {
        let answer = folder.lucarne(&[options, &[program]].concat());
        let text = folder.read(program);
        let lines = |mark: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect()
        };
        let errors = lines("// expect error: ");
        let is_expected = errors.iter().all(|error| answer.error.contains(error))
            && answer.error.is_empty() == errors.is_empty();
        assert!(answer.status == Some(0) && is_expected, "{program} {options:?}: {answer:?}");
        let (expected, sometime) = (lines("// expect: "), lines("// expect sometime: "));
        let (some, ordered): (Vec<&str>, Vec<&str>) =
            answer.out.lines().partition(|line| sometime.iter().any(|some| some == line));
        assert_eq!(ordered, expected, "{program} {options:?}");
        assert_eq!(some.len(), sometime.len(), "{program} {options:?}: {}", answer.out);
    }
}

const EXCHANGE: &[&str] = &[
    "exchange.toit",
    "exchange-server.toit",
    "exchange-guest.toit",
    "exchange-ends.toit",
    "exchange-spawn.toit",
    "exchange-talk.toit",
    "hand.toit",
    "hand-and-generated.toit",
];

#[test]
fn a_program_of_one_container_becomes_a_service() {
    let folder = folder("exchange", EXCHANGE);
    let answer = succeeds(&folder, &["interface", "generate", "--toit", "exchange.toit"]);
    let files = ["exchange.index", "exchange-service.toit", "exchange-provider.toit", "exchange-client.toit"];
    assert_eq!(answer.out.lines().collect::<Vec<_>>(), files);
    assert!(folder.read("exchange.index").ends_with("0 join\n1 Guest.send\n"));
    for name in EXCHANGE.iter().chain(&files[1..]) {
        succeeds(&folder, &["check", "--deny-warnings", name]);
    }
    runs(&folder, "exchange-spawn.toit");
    runs(&folder, "hand-and-generated.toit");
    runs(&folder, "exchange-ends.toit");
}

const TYPES: &[&str] = &["types.toit", "types-server.toit", "types-talk.toit", "types-test.toit"];

#[test]
fn all_types_travel() {
    let folder = folder("types", TYPES);
    succeeds(&folder, &["interface", "generate", "--toit", "types.toit"]);
    for name in TYPES.iter().chain(&["types-service.toit", "types-provider.toit", "types-client.toit"]) {
        succeeds(&folder, &["check", "--deny-warnings", name]);
    }
    runs(&folder, "types-test.toit");
}

#[test]
fn clients_with_a_lambda_learn_of_the_end() {
    let folder = folder("doorbell", &["doorbell.toit", "doorbell-ends.toit"]);
    succeeds(&folder, &["interface", "generate", "--toit", "doorbell.toit"]);
    for name in ["doorbell-client.toit", "doorbell-provider.toit", "doorbell-ends.toit"] {
        succeeds(&folder, &["check", "--deny-warnings", name]);
    }
    runs(&folder, "doorbell-ends.toit");
}

#[test]
fn names_and_types_may_be_unusual() {
    for name in ["names", "forms"] {
        let definition = format!("{name}.toit");
        let folder = folder(name, &[&definition]);
        succeeds(&folder, &["interface", "generate", "--toit", &definition]);
        for part in ["", "-service", "-provider", "-client"] {
            succeeds(&folder, &["check", "--deny-warnings", &format!("{name}{part}.toit")]);
        }
    }
}

#[test]
fn all_types_travel_between_os_processes() {
    let folder = folder("processes", TYPES);
    succeeds(&folder, &["interface", "generate", "--toit", "types.toit"]);
    std::fs::create_dir(folder.path("own")).expect("the folder is new");
    std::fs::set_permissions(folder.path("own"), std::fs::Permissions::from_mode(0o700))
        .expect("it is this user's");
    let mut server = folder.command(&["run", "--listen", "own/socket", "types-server.toit"]);
    let mut server = server.spawn().expect("the binary starts");
    let until = Instant::now() + Duration::from_secs(60);
    while !folder.path("own/socket").exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let answer = folder.lucarne(&["run", "--connect", "own/socket", "types-talk.toit"]);
    server.kill().expect("it runs until it is killed");
    server.wait().expect("it was started here");
    let expected = folder.read("types-test.toit");
    let expected: Vec<&str> = expected.lines().filter_map(|line| line.strip_prefix("// expect: ")).collect();
    assert_eq!(answer.out.lines().collect::<Vec<_>>(), expected, "{answer:?}");
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), ""));
}

#[test]
fn files_are_made_in_another_folder_and_kept_up_to_date() {
    let folder = Folder::new("interface-folders");
    folder.file("src/exchange.toit", file("exchange.toit"));
    let arguments = ["interface", "generate", "--toit", "-o", "made/toit", "src/exchange.toit"];
    let check = [&arguments[..], &["--check"]].concat();
    let answer = folder.lucarne(&check);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("src/exchange.index is not up to date\n"), "{answer:?}");
    assert!(answer.error.contains("made/toit/exchange-client.toit is not up to date\n"), "{answer:?}");
    assert!(
        answer.error.ends_with("run `lucarne interface generate --toit -o made/toit src/exchange.toit`\n"),
        "{answer:?}"
    );
    assert!(!folder.path("made").exists() && !folder.path("src/exchange.index").exists());
    assert_eq!(succeeds(&folder, &arguments).out.lines().count(), 4);
    assert!(
        folder.read("made/toit/exchange-client.toit").contains("import ...src.exchange as definition_\n")
    );
    succeeds(&folder, &["check", "--deny-warnings", "made/toit/exchange-client.toit"]);
    assert_eq!(succeeds(&folder, &arguments).out, "", "nothing has changed");
    succeeds(&folder, &check);
    folder.file("src/exchange.toit", file("exchange.toit").replace("Joins", "Enters"));
    assert_eq!(folder.lucarne(&check).error.matches("is not up to date").count(), 3);
    assert_eq!(succeeds(&folder, &arguments).out.lines().count(), 3);
}

#[test]
fn indexes_are_kept_without_code() {
    let folder = folder("indexes", &["exchange.toit"]);
    let answer = succeeds(&folder, &["interface", "generate", "exchange.toit"]);
    assert_eq!(answer.out, "exchange.index\n");
    succeeds(&folder, &["interface", "generate", "--check", "exchange.toit"]);
    // Another order of methods changes nothing.
    folder.file("exchange.index", "service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d01\n7 join\n3 Guest.send\n");
    assert_eq!(folder.lucarne(&["interface", "generate", "--check", "exchange.toit"]).status, Some(1));
    succeeds(&folder, &["interface", "generate", "exchange.toit"]);
    assert!(folder.read("exchange.index").ends_with("3 Guest.send\n7 join\n"));
}

#[test]
fn files_of_a_killed_command_are_removed() {
    let folder = folder("killed", &["exchange.toit"]);
    folder.file(".lucarne-new-aaaaaa", "half").file("made/.lucarne-new-bbbbbb", "");
    succeeds(&folder, &["interface", "generate", "--c", "-o", "made", "exchange.toit"]);
    let names = |path: &str| {
        let entries = std::fs::read_dir(folder.path(path)).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().expect("UTF-8")).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names("."), ["exchange.index", "exchange.toit", "made"]);
    assert_eq!(names("made"), ["exchange.c", "exchange.h"]);
}

#[test]
fn other_files_are_never_replaced() {
    let folder = folder("own", &["exchange.toit"]);
    folder.file("exchange-client.toit", "// Mine.\n");
    let answer = folder.lucarne(&["interface", "generate", "--toit", "exchange.toit"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("exchange-client.toit was not made by this command"), "{answer:?}");
    assert_eq!(folder.read("exchange-client.toit"), "// Mine.\n");
    assert!(!folder.path("exchange-service.toit").exists() && !folder.path("exchange.index").exists());
    folder.file("empty/exchange-client.toit", "");
    succeeds(&folder, &["interface", "generate", "--toit", "-o", "empty", "exchange.toit"]);
}

#[test]
fn c_is_made_in_another_folder_and_kept_up_to_date() {
    let folder = folder("c", &["exchange.toit"]);
    let arguments = ["interface", "generate", "--c", "-o", "made", "exchange.toit"];
    let check = [&arguments[..], &["--check"]].concat();
    assert_eq!(folder.lucarne(&check).status, Some(1));
    let answer = succeeds(&folder, &arguments);
    assert_eq!(answer.out, "exchange.index\nmade/exchange.h\nmade/exchange.c\n");
    succeeds(&folder, &check);
    // Files that were made before are replaced, others are not.
    let changed = folder.read("made/exchange.c").replace("exchange_join", "exchange_enter");
    folder.file("made/exchange.c", changed);
    let answer = folder.lucarne(&check);
    assert_eq!(answer.status, Some(1));
    let advice = "run `lucarne interface generate --c -o made exchange.toit`\n";
    assert_eq!(answer.error, format!("made/exchange.c is not up to date\n{advice}"));
    assert_eq!(succeeds(&folder, &arguments).out, "made/exchange.c\n");
    folder.file("made/exchange.h", "/* Mine. */\n");
    let answer = folder.lucarne(&arguments);
    assert!(answer.error.contains("made/exchange.h was not made by this command"), "{answer:?}");
    let words = ["lucarne", "interface", "generate", "--c"];
    let options = common::completed(folder.command(&["--"]), &words);
    assert!(options.iter().any(|option| option == "--c"), "{options:?}");
}

#[test]
fn mistakes_are_reported() {
    let folder = Folder::new("interface-mistakes");
    folder
        .file("wrong.toit", "/** @servic 1 */\ninterface Wrong:\n")
        .file("a\"\n.toit", file("exchange.toit"))
        .file("no name.toit", file("exchange.toit"));
    let answer = folder.lucarne(&["interface", "generate", "--toit", "wrong.toit"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("wrong.toit:1:5") && answer.error.contains("`@service`"), "{answer:?}");
    for (arguments, expected) in [
        (&["generate"][..], "FILE"),
        (&["generate", "--toit", "--rust", "wrong.toit"], "cannot be used with"),
        (&["generate", "--toit", "absent.toit"], "cannot read absent.toit"),
        (&["generate", "--toit", "no name.toit"], "cannot import no name.toit"),
        (&["generate", "--c", "a\"\n.toit"], "\"a\\\"\\n.toit\" cannot name a definition"),
    ] {
        let answer = folder.lucarne(&[&["interface"], arguments].concat());
        assert_eq!(answer.status, Some(2), "{arguments:?}: {answer:?}");
        assert!(answer.error.contains(expected), "{arguments:?}: {answer:?}");
    }
}

/// With `--json`, each outcome of a check is an object.
#[test]
fn failed_checks_are_objects_with_json() {
    let folder = Folder::new("interface-check-json");
    folder
        .file("right.toit", service("1.0", "  a -> int\n"))
        .file("wrong.toit", "/** @servic 1 */\ninterface Wrong:\n");
    for (old, new, status, error) in [
        ("right.toit", "absent.toit", 2, "cannot read absent.toit"),
        ("absent.toit", "right.toit", 2, "absent"),
        ("right.toit", "wrong.toit", 1, "a definition has errors"),
    ] {
        let answer = folder.lucarne(&["interface", "check", "--json", old, new]);
        assert_eq!(answer.status, Some(status), "{answer:?}");
        let json: serde_json::Value = serde_json::from_str(&answer.out).expect("it is JSON");
        assert!(json["error"].as_str().is_some_and(|text| text.contains(error)), "{answer:?}");
        if new == "wrong.toit" {
            assert_eq!(json["diagnostics"][0]["line"], 1, "{answer:?}");
        } else {
            assert_eq!(answer.error, "", "{answer:?}");
        }
    }
}

/// A definition with a version and methods.
fn service(version: &str, methods: &str) -> String {
    format!("/** @service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d03 {version} */\ninterface Example:\n{methods}")
}

#[test]
fn versions_are_checked() {
    let folder = Folder::new("interface-versions");
    folder.file("old/service.toit", service("1.0", "  a -> int\n  b -> int\n"));
    folder.file("old/service.index", "0 a\n1 b\n").file("service.index", "0 a\n1 b removed\n");
    let check = ["interface", "check", "old/service.toit", "service.toit"];

    folder.file("service.toit", service("1.0", "  a -> int\n"));
    let answer = folder.lucarne(&check);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""));
    assert_eq!(
        answer.out,
        "major: `b` was removed: old clients that call it fail\n  was old/service.toit:4:3\n\
         version 1.0 cannot stay: write 2.0\n"
    );
    folder.file("service.toit", service("2.0", "  a -> int\n"));
    let answer = succeeds(&folder, &check);
    assert!(answer.out.ends_with("version 2.0 is right after version 1.0\n"), "{answer:?}");

    folder.file("old/service.toit", service("1.3", "  a -> int\n")).file("old/service.index", "0 a\n");
    folder.file("service.toit", service("1.2", "  a -> int\n")).file("service.index", "0 a\n");
    let answer = folder.lucarne(&check);
    assert_eq!(
        (answer.status, &*answer.out),
        (
            Some(1),
            "error: the version was lowered from 1.3 to 1.2\n  service.toit:1:5 (was old/service.toit:1:5)\n\
             version 1.2 is wrong after version 1.3: write 1.3\n"
        )
    );
    let other = service("1.3", "  a -> int\n").replace("1d03", "1d04");
    folder.file("service.toit", other).file("service.index", "0 a\n");
    let answer = folder.lucarne(&check);
    assert_eq!(
        (answer.status, &*answer.out),
        (
            Some(1),
            "error: the UUID changed: old clients do not find the new service\n  \
             service.toit:1:5 (was old/service.toit:1:5)\n\
             the new definition is of another service: keep the UUID of the old one\n"
        )
    );
    folder.file("old/service.toit", service("1.0", "  a -> int\n  b -> int\n"));
    folder.file("old/service.index", "0 a\n1 b\n").file("service.index", "0 a\n1 b\n");
    folder.file("service.toit", service("1.0", "  a -> int\n  /** @since 0 */\n  c -> int\n  b -> int?\n"));
    let answer = folder.lucarne(&["interface", "check", "--json", "old/service.toit", "service.toit"]);
    assert_eq!(answer.status, Some(1));
    let json: serde_json::Value = serde_json::from_str(&answer.out).expect("the output is JSON");
    assert_eq!(
        (&json["right"], &json["write"], &json["level"]),
        (&false.into(), &"2.0".into(), &"major".into())
    );
    assert_eq!(json["changes"][0]["kind"], "result-type");
    assert_eq!(
        json["changes"][0]["old"],
        serde_json::json!({"file": "old/service.toit", "line": 4, "column": 3})
    );
    assert_eq!(
        (&json["changes"][1]["level"], &json["changes"][1]["new"]["line"]),
        (&"minor".into(), &5.into())
    );
    assert!(json["changes"][1]["old"].is_null());
}

#[test]
fn a_lost_index_file_is_noted() {
    let folder = Folder::new("interface-lost");
    folder.file("lost.toit", service("1.0", "  a -> int\n  b -> int\n"));
    succeeds(&folder, &["interface", "generate", "--toit", "lost.toit"]);
    std::fs::remove_file(folder.path("lost.index")).unwrap();
    folder.file("old/lost.toit", service("1.0", "  a -> int\n  b -> int\n"));
    let note = |file: &str| {
        format!(
            "note: {file} is missing or empty: the methods are numbered in their order, which may have been another before\n"
        )
    };
    let checked = folder.lucarne(&["interface", "check", "old/lost.toit", "lost.toit"]);
    assert_eq!((checked.status, checked.error), (Some(0), note("old/lost.index") + &note("lost.index")));
    let generated = folder.lucarne(&["interface", "generate", "--toit", "lost.toit"]);
    assert_eq!((generated.status, generated.error), (Some(0), note("lost.index")));
    // Now there is one.
    succeeds(&folder, &["interface", "generate", "--toit", "lost.toit"]);
    succeeds(&folder, &["interface", "show", "lost.toit"]);
    std::fs::remove_file(folder.path("lost.index")).unwrap();
    // Code in any language may have other indexes.
    for (generate, index) in [(&[][..], "lost.index"), (&["--c"], "lost.index"), (&["--rust"], "lost.index")]
    {
        let shown = folder.lucarne(&["interface", "show", "lost.toit"]);
        assert_eq!((shown.status, shown.error), (Some(0), note(index)));
        let answer = folder.lucarne(&[&["interface", "generate", "lost.toit"], generate].concat());
        assert_eq!((answer.status, answer.error), (Some(0), note(index)), "{generate:?}");
        std::fs::remove_file(folder.path(index)).unwrap();
    }
    // So may code in the folder of the option.
    for (part, language) in [("provider.toit", "--toit"), ("made.h", "--c"), ("made.rs", "--rust")] {
        folder.file("other/made.toit", service("1.0", "  a -> int\n"));
        succeeds(&folder, &["interface", "generate", language, "-o", part, "other/made.toit"]);
        std::fs::remove_file(folder.path("other/made.index")).unwrap();
        let answer = folder.lucarne(&["interface", "generate", "-o", part, "other/made.toit"]);
        assert_eq!((answer.status, answer.error), (Some(0), note("other/made.index")), "{part}");
        std::fs::remove_file(folder.path("other/made.index")).unwrap();
    }
    // Other files with such names say nothing.
    folder.file("hand.toit", service("1.0", "  a -> int\n")).file("hand.rs", "// Mine.\n").file("hand.c", "");
    succeeds(&folder, &["interface", "generate", "hand.toit"]);
    // Indexes in directives need none.
    folder.file("fixed.toit", service("1.0", "  /** @index 3 */\n  a -> int\n"));
    succeeds(&folder, &["interface", "check", "fixed.toit", "fixed.toit"]);
}

#[test]
fn an_index_file_that_cannot_be_read_is_not_replaced() {
    let folder = Folder::new("interface-unreadable");
    folder.file("dir.toit", service("1.0", "  a -> int\n")).file("dir.index/x", "");
    folder.file("large.toit", service("1.0", "  a -> int\n"));
    let large = std::fs::File::create(folder.path("large.index")).unwrap();
    large.set_len(1 << 31).unwrap();
    folder
        .file("pipe.toit", service("1.0", "  a -> int\n"))
        .file("link.toit", service("1.0", "  a -> int\n"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path("pipe.index"), mode).expect("it is new");
    std::os::unix::fs::symlink("../elsewhere/link.index", folder.path("link.index")).expect("it is new");
    for command in [&["generate", "--c"][..], &["generate"], &["show"]] {
        for (name, expected) in [
            ("dir", "dir.index is a folder, but the file of this name keeps the indexes of the methods"),
            ("large", "cannot read large.index: it has more than"),
            ("pipe", "pipe.index is a pipe or a device, but the file of this name keeps"),
            ("link", "link.index is a link to a file that does not exist, but the file of this name keeps"),
        ] {
            let answer = folder.lucarne(&[&["interface"], command, &[&format!("{name}.toit")]].concat());
            assert_ne!(answer.status, Some(0), "{answer:?}");
            assert!(answer.error.starts_with(&format!("lucarne: {expected}")), "{answer:?}");
            assert!(!folder.path(&format!("{name}.h")).exists());
        }
    }
    assert_eq!(large.metadata().unwrap().len(), 1 << 31);
    assert!(folder.path("link.index").is_symlink());
    folder.file("plain.toit", service("1.0", "  a -> int\n"));
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path("plain.h"), mode).expect("it is new");
    let answer = folder.lucarne(&["interface", "generate", "--c", "plain.toit"]);
    let expected = "lucarne: plain.h was not made by this command";
    assert!(answer.status == Some(1) && answer.error.starts_with(expected), "{answer:?}");
}

#[test]
fn errors_in_generated_files_say_how_they_are_made_again() {
    let folder = Folder::new("interface-stale");
    folder.file("stale.toit", service("1.0", "  a -> int\n  b -> int\n"));
    succeeds(&folder, &["interface", "generate", "--toit", "stale.toit"]);
    folder.file("stale.toit", "interface Another:\n").file("main.toit", "import .stale-client\nmain:\n");
    let help = "= help: made from stale.toit: `lucarne interface generate --toit` makes it again\n";
    for command in [&["check", "main.toit"][..], &["run", "main.toit"], &["check", "stale-client.toit"]] {
        let answer = folder.lucarne(command);
        assert_eq!(answer.status, Some(1), "{answer:?}");
        // Once for each of the files at most.
        assert!((1..=2).contains(&answer.error.matches(help).count()), "{answer:?}");
    }
    // Errors in other files have other reasons.
    folder.file("mine.toit", "// Made by hand.\nmain:\n  no-such-function\n");
    let answer = folder.lucarne(&["check", "mine.toit"]);
    assert!(answer.status == Some(1) && !answer.error.contains("makes it again"), "{answer:?}");
}

#[test]
fn a_definition_is_not_renamed_without_its_index_file() {
    let folder = Folder::new("interface-renamed");
    folder.file("src/new.toit", service("1.0", "  b -> int\n  a -> int\n"));
    folder.file("src/old.index", "service 7F1F6F8E-4D2C-4C55-9F5A-5B0F8B3C1D03\n0 a\n1 b\n");
    folder.file("src/another.index", "service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d04\n0 a\n");
    let expected = "lucarne: src/old.index has the indexes of the service 7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d03, but \
                    src/old.toit is missing: if the definition was renamed, rename its index file, too, with \
                    `mv src/old.index src/new.index`; if not, remove src/old.index\n";
    for arguments in [&["--toit"][..], &["--check"], &[]] {
        let answer = folder.lucarne(&[&["interface", "generate", "src/new.toit"], arguments].concat());
        assert_eq!((answer.status, answer.out.as_str(), answer.error.as_str()), (Some(1), "", expected));
    }
    assert!(!folder.path("src/new.index").exists());
    folder.file("src/new one's.toit", folder.read("src/new.toit"));
    let answer = folder.lucarne(&["interface", "generate", "src/new one's.toit"]);
    assert!(answer.error.contains(r"`mv src/old.index 'src/new one'\''s.index'`"), "{answer:?}");
    std::fs::remove_file(folder.path("src/new one's.toit")).unwrap();
    std::fs::rename(folder.path("src/old.index"), folder.path("src/new.index")).unwrap();
    succeeds(&folder, &["interface", "generate", "src/new.toit"]);
    assert!(folder.read("src/new.index").ends_with("0 a\n1 b\n"));
    // A copy beside the definition is another one.
    folder.file("src/copy.toit", folder.read("src/new.toit"));
    succeeds(&folder, &["interface", "generate", "src/copy.toit"]);
    assert!(folder.read("src/copy.index").ends_with("0 b\n1 a\n"));
}

#[test]
fn versions_are_checked_against_revisions() {
    let folder = Folder::new("interface-revisions");
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=test", "-c", "user.email=test@example.com"]).args(arguments);
        let output = command.current_dir(folder.path(".")).output().expect("git is installed");
        assert!(output.status.success(), "{output:?}");
    };
    folder.file("app/service.toit", service("1.0", "  a x/int -> int\n")).file("app/service.index", "0 a\n");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["tag", "v1"]);
    folder.file("app/service.toit", service("1.1", "  b -> int\n  a x/int? -> int\n"));
    for revision in ["HEAD", "v1"] {
        let answer = succeeds(&folder, &["interface", "check", revision, "app/service.toit"]);
        assert!(answer.out.contains(&format!("(was {revision}:app/service.toit:3:5)")), "{answer:?}");
        assert!(answer.out.ends_with("version 1.1 is right after version 1.0\n"), "{answer:?}");
    }
    folder.file("app/other.toit", service("1.0", ""));
    for (arguments, expected) in [
        (["v2", "app/service.toit"], "v2 is neither a file nor a revision of git"),
        (["HEAD", "app/other.toit"], "app/other.toit is not in revision HEAD"),
        (["HEAD:app", "app/service.toit"], "app is not a file in revision HEAD"),
        (["HEAD:", "app/service.toit"], " is not a file in revision HEAD"),
        (
            ["HEAD:service.toit", "app/service.toit"],
            "service.toit is not in revision HEAD: the path is that from",
        ),
        (["HEAD:../app/service.toit", "app/service.toit"], "is not in revision HEAD"),
        ([":app/service.toit", "app/service.toit"], "revisions have a name"),
        (["-x:app/service.toit", "app/service.toit"], "unexpected argument"),
    ] {
        let answer = folder.lucarne(&[&["interface", "check"][..], &arguments].concat());
        assert_eq!(answer.status, Some(2), "{answer:?}");
        assert!(answer.error.contains(expected), "{answer:?}");
    }
}

#[test]
fn a_renamed_definition_is_checked_against_its_old_name() {
    let folder = Folder::new("interface-old-name");
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=test", "-c", "user.email=test@example.com"]).args(arguments);
        let output = command.current_dir(folder.path(".")).output().expect("git is installed");
        assert!(output.status.success(), "{output:?}");
    };
    // A file that it imports is found in the revision, too.
    let old = format!("import ..shared\nLIMIT ::= SHARED\n{}", service("1.0", "  a x/int -> int\n"));
    folder.file("shared.toit", "SHARED ::= 3\n");
    folder.file("app/heat.toit", old.clone()).file("app/heat.index", "0 a\n");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["mv", "app/heat.toit", "warmth.toit"]);
    git(&["mv", "app/heat.index", "warmth.index"]);
    let new = old.replace("..shared", ".shared").replace("  a x/", "  b y/int -> int\n  a x/");
    folder.file("warmth.toit", new).file("warmth.index", "0 a\n1 b\n");
    let check = |old: &str, new: &str| folder.lucarne(&["interface", "check", old, new]);
    let absent = check("HEAD", "warmth.toit");
    assert_eq!(absent.status, Some(2));
    assert!(
        absent.error.ends_with("warmth.toit is not in revision HEAD: if it had another name, write `HEAD:PATH` with the path that it had\n"),
        "{absent:?}"
    );
    let absolute = folder.path("warmth.toit");
    for (old, new) in [
        ("HEAD:app/heat.toit", "warmth.toit"),
        ("HEAD:./app/heat.toit", "./warmth.toit"),
        ("HEAD:app/heat.toit", absolute.to_str().unwrap()),
    ] {
        let answer = check(old, new);
        assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""), "{answer:?}");
        assert!(answer.out.starts_with("minor: `b` is new, with index 1"), "{answer:?}");
    }
    // The index file is missing in the revision only.
    git(&["add", "warmth.toit"]);
    git(&["rm", "-q", "-f", "--cached", "warmth.index"]);
    git(&["commit", "-q", "-m", "second"]);
    let note = check("HEAD", "warmth.toit").error;
    let expected = "note: in revision HEAD, warmth.index is missing or empty: the methods are numbered in their \
                    order, which may have been another before\n";
    assert_eq!(note, expected);
}

#[test]
fn definitions_are_described() {
    let folder = folder("show", &["exchange.toit"]);
    let answer = succeeds(&folder, &["interface", "show", "exchange.toit"]);
    assert!(answer.out.starts_with("service Exchange 0.1 7f1f6f8e-"), "{answer:?}");
    assert!(answer.out.contains("\n   1  send message/string -> none\n"), "{answer:?}");
    assert!(!folder.path("exchange.index").exists(), "nothing is written");
}

/// The files of the examples and of a benchmark are committed, so that programs import them.
#[test]
fn generated_files_of_the_examples_are_up_to_date() {
    let folder = Folder::new("interface-examples");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let examples = ["dice/random.toit", "house/climate.toit", "room/room.toit", "store/store.toit"]
        .map(|name| format!("examples/{name}"));
    for definition in examples.into_iter().chain(["benches/interface/echo.toit".to_owned()]) {
        let definition = format!("{root}/{definition}");
        succeeds(&folder, &["interface", "generate", "--toit", "--check", &definition]);
    }
}

#[test]
fn a_protobuf_service_becomes_a_definition() {
    let folder = Folder::new("interface-import");
    let proto = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/tests/chat.proto");
    assert_eq!(succeeds(&folder, &["interface", "import", proto]).out, "chat-room.toit\n");
    for language in ["--toit", "--rust"] {
        succeeds(&folder, &["interface", "generate", language, "chat-room.toit"]);
    }
    for made in ["chat-room.toit", "chat-room-provider.toit", "chat-room-client.toit"] {
        succeeds(&folder, &["check", made]);
    }
    // The definition belongs to the user now.
    let again = folder.lucarne(&["interface", "import", proto]);
    let message = "lucarne: chat-room.toit exists already: move it, or choose another folder with -o\n";
    assert_eq!((again.status, again.error.as_str()), (Some(1), message));
    assert_eq!(succeeds(&folder, &["interface", "import", "-o", "new", proto]).out, "new/chat-room.toit\n");

    let missing = folder.lucarne(&["interface", "import", "--service", "Chat", proto]);
    let message = "lucarne: chat.proto has no service Chat: it has ChatRoom\n";
    assert_eq!((missing.status, missing.error.as_str()), (Some(2), message));
    folder.file(
        "stream.proto",
        "service S { rpc Put(stream M) returns (M); }\nmessage M { optional int32 a = 1; }\n",
    );
    let refused = folder.lucarne(&["interface", "import", "stream.proto"]);
    let message = "stream.proto:1:13: the method Put takes a stream, which a call cannot\n  \
        help: let it take one message, and call it for each\n";
    assert_eq!((refused.status, refused.error.as_str()), (Some(1), message));
}
