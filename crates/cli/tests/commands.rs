//! Tests of the command line: the real binary in a fresh folder.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Folder, completed, signal};
use wait_timeout::ChildExt;

const HELLO: &str = "main:\n  print \"hello\"\n";

#[test]
fn no_arguments_show_the_help() {
    let answer = Folder::new("help").lucarne(&[]);
    assert_eq!(answer.status, Some(2));
    assert!(answer.error.contains("Usage: lucarne"), "{answer:?}");
    let answer = Folder::new("help-asked").lucarne(&["--help"]);
    assert_eq!(answer.status, Some(0));
    assert!(answer.out.contains("Examples:") && answer.out.contains("run"), "{answer:?}");
    let answer = Folder::new("version").lucarne(&["--version"]);
    assert_eq!(answer.out, format!("lucarne {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::new("usage");
    folder.file("hello.toit", HELLO);
    for arguments in [
        &["walk"][..],
        &["run"],
        &["run", "absent.toit"],
        &["run", "."],
        &["run", "--workers", "0", "hello.toit"],
        &["run", "--memory-limit", "lots", "hello.toit"],
        &["run", "--memory-limit", "1K", "hello.toit"],
        &["container", "install", "--memory=1K", "hello", "hello.toit"],
        &["container", "install", "--interval=1ns", "hello", "hello.toit"],
        &["top", "--interval=1ns"],
        &["run", "--kill-at", "3", "hello.toit"],
        &["run", "--gc-stres", "hello.toit"],
        &["check"],
        &["check", "absent.toit"],
        &["--emit=tokens"],
        &["--emit=poem", "hello.toit"],
    ] {
        let answer = folder.lucarne(arguments);
        assert_eq!(answer.status, Some(2), "{arguments:?}: {answer:?}");
        assert!(!answer.error.is_empty() && answer.out.is_empty(), "{arguments:?}: {answer:?}");
    }
    assert!(folder.lucarne(&["run", "absent.toit"]).error.contains("cannot read absent.toit"));
    assert!(folder.lucarne(&["rum", "hello.toit"]).error.contains("'run'"), "a typo gets a suggestion");
}

#[test]
fn failures_say_what_failed_and_what_to_do() {
    let folder = Folder::new("failures");
    folder.file("hello.toit", HELLO);
    let absent = folder.path("absent").display().to_string();
    let nested = folder.path("absent/a/socket").display().to_string();
    for (arguments, expected) in [
        (
            &["run", "--connect", &absent, "hello.toit"][..],
            "no such file or directory: start the system first",
        ),
        (&["run", "--listen", &nested, "hello.toit"], "absent: make it, or listen elsewhere"),
        (
            &["run", "--simulate", "x", "hello.toit"],
            "--simulate <SEED>: 'x' is not a whole number, such as 42",
        ),
        (&["run", "--workers=-1", "hello.toit"], "--workers"),
        (&["c", "build", &absent], "no such file or directory: DIR is a folder with a CMakeLists.txt"),
        (&["container", "logs", "-n", "x", "app"], "--lines <N>: 'x' is not a whole number, such as 42"),
        (&["container", "logs", "-n", "99999999999", "app"], "99999999999 is not in 0..=4294967295"),
        (&["test", "--junit", &nested, "hello.toit"], "cannot write"),
    ] {
        let answer = folder.lucarne(arguments);
        assert_ne!(answer.status, Some(0), "{arguments:?}");
        assert!(answer.error.contains(expected), "{arguments:?}: {}", answer.error);
        let is_raw = answer.error.contains("os error") || answer.error.contains("invalid digit");
        assert!(!is_raw && !folder.path("absent").exists(), "{arguments:?}: {}", answer.error);
    }
    let empty = folder.command(&["device", "status"]).env("LUCARNE_STATE", "").output().expect("it runs");
    let error = String::from_utf8_lossy(&empty.stderr);
    assert!(empty.status.code() == Some(2) && error.contains("LUCARNE_STATE is empty: set it"), "{error}");
}

#[test]
fn runs_and_passes_arguments_and_statuses() {
    let folder = Folder::new("run");
    folder.file("hello.toit", HELLO);
    let answer = folder.lucarne(&["run", "hello.toit"]);
    assert_eq!((answer.status, answer.out.as_str(), answer.error.as_str()), (Some(0), "hello\n", ""));
    folder.file("arguments.toit", "main args:\n  print args\n  exit args.size\n");
    let answer = folder.lucarne(&["run", "arguments.toit", "a", "--b", "-c"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(3), "[a, --b, -c]\n"));
    let answer = folder.lucarne(&["run", "arguments.toit", "--workers", "--help"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(2), "[--workers, --help]\n"));
    folder.file("fails.toit", "main: exit 256\n");
    assert_eq!(folder.lucarne(&["run", "fails.toit"]).status, Some(1), "a failure stays a failure");
}

#[test]
fn check_reports_and_runs_nothing() {
    let folder = Folder::new("check");
    folder
        .file("hello.toit", HELLO)
        .file("wrong.toit", "main:\n  print foo\n  x/int := \"text\"\n  print x\n");
    let answer = folder.lucarne(&["check", "hello.toit"]);
    assert_eq!((answer.status, answer.out.as_str(), answer.error.as_str()), (Some(0), "", ""));
    let answer = folder.lucarne(&["check", "wrong.toit", "hello.toit"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("wrong.toit:2:9"), "{}", answer.error);
    assert!(answer.error.contains("wrong.toit:3:"), "types are checked too: {}", answer.error);
    assert!(answer.error.contains("1 of 2 files"), "{}", answer.error);
    assert!(!answer.error.contains('\u{1b}'), "no colors into a pipe");
}

#[test]
fn check_takes_folders_and_reports_to_editors() {
    let folder = Folder::new("check-folder");
    folder
        .file("app/main.toit", "import .helper\nmain: help\n")
        .file("app/helper.toit", "help:\n  gone\nhelp:\n")
        .file("app/.packages/x/src/broken.toit", "main:\n  gone\n")
        .file("app/notes.txt", "no source\n");
    let answer = folder.lucarne(&["check", "app"]);
    assert_eq!(answer.status, Some(1));
    assert_eq!(answer.error.matches("helper.toit:2:3").count(), 1, "once, though it is imported: {answer:?}");
    assert!(answer.error.ends_with("1 of 2 files have errors\n"), "{answer:?}");
    let answer = folder.lucarne(&["check", "--json", "app"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""));
    let list: serde_json::Value = serde_json::from_str(&answer.out).expect("the output is JSON");
    let unknown = &list.as_array().expect("an array")[0];
    assert_eq!(unknown["file"], "app/helper.toit");
    assert_eq!(
        (&unknown["line"], &unknown["column"], &unknown["endColumn"]),
        (&2.into(), &3.into(), &7.into())
    );
    assert_eq!(unknown["severity"], "error");
    let double = &list[1]["related"][0];
    assert_eq!((&double["file"], &double["line"]), (&"app/helper.toit".into(), &1.into()), "{list}");
    folder.file("app/helper.toit", "help:\n");
    let answer = folder.lucarne(&["check", "app"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), "checked 2 files, no errors\n"));
    assert_eq!(folder.lucarne(&["check", "--quiet", "app"]).error, "");
    assert_eq!(folder.lucarne(&["check", "--json", "app"]).out, "[]\n");
    folder.file("app/helper.toit", "/// Deprecated.\nold:\n\nhelp: old\n");
    assert_eq!(folder.lucarne(&["check", "app"]).status, Some(0), "a warning is not an error");
    let answer = folder.lucarne(&["check", "--deny-warnings", "app"]);
    assert_eq!(answer.status, Some(1), "--deny-warnings makes a warning an error: {answer:?}");
    assert!(answer.error.ends_with("1 of 2 files have errors or warnings\n"), "{answer:?}");
    folder.file("empty/notes.txt", "");
    assert_eq!(folder.lucarne(&["check", "empty"]).status, Some(2));
}

#[test]
fn tasks_that_end_are_profiled() {
    let folder = Folder::new("profile-of-tasks");
    // Each task is long enough that a sample is due when it ends.
    folder.file(
        "tasks.toit",
        "main:\n  sum := 0\n  1000.repeat:\n    task:: 2000.repeat: sum += it\n    yield\n  while sum < 1_999_000_000: yield\n  \
         print sum\n",
    );
    for options in [&["--no-native"][..], &["--native", "always"], &[]] {
        let answer = folder.lucarne(&[&["run", "--profile", "tasks.svg"], options, &["tasks.toit"]].concat());
        let (status, out, error) = (answer.status, &*answer.out, &*answer.error);
        assert_eq!((status, out, error), (Some(0), "1999000000\n", ""), "{options:?}");
    }
}

#[test]
fn a_profile_shows_where_the_time_went() {
    let folder = Folder::new("profile");
    let program = "\
fib n: return n < 2 ? n : (fib n - 1) + (fib n - 2)
spend [block]: 2.repeat: block.call
main:
  task:: print (fib 22)
  spend: print (fib 22)
  text := \"abc\" * 3_000_000
  print (text.index-of \"cab\" --last)
";
    folder.file("busy.toit", program);
    for options in [&["--no-native"][..], &["--native", "always"], &["-O0"]] {
        let arguments = [&["run", "--profile", "out.svg"], options, &["busy.toit"]].concat();
        let answer = folder.lucarne(&arguments);
        assert_eq!((answer.status, answer.out.lines().count()), (Some(0), 4), "{answer:?}");
        let drawn = std::fs::read_to_string(folder.path("out.svg")).expect("the profile is written");
        for frame in [
            "process ",
            "task 0",
            "task 1",
            "main (busy.toit)",
            "spend (busy.toit)",
            "fib (busy.toit)",
            "string-repeat_ (",
        ] {
            assert!(drawn.contains(&format!("<title>{frame}")), "{frame}, {options:?}: {drawn}");
        }
    }
    folder.file("short.toit", "main:\n");
    assert_eq!(folder.lucarne(&["run", "--profile", "short.svg", "short.toit"]).status, Some(0));
    assert!(std::fs::read_to_string(folder.path("short.svg")).is_ok_and(|drawn| drawn.contains("<svg")));
    let answer = folder.lucarne(&["run", "--profile", "absent/out.svg", "busy.toit"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(2), ""), "{answer:?}");
    assert!(answer.error.contains("absent/out.svg"), "{answer:?}");
}

#[test]
fn emits_every_stage() {
    let folder = Folder::new("emit");
    folder.file("hello.toit", HELLO);
    for stage in ["tokens", "tree", "ir", "optimized", "bytecode"] {
        let answer = folder.lucarne(&[&format!("--emit={stage}"), "hello.toit"]);
        assert_eq!(answer.status, Some(0), "{stage}: {answer:?}");
        assert!(answer.out.contains("print"), "{stage}: {}", answer.out);
    }
    let answer = folder.lucarne(&["--emit=bytecode", "hello.toit"]);
    let main = answer.out.split("\n\n").find(|function| function.contains(" main arity=0"));
    let main = main.expect("main is a function of the program");
    assert!(main.contains("LoadLiteral") && main.contains("String(\"hello\")"), "{main}");
    assert!(main.contains("CallStatic") && main.contains("; print"), "{main}");
}

#[test]
fn command_lines_are_completed() {
    let folder = Folder::new("completions");
    folder.file("hello.toit", HELLO);
    assert_eq!(completed(folder.command(&["--"]), &["lucarne", "ch"]), ["check"]);
    assert_eq!(completed(folder.command(&["--"]), &["lucarne", "pkg", "ins"]), ["install"]);
    assert_eq!(completed(folder.command(&["--"]), &["lucarne", "run", "--simu"]), ["--simulate"]);
    assert_eq!(completed(folder.command(&["--"]), &["lucarne", "run", "hel"]), ["hello.toit"]);
    for shell in ["bash", "zsh", "fish"] {
        let answer = folder.lucarne(&["completions", shell]);
        assert!(answer.status == Some(0) && answer.out.contains("LUCARNE_COMPLETE"), "{shell}: {answer:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = Folder::new("manual");
    assert_eq!(folder.lucarne(&["manual", "pages"]).status, Some(0));
    let page = folder.read("pages/lucarne-pkg-install.1");
    assert!(page.contains("package") && page.contains(".TH"), "{page}");
    assert!(folder.read("pages/lucarne.1").contains("lucarne\\-run(1)"));
    assert!(!folder.path("pages/lucarne-component-host.1").exists());
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let folder = Folder::new("pipe");
    folder.file("many.toit", "main:\n  100_000.repeat: print \"line $it\"\n");
    let mut child = folder.command(&["run", "many.toit"]).stdout(Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line comes");
    assert_eq!(line, "line 0\n");
    let status =
        child.wait_timeout(Duration::from_secs(60)).expect("a child of ours").expect("the process ends");
    assert_eq!(status.code(), Some(0));
}

/// Opens a file to which writing fails, as on a full disk.
fn full_disk() -> std::fs::File {
    std::fs::File::options().write(true).open("/dev/full").expect("this is Linux")
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let folder = Folder::new("full-disk");
    folder.file("app.toit", "main: print \"hello\"\n");
    folder.file("forever.toit", "main: while true: print \"hello\"\n");
    folder.file("a-test.toit", "main: print \"hello\"\n");
    folder.file("package.yaml", "name: app\n");
    for arguments in [
        &["--emit=tokens", "app.toit"][..],
        &["--emit=ir", "app.toit"],
        &["--emit=bytecode", "app.toit"],
        &["completions", "bash"],
        &["device", "unit"],
        &["check", "--json", "app.toit"],
        &["run", "app.toit"],
        &["run", "forever.toit"],
        &["run", "--simulate=1", "app.toit"],
        &["test", "."],
        &["test", "--json", "."],
        &["pkg", "list"],
        &["c", "include-dir"],
        &["help"],
        &["run", "--help"],
        &["--version"],
    ] {
        let output = folder.command(arguments).stdout(full_disk()).output().expect("the binary starts");
        let error = String::from_utf8(output.stderr).expect("output is UTF-8");
        let expected = "lucarne: cannot write to standard output: no space left on device\n";
        assert_eq!((output.status.code(), error.as_str()), (Some(1), expected), "{arguments:?}");
    }
}

/// Runs a program, reads its first line, and closes the pipe. The program must end at once.
#[test]
fn a_program_ends_with_the_reader_of_its_output() {
    let folder = Folder::new("reader-gone");
    folder.file("silent.toit", "main:\n  print \"one\"\n  sleep --ms=3_600_000\n");
    folder.file("forever.toit", "main: while true: print \"one\"\n");
    for arguments in [&["run", "silent.toit"][..], &["run", "forever.toit"], &["watch", "silent.toit"]] {
        let mut command = folder.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the process starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line comes");
        assert_eq!(line, "one\n");
        let output = child.wait_with_output().expect("the process ends");
        let error = String::from_utf8(output.stderr).expect("output is UTF-8");
        assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn output_appears_at_once_in_a_pipe() {
    let folder = Folder::new("follow");
    folder.file("waits.toit", "main:\n  print \"first\"\n  sleep --ms=3_600_000\n");
    let mut child = folder.command(&["run", "waits.toit"]).stdout(Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line comes");
    child.kill().expect("the child is running");
    child.wait().expect("the child has been killed");
    assert_eq!(line, "first\n");
}

#[test]
fn commands_of_the_existing_tools_are_answered_with_the_command_that_does_the_same() {
    let folder = Folder::new("elsewhere");
    for (line, answer) in [
        (&["analyze", "a.toit"][..], "'lucarne check PATH...'"),
        (&["flash"], "a host has no firmware to flash"),
        (&["monitor"], "'lucarne container logs -f NAME'"),
        (&["stop"], "'lucarne container stop NAME'"),
        (&["container", "rm", "a"], "'lucarne container uninstall NAME'"),
        (&["scan"], "does not exist yet"),
        (&["build", "a.toit"], "'lucarne compile FILE'"),
        (&["install", "http"], "'lucarne pkg install NAME'"),
        (&["fmt"], "'lucarne format PATH...'"),
        (&["new", "app"], "'lucarne pkg init'"),
    ] {
        let refused = folder.lucarne(line);
        assert_eq!(refused.status, Some(2), "{line:?}");
        assert!(refused.error.contains(answer), "{line:?}: {}", refused.error);
    }
}

#[test]
fn hidden_commands_are_not_suggested() {
    let folder = Folder::new("hidden");
    for word in ["confin", "component-hos", "manua"] {
        let refused = folder.lucarne(&[word]).error;
        assert!(!refused.contains("similar"), "{refused}");
    }
    assert!(folder.lucarne(&["container", "instal"]).error.contains("'install'"));
}

#[test]
fn a_wrong_value_is_shown_once() {
    let folder = Folder::new("value");
    let refused = folder.lucarne(&["container", "install", "a/b", "x.toit"]);
    assert_eq!(refused.status, Some(2));
    assert_eq!(refused.error.matches("'a/b'").count(), 1, "{}", refused.error);
}

#[test]
fn a_signal_ends_with_128_and_its_number_and_loses_no_output() {
    use rustix::process::Signal;
    for (sent, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        ends_after(sent, status);
    }
}

fn ends_after(sent: rustix::process::Signal, status: i32) {
    let folder = Folder::new(&format!("signal-{status}"));
    folder.file("waits.toit", "main:\n  print \"first\"\n  print-on-stderr_ \"ready\"\n  while true: null\n");
    // Started in the background of a script, the tests ignore Ctrl-C, and so would the program.
    let mut child = Command::new("env")
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_lucarne"), "run", "waits.toit"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("a line comes");
    assert_eq!(line, "ready\n");
    signal(child.id(), sent);
    let ended =
        child.wait_timeout(Duration::from_secs(60)).expect("a child of ours").expect("the process ends");
    assert_eq!(ended.code(), Some(status));
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("UTF-8");
    assert_eq!(out, "first\n");
}

#[test]
fn simulated_programs_learn_nothing_of_the_machine() {
    let folder = Folder::new("simulated-machine");
    let source = "import system\n\nmain:\n  print \"$system.hostname $((Time.epoch --s=0).local.h)\"\n";
    folder.file("machine.toit", source);
    let mut command = folder.command(&["run", "--simulate", "1", "machine.toit"]);
    // EST5 is five hours behind UTC. A simulated program sees UTC.
    let output = command.env("TZ", "EST5").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "simulated 0\n", "{output:?}");
    let output = folder.command(&["run", "machine.toit"]).env("TZ", "EST5").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).ends_with(" 19\n"), "{output:?}");
}

#[test]
fn a_program_may_come_through_a_pipe() {
    let folder = Folder::new("program-in-pipe");
    folder.file("hello.toit", HELLO);
    let binary = env!("CARGO_BIN_EXE_lucarne");
    let shell = |script: &str| {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", script]).current_dir(folder.path("")).env("LUCARNE", binary).stdin(Stdio::null());
        let output = command.output().expect("there is a shell");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let hello = (Some(0), "hello\n".to_owned(), String::new());
    assert_eq!(shell("$LUCARNE run <(cat hello.toit)"), hello);
    assert_eq!(shell("cat hello.toit | $LUCARNE run /dev/stdin"), hello);
    assert_eq!(shell("$LUCARNE run /dev/stdin < hello.toit"), hello);
    assert_eq!(shell("cat hello.toit | $LUCARNE check /dev/stdin"), (Some(0), String::new(), String::new()));
    assert_eq!(shell("mkfifo named; cat hello.toit > named & $LUCARNE run <(cat named)"), hello);
    for (index, command) in ["run", "check", "--emit=tokens"].into_iter().enumerate() {
        let (status, _, error) = shell(&format!("mkfifo silent{index}; $LUCARNE {command} silent{index}"));
        assert_eq!(status, Some(2), "{error}");
        assert!(error.contains("no program writes to this pipe"), "{error}");
        let (status, _, error) = shell(&format!("$LUCARNE {command} /dev/zero"));
        assert_eq!(status, Some(2), "{error}");
        assert!(error.contains("it has more than 64 MiB"), "{error}");
    }
}

#[test]
fn files_that_never_end_are_refused() {
    let folder = Folder::new("endless");
    folder.file("hello.toit", "import .pipe\n".to_owned() + HELLO);
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe.toit")).status();
    assert!(made.expect("there is mkfifo").success());
    let answer = folder.lucarne(&["run", "hello.toit"]);
    assert!(answer.error.contains("cannot find `.pipe`"), "{answer:?}");
}

#[test]
fn a_program_alone_is_run() {
    let folder = Folder::new("alone");
    folder.file("hello.toit", HELLO).file("script", format!("#!/usr/bin/env lucarne\n{HELLO}"));
    for program in ["hello.toit", "./hello.toit", "./script"] {
        let answer = folder.lucarne(&[program, "--a", "b"]);
        assert_eq!((answer.status, answer.out.as_str()), (Some(0), "hello\n"), "{answer:?}");
    }
    let answer = folder.lucarne(&["absent.toit"]);
    assert_eq!(answer.status, Some(2));
    assert!(answer.error.contains("cannot read absent.toit"), "{answer:?}");
}

#[test]
fn a_file_that_is_imported_along_two_paths_is_one_module() {
    let folder = Folder::new("two-paths");
    folder.file("counter.toit", "count := 0\n");
    let name = folder.path("").file_name().expect("it has a name").to_string_lossy().into_owned();
    folder.file(
        "main.toit",
        format!("import .counter\nimport ..{name}.counter as other\nmain:\n  count++\n  print other.count\n"),
    );
    let answer = folder.lucarne(&["run", "main.toit"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(0), "1\n"), "{answer:?}");
}

/// Tests the script that `cargo xtask install --with-toit` installs as `toit`.
#[test]
fn scripts_for_the_existing_tool_run() {
    let folder = Folder::new("with-toit");
    folder.file("a.toit", "main args:\n  print args\n  if args.size > 2: exit 3\n");
    folder.file("warns.toit", "main:\n  x := 1\n  x = x\n").file("wrong.toit", "main: foo\n");
    folder.file("named.toit", "import system\nmain: print system.program-name\n");
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/templates/toit");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lucarne"), folder.path("lucarne")).expect("a new link");
    std::fs::copy(&script, folder.path("toit")).expect("it can be copied");
    std::fs::copy(&script, folder.path("toit.run")).expect("it can be copied");
    let path = format!("{}:{}", folder.path(".").display(), std::env::var("PATH").unwrap_or_default());
    let toit = |arguments: &[&str]| {
        let (script, rest) = arguments.split_first().expect("there is a command");
        let mut command = std::process::Command::new("sh");
        command.arg(folder.path(script)).args(rest).current_dir(folder.path("")).env("PATH", &path);
        let output = command.output().expect("there is a shell");
        (output.status.code(), String::from_utf8(output.stdout).expect("output is UTF-8"))
    };
    assert_eq!(toit(&["toit", "a.toit", "x"]), (Some(0), "[x]\n".to_owned()));
    assert_eq!(toit(&["toit", "run", "-O2", "a.toit", "--", "-y", "--"]), (Some(0), "[-y, --]\n".to_owned()));
    assert_eq!(toit(&["toit", "-Xenable-asserts", "a.toit"]), (Some(0), "[]\n".to_owned()));
    assert_eq!(toit(&["toit.run", "a.toit", "--", "x"]), (Some(0), "[--, x]\n".to_owned()));
    assert_eq!(toit(&["toit.run", "a.toit", "1", "2", "3"]), (Some(3), "[1, 2, 3]\n".to_owned()));
    assert_eq!(toit(&["toit", "analyze", "warns.toit", "a.toit"]).0, Some(0));
    assert_eq!(toit(&["toit", "analyze", "-Werror", "warns.toit"]).0, Some(1));
    assert_eq!(toit(&["toit", "compile", "--analyze", "wrong.toit"]).0, Some(1));
    assert_eq!(toit(&["toit", "compile", "-o", "it's", "a.toit"]), (Some(0), String::new()));
    assert_eq!(toit(&["toit", "run", "it's", "a b"]), (Some(0), "[a b]\n".to_owned()));
    assert_eq!(toit(&["toit", "compile", "-o", "named", "named.toit"]), (Some(0), String::new()));
    let named = std::process::Command::new(folder.path("named")).output().expect("it is an executable");
    assert_eq!(String::from_utf8_lossy(&named.stdout), format!("{}\n", folder.path("named").display()));
    assert_eq!(toit(&["toit", "run", "--nope", "a.toit"]).0, Some(2));
    assert_eq!(toit(&["toit", "version"]).1, format!("lucarne {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn options_for_a_device_are_refused_here() {
    let folder = Folder::new("here-or-there");
    folder.file("hello.toit", HELLO);
    let answer = folder.lucarne(&["run", "-d", "host", "--memory", "1M", "-D", "a=1", "hello.toit"]);
    assert_eq!(answer.status, Some(2));
    let expected = "lucarne: --memory is for programs on a device: '--memory-limit SIZE' limits each process of a \
                    program that runs here\n";
    assert_eq!(answer.error, expected);
    let answer = folder.lucarne(&["run", "-D", "a=1", "hello.toit"]);
    let expected =
        "lucarne: --define is for programs on a device: add '--device NAME' with the name of a device\n";
    assert_eq!(answer.error, expected);
}

#[test]
fn the_usage_does_not_show_the_state_folder_of_the_environment() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lucarne"));
    let output = command.arg("run").env("LUCARNE_STATE", "/nowhere").output().expect("the binary starts");
    let error = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert!(error.contains("Usage: lucarne run <FILE> [ARG]..."), "{error}");
}

#[test]
fn a_run_shows_only_warnings_about_the_program() {
    let folder = Folder::new("own-warnings");
    folder.file("package.lock", "prefixes:\n  p: p\npackages:\n  p:\n    path: p\n");
    folder.file("p/src/p.toit", "f:\n  x := 1\n  x = x\n").file("app.toit", "import p\nmain: p.f\n");
    assert_eq!(folder.lucarne(&["run", "app.toit"]).error, "");
    assert!(folder.lucarne(&["check", "app.toit"]).error.contains("is assigned to itself"));
    assert!(folder.lucarne(&["check", "p/src/p.toit"]).error.contains("is assigned to itself"));
}

#[test]
fn the_error_of_a_lock_file_comes_first_and_once() {
    let folder = Folder::new("damaged-lock");
    folder.file("package.lock", "sdk: 1.0\nprefixes:\n  a: gone\n");
    folder.file("app.toit", "import a\nmain: wrong\n").file("sub/other.toit", "main: oops\n");
    // Each path leads to the lock file in a way of its own.
    let whole = folder.path("sub").canonicalize().expect("the folder exists");
    let answer = folder.lucarne(&["check", "./app.toit", "app.toit", whole.to_str().expect("a path")]);
    assert_eq!(answer.status, Some(1));
    let titles: Vec<&str> = answer.error.lines().filter(|line| line.starts_with("error: ")).collect();
    let wanted = [
        "error: `1.0` is not an SDK constraint: it has the form ^1.2.3",
        "error: the prefix `a` names a package `gone`, which this file does not list",
        "error: there is no `wrong` here",
        "error: there is no `oops` here",
    ];
    assert_eq!(titles, wanted, "{answer:?}");
}

/// With little memory, the thread of the compiler cannot be made: that must not look as if a program had no errors.
#[test]
fn a_program_with_errors_is_refused_with_any_limit_of_memory() {
    let folder = Folder::new("little-memory");
    folder.file("bad.toit", "main:\n  foo\n");
    let mut has_analyzed = false;
    for mib in (100..1_000).step_by(50) {
        let script =
            format!("ulimit -v {}; exec {} check bad.toit", mib << 10, env!("CARGO_BIN_EXE_lucarne"));
        let mut command = std::process::Command::new("bash");
        let output =
            command.args(["-c", &script]).current_dir(folder.path("")).output().expect("there is a shell");
        assert_ne!(output.status.code(), Some(0), "{mib} MiB");
        has_analyzed |= String::from_utf8_lossy(&output.stderr).contains("no `foo` here");
    }
    assert!(has_analyzed, "1 GiB is enough");
}
