//! Tests of `lucarne test`.

mod common;

#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use common::Folder;

/// Makes a folder with a test that passes, one that fails, and files that are not tests.
fn tests(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .file("t/good-test.toit", "main args:\n  print \"args $args\"\n")
        .file("t/deep/bad_test.toit", "main args:\n  print \"before\"\n  throw \"BAD\"\n")
        .file("t/helper.toit", "main: throw \"no test\"\n")
        .file("t/.packages/p/other-test.toit", "main: throw \"not ours\"\n");
    folder
}

#[test]
fn failed_tests_are_shown_with_their_output() {
    let folder = tests("test-text");
    let answer = folder.lucarne(&["test", "t"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    let lines: Vec<&str> = answer.out.lines().collect();
    assert!(lines.contains(&"ok     t/good-test.toit"), "{answer:?}");
    assert!(answer.out.contains("FAILED t/deep/bad_test.toit (exit status 1, "), "{answer:?}");
    assert!(lines.contains(&"       before") && answer.out.contains("BAD"), "{answer:?}");
    assert_eq!(lines.last(), Some(&"1 passed, 1 failed"));
    assert_eq!(answer.error, "", "no progress into a pipe");
    assert!(!answer.out.contains('\u{1b}'), "no colors into a pipe");
}

#[test]
fn filters_jobs_quiet_and_single_files() {
    let folder = tests("test-filter");
    let answer = folder.lucarne(&["test", "t", "--filter", "good", "--jobs", "1", "--quiet"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(0), "1 passed, 0 failed\n"));
    let answer = folder.lucarne(&["test", "t", "--filter", "goof"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(2), ""));
    assert!(answer.error.contains("no tests that match the filter"), "{answer:?}");
    let answer = folder.lucarne(&["test", "-q", "t/helper.toit", "t/good-test.toit", "t/good-test.toit"]);
    assert!(answer.out.ends_with("1 passed, 1 failed\n"), "a file that is named is a test: {answer:?}");
}

#[test]
fn json_has_a_line_for_each_test() {
    let folder = tests("test-json");
    let answer = folder.lucarne(&["test", "--json", "t", "--", "a", "--b"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(1), ""));
    let lines = answer.out.lines().map(serde_json::from_str).collect::<Result<Vec<serde_json::Value>, _>>();
    let lines = lines.expect("each line is JSON");
    let of = |name: &str| lines.iter().find(|line| line["file"] == name).expect("each test has a line");
    assert_eq!(of("t/good-test.toit")["outcome"], "passed");
    assert_eq!(of("t/good-test.toit")["output"], "args [a, --b]\n");
    assert_eq!(
        (&of("t/deep/bad_test.toit")["outcome"], &of("t/deep/bad_test.toit")["status"]),
        (&"failed".into(), &1.into())
    );
    assert_eq!(lines.last().expect("a last line")["failed"], 1);
}

#[test]
fn junit_report() {
    let folder = tests("test-junit");
    folder.file("t/odd-test.toit", "main:\n  print \"<&> \\x01\"\n  exit 3\n");
    assert_eq!(folder.lucarne(&["test", "t", "--junit", "report.xml"]).status, Some(1));
    let report = folder.read("report.xml");
    assert!(report.contains("tests=\"3\" failures=\"2\""), "{report}");
    assert!(
        report.contains("<failure message=\"exit status 3\"/>") && report.contains("&lt;&amp;&gt;"),
        "{report}"
    );
    assert!(!report.contains('\u{1}'), "XML has no such character");
    let answer = folder.lucarne(&["test", "t", "--junit", "no/such/folder.xml"]);
    assert_eq!((answer.status, answer.out.as_str()), (Some(2), ""), "known before any test has run");
}

#[test]
fn a_test_that_hangs_or_floods_fails_alone() {
    let folder = tests("test-hang");
    folder.file("t/hang-test.toit", "main:\n  print \"waiting\"\n  while true: sleep --ms=10\n").file(
        "t/flood-test.toit",
        "main:\n  60_000.repeat: print \"flood flood flood flood flood\"\n  exit 1\n",
    );
    let answer = folder.lucarne(&["test", "--timeout", "5", "t"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.out.contains("FAILED t/hang-test.toit (timed out, 5"), "{answer:?}");
    assert!(answer.out.contains("       waiting\n"), "the earlier output is kept");
    assert!(answer.out.contains("bytes more\n"), "a flood is cut");
    assert!(answer.out.ends_with("1 passed, 3 failed\n"));
}

/// A process that a test leaves behind would hold its output open.
#[cfg(target_os = "linux")]
#[test]
fn what_a_test_has_started_ends_with_it() {
    let folder = Folder::new("test-leaves");
    // A number that no other process has on its command line.
    let seconds = format!("7200.{}", std::process::id());
    folder
        .file("ends-test.toit", leaves(&seconds, ""))
        .file("hangs-test.toit", leaves(&seconds, "  while true: sleep --ms=60_000\n"));
    let start = Instant::now();
    let answer = folder.lucarne(&["test", "ends-test.toit"]);
    assert_eq!(
        (answer.status, answer.out.as_str()),
        (Some(0), "ok     ends-test.toit\n1 passed, 0 failed\n")
    );
    let answer = folder.lucarne(&["test", "--timeout", "5", "hangs-test.toit"]);
    assert!(answer.out.contains("FAILED hangs-test.toit (timed out, 5"), "{answer:?}");
    assert!(answer.out.contains("       started\n"), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(300), "no time limit of the programs is waited for");
    while processes_with(&seconds, "sleep") > 0 {
        assert!(start.elapsed() < Duration::from_secs(360), "the processes go on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// When no process reads the output any more, the command ends, and ends what its tests have started.
#[cfg(target_os = "linux")]
#[test]
fn what_tests_have_started_ends_with_the_reader() {
    let folder = Folder::new("test-reader");
    let seconds = format!("7300.{}", std::process::id());
    folder.file("hangs-test.toit", leaves(&seconds, "  while true: sleep --ms=60_000\n"));
    let mut child = folder
        .command(&["test", "hangs-test.toit"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let start = Instant::now();
    while processes_with(&seconds, "sleep") == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the test does not start its process");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(child.stdout.take());
    let status = child.wait().expect("it ends").code();
    assert_eq!(status, Some(1), "it is not known whether the test would pass");
    while processes_with(&seconds, "sleep") > 0 {
        assert!(start.elapsed() < Duration::from_secs(120), "the process goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// As with `nohup`, and in a script that ends before the tests.
#[cfg(target_os = "linux")]
#[test]
fn ignored_signals_do_not_end_the_command() {
    let folder = Folder::new("test-signals");
    folder.file("t-test.toit", "main:\n  print \"started\"\n  sleep --ms=3_000\n");
    let script = r#"trap '' HUP INT
"$0" test --quiet t-test.toit &
sleep 1
kill -HUP $!
kill -INT $!
wait $!
echo "status $?"
"#;
    let mut command = std::process::Command::new("sh");
    let command = command.args(["-c", script, env!("CARGO_BIN_EXE_lucarne")]).current_dir(folder.path("."));
    let output = command.output().expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 passed, 0 failed\nstatus 0\n");
}

/// If `lucarne test` is killed, the tests that it runs end as well.
#[cfg(target_os = "linux")]
#[test]
fn tests_end_with_the_command() {
    let folder = Folder::new("test-killed");
    folder.file("endless-test.toit", "main: while true: sleep --ms=5\n");
    let mark = format!("mark-{}", std::process::id());
    let mut child = folder
        .command(&["test", "endless-test.toit", "--", &mark])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    let running = || processes_with(&mark, "end-with-parent");
    let start = Instant::now();
    while running() == 0 && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(running(), 1, "the test has started");
    child.kill().expect("the child is running");
    child.wait().expect("the child has been killed");
    while running() > 0 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(running(), 0, "the test has ended with the command");
}

/// Returns a test that starts `sleep` for this time, does not wait for it, and then does something else.
#[cfg(target_os = "linux")]
fn leaves(seconds: &str, end: &str) -> String {
    format!(
        "main:
  arguments := Array_.ensure [\"sleep\", \"{seconds}\"]
  fork group true -1 -1 -1 -1 -1 \"sleep\" arguments null
  print \"started\"
{end}
fork group use-path in out error fd-3 fd-4 command arguments environment -> any:
  #primitive.pipe.fork2

group -> any:
  #primitive.subprocess.init
"
    )
}

/// Returns the number of processes with both texts in their command lines.
#[cfg(target_os = "linux")]
fn processes_with(one: &str, other: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("this is Linux").flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    lines.filter(|line| line.contains(one) && line.contains(other)).count()
}
