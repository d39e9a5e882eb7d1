//! Tests of `lucarne watch`: files change as editors change them, and the program prints the
//! running version.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{Folder, children};

/// The time limit of each wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// A watched program. The output of the program and of the watcher comes line by line.
struct Watched {
    folder: Folder,
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    /// Watches a program that prints its version of a library.
    fn started(name: &str) -> Watched {
        let folder = Folder::new(name);
        folder.file("library.toit", "VERSION ::= 1\n");
        folder.file(
            "app.toit",
            "import .library\nmain:\n  print \"version $VERSION\"\n  while true: sleep --ms=60_000\n",
        );
        Watched::begun(folder, &["watch", "app.toit"])
    }

    /// Starts a command that watches files of a folder.
    fn begun(folder: Folder, arguments: &[&str]) -> Watched {
        let mut command = folder.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the process starts");
        let (sender, lines) = channel();
        pass_on(child.stdout.take().expect("the stream is piped"), sender.clone());
        pass_on(child.stderr.take().expect("the stream is piped"), sender);
        Watched { folder, child, lines }
    }

    /// Waits for a line, and returns the lines before it.
    fn wait_for(&self, wanted: &str) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line == wanted => return before,
                Ok(line) => before.push(line),
                Err(error) => panic!("no '{wanted}': {error}, but {before:?}"),
            }
        }
    }

    fn programs(&self) -> Vec<u32> {
        children(self.child.id())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The test may have killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(out: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).for_each(|line| {
            // The test may have stopped listening.
            let _ = lines.send(line);
        });
    });
}

#[test]
fn a_program_runs_again_when_a_file_of_it_changes() {
    let watched = Watched::started("watch-changes");
    watched.wait_for("version 1");
    // Many editors do this: another file replaces the old one, so that half-written files are never
    // seen.
    watched.folder.file("library.new", "VERSION ::= 2\n");
    std::fs::rename(watched.folder.path("library.new"), watched.folder.path("library.toit"))
        .expect("the file exists");
    assert_eq!(watched.wait_for("version 2"), ["lucarne: library.toit has changed"]);
    assert_eq!(watched.programs().len(), 1, "the one before has ended");

    // Other editors write into the file.
    watched.folder.file("library.toit", "VERSION ::= 3\n");
    watched.wait_for("version 3");
}

#[test]
fn errors_are_shown_and_the_last_good_version_keeps_running() {
    let watched = Watched::started("watch-errors");
    watched.wait_for("version 1");
    let running = watched.programs();
    watched.folder.file("library.toit", "VERSION ::= oops\n");
    watched.wait_for("error: there is no `oops` here");
    assert_eq!(watched.programs(), running);

    // The watcher waits for a file that is missing for a while.
    std::fs::remove_file(watched.folder.path("library.toit")).expect("the file exists");
    watched.wait_for("error: cannot find `.library`");
    assert_eq!(watched.programs(), running);
    watched.folder.file("library.toit", "VERSION ::= 4\n");
    watched.wait_for("version 4");
}

#[test]
fn other_files_may_change_all_the_time() {
    let watched = Watched::started("watch-beside");
    watched.wait_for("version 1");
    let (goes_on, ended) = channel::<()>();
    let log = watched.folder.path("log.txt");
    thread::spawn(move || {
        while ended.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
            std::fs::write(&log, "a line\n").expect("the folder can be written");
        }
    });
    // A new module could only be a missing import, and none is missing.
    watched.folder.file("another.toit", "");
    watched.folder.file("library.toit", "VERSION ::= 2\n");
    assert_eq!(watched.wait_for("version 2"), ["lucarne: library.toit has changed"]);
    drop(goes_on);
}

#[test]
fn a_library_in_another_folder_may_be_missing_for_a_while() {
    let watched = Watched::started("watch-folder");
    watched.wait_for("version 1");
    let program = "import .parts.library\nmain:\n  print \"part $VERSION\"\n";
    watched.folder.file("parts/library.toit", "VERSION ::= 1\n").file("app.toit", program);
    watched.wait_for("part 1");
    std::fs::remove_file(watched.folder.path("parts/library.toit")).expect("the file exists");
    watched.wait_for("error: cannot find `.parts.library`");
    watched.folder.file("parts/library.toit", "VERSION ::= 2\n");
    watched.wait_for("part 2");
}

#[test]
fn the_end_of_a_program_is_reported() {
    let watched = Watched::started("watch-ends");
    watched.wait_for("version 1");
    watched.folder.file("app.toit", "main:\n  print \"short\"\n");
    watched.wait_for("lucarne: app.toit has ended (exit status: 0)");
    watched.folder.file("app.toit", "main:\n  throw \"oops\"\n");
    watched.wait_for("lucarne: app.toit has ended (exit status: 1)");
}

#[test]
fn it_sleeps_until_something_changes() {
    let watched = Watched::started("watch-sleeps");
    watched.wait_for("version 1");
    // The work of the start is done by then.
    thread::sleep(Duration::from_millis(300));
    let before = switches(watched.child.id());
    thread::sleep(Duration::from_millis(700));
    assert_eq!(switches(watched.child.id()), before);
}

/// Returns how often the threads of an OS process have given up the processor. Polling increases
/// this number.
fn switches(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process is running");
    let of_task = |path: &Path| -> u64 {
        let status = std::fs::read_to_string(path.join("status")).expect("the process is running");
        let counted = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        counted.expect("the kernel counts").trim().parse().expect("a number")
    };
    tasks.map(|task| of_task(&task.expect("the file can be read").path())).sum()
}

#[test]
fn a_killed_watcher_leaves_nothing_behind() {
    let mut watched = Watched::started("watch-killed");
    watched.wait_for("version 1");
    let programs = watched.programs();
    assert_eq!(programs.len(), 1);
    watched.child.kill().and_then(|()| watched.child.wait()).expect("the child can be killed");
    let until = Instant::now() + PATIENCE;
    while Path::new(&format!("/proc/{}", programs[0])).exists() {
        assert!(Instant::now() < until, "it goes on");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Renames a file, folder or link: many tools replace files in this way.
fn rename(watched: &Watched, from: &str, to: &str) {
    std::fs::rename(watched.folder.path(from), watched.folder.path(to)).expect("it exists");
}

#[test]
fn a_folder_that_is_replaced_is_watched_again() {
    let watched = Watched::started("watch-replaced");
    watched.wait_for("version 1");
    let program = |folder: &str| format!("import .{folder}.library\nmain:\n  print \"part $VERSION\"\n");
    let version = |path: &str, version: u32| watched.folder.file(path, format!("VERSION ::= {version}\n"));
    version("outer/parts/library.toit", 1);
    watched.folder.file("app.toit", program("outer.parts"));
    watched.wait_for("part 1");

    // Removed and made again, as by `git checkout`.
    std::fs::remove_dir_all(watched.folder.path("outer/parts")).expect("it exists");
    watched.wait_for("error: cannot find `.outer.parts.library`");
    version("outer/parts/library.toit", 2);
    watched.wait_for("part 2");
    version("outer/parts/library.toit", 3);
    watched.wait_for("part 3");

    // Renamed, as by a generator; then the folder above it.
    version("next/library.toit", 4);
    rename(&watched, "outer/parts", "old");
    rename(&watched, "next", "outer/parts");
    watched.wait_for("part 4");
    version("outer/parts/library.toit", 5);
    watched.wait_for("part 5");
    version("above/parts/library.toit", 6);
    rename(&watched, "outer", "outer-old");
    rename(&watched, "above", "outer");
    watched.wait_for("part 6");
    version("outer/parts/library.toit", 7);
    watched.wait_for("part 7");
    // The folder that was moved away no longer counts.
    version("outer-old/parts/library.toit", 8);
    version("outer/parts/library.toit", 9);
    let before = watched.wait_for("part 9");
    assert!(!before.iter().any(|line| line.contains("outer-old")), "{before:?}");
}

#[test]
fn a_link_that_is_turned_is_followed() {
    use std::os::unix::fs::symlink;
    let watched = Watched::started("watch-links");
    watched.wait_for("version 1");
    for number in 1..=3 {
        watched.folder.file(&format!("v{number}/library.toit"), format!("VERSION ::= {number}\n"));
    }
    symlink("v1", watched.folder.path("current")).expect("the name is free");
    watched.folder.file("app.toit", "import .current.library\nmain:\n  print \"link $VERSION\"\n");
    watched.wait_for("link 1");
    // As `ln -sfn` does it.
    symlink("v2", watched.folder.path("turned")).expect("the name is free");
    rename(&watched, "turned", "current");
    watched.wait_for("link 2");
    watched.folder.file("v2/library.toit", "VERSION ::= 22\n");
    watched.wait_for("link 22");
    std::fs::remove_file(watched.folder.path("current")).expect("it exists");
    watched.wait_for("error: cannot find `.current.library`");
    symlink("v3", watched.folder.path("current")).expect("the name is free");
    watched.wait_for("link 3");
}

#[test]
fn a_check_is_done_again_when_a_file_changes() {
    let folder = Folder::new("check-watch");
    folder
        .file("app.toit", "import .library\nmain:\n  print VERSION\n")
        .file("library.toit", "VERSION ::= 1\n");
    let watched = Watched::begun(folder, &["check", "--watch", "app.toit"]);
    watched.wait_for("checked 1 file, no errors");
    watched.folder.file("library.toit", "VERSION ::= oops\n");
    assert_eq!(watched.wait_for("error: there is no `oops` here"), ["lucarne: library.toit has changed"]);
    watched.wait_for("1 of 1 file has errors");
    std::fs::remove_file(watched.folder.path("app.toit")).expect("the file exists");
    watched.wait_for("lucarne: app.toit has changed");
    watched
        .folder
        .file("library.toit", "VERSION ::= 2\n")
        .file("app.toit", "import .library\nmain: print VERSION\n");
    watched.wait_for("checked 1 file, no errors");
}

#[test]
fn a_check_of_a_folder_finds_new_files_in_new_folders() {
    let folder = Folder::new("check-watch-folder");
    folder.file("app.toit", "main:\n").file("empty/notes.txt", "");
    let watched = Watched::begun(folder, &["check", "--watch", "."]);
    watched.wait_for("checked 1 file, no errors");
    // The folder comes first, and a file in it later.
    std::fs::create_dir_all(watched.folder.path("new/deep")).expect("the folder is new");
    watched.folder.file("empty/b.toit", "main:\n");
    watched.wait_for("checked 2 files, no errors");
    watched.folder.file("new/deep/c.toit", "main:\n");
    watched.wait_for("lucarne: new/deep/c.toit has changed");
    watched.wait_for("checked 3 files, no errors");
    // A folder that comes with a file in it.
    watched.folder.file(".hidden/more/d.toit", "main:\n");
    rename(&watched, ".hidden/more", "more");
    watched.wait_for("lucarne: more/d.toit has changed");
    watched.wait_for("checked 4 files, no errors");
}

/// Makes two tests; one of them imports a library.
fn two_tests(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("library.toit", "VERSION ::= 1\n");
    folder.file("one-test.toit", "import .library\nmain: if VERSION > 2: throw \"too new\"\n");
    folder.file("two-test.toit", "main:\n");
    folder
}

#[test]
fn tests_run_again_when_their_files_change() {
    let watched = Watched::begun(two_tests("test-watch"), &["test", "--watch", "."]);
    watched.wait_for("2 passed, 0 failed");
    watched.folder.file("library.toit", "VERSION ::= 2\n");
    watched.wait_for("1 passed, 0 failed");
    watched.folder.file("library.toit", "VERSION ::= 3\n");
    watched.wait_for("0 passed, 1 failed");
    // A new test may need a file that was missing, so all tests run.
    watched.folder.file("library.toit", "VERSION ::= 1\n").file("three-test.toit", "main:\n");
    watched.wait_for("3 passed, 0 failed");
    // A test that is removed does not run, and a library may be missing for a while.
    std::fs::remove_file(watched.folder.path("three-test.toit")).expect("the file exists");
    watched.wait_for("lucarne: three-test.toit has changed");
    watched.folder.file("one-test.toit", "import .parts.part\nmain: if VERSION > 2: throw \"too new\"\n");
    watched.wait_for("0 passed, 1 failed");
    // A new folder may have files that any test needs, so all tests run.
    watched
        .folder
        .file("parts/part.toit", "VERSION ::= 1\n")
        .file("one-test.toit", "import .parts.part\nmain: print VERSION\n");
    watched.wait_for("2 passed, 0 failed");
    // A folder that comes or goes may be that of any import, so all tests run.
    std::fs::rename(watched.folder.path("parts"), watched.folder.path("other")).expect("the folder exists");
    watched.wait_for("1 passed, 1 failed");
    std::fs::rename(watched.folder.path("other"), watched.folder.path("parts")).expect("the folder exists");
    watched.wait_for("2 passed, 0 failed");
}

#[test]
fn a_test_that_hangs_ends_when_a_file_changes() {
    let folder = two_tests("test-watch-hangs");
    folder.file("library.toit", "VERSION ::= 1\n\nhang:\n  while true: sleep --ms=60_000\n");
    folder.file("one-test.toit", "import .library\nmain: hang\n");
    let watched = Watched::begun(folder, &["test", "--watch", "--timeout", "3600", "."]);
    watched.wait_for("ok     two-test.toit");
    let until = Instant::now() + PATIENCE;
    while watched.programs().len() != 1 {
        assert!(Instant::now() < until, "the other test hangs");
        thread::sleep(Duration::from_millis(10));
    }
    let hanging = watched.programs();
    // A file that no test reads does not end it.
    watched.folder.file("notes.txt", "a line\n");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(watched.programs(), hanging);
    watched.folder.file("library.toit", "VERSION ::= 1\n\nhang: print \"no more\"\n");
    // The tests that were ended have no summary.
    let before = watched.wait_for("1 passed, 0 failed");
    assert_eq!(before, ["lucarne: library.toit has changed", "ok     one-test.toit"]);
    assert_eq!(watched.programs(), [0; 0]);
}

/// Otherwise the test would be ended each time.
#[test]
fn a_test_that_writes_what_it_imports_has_a_result() {
    let folder = Folder::new("test-watch-writes");
    folder.file("library.toit", "VERSION ::= 1\n").file(
        "writes-test.toit",
        "import .library
main:
  script := \"sleep 0.3; echo VERSION ::= \\$\\$ > library.toit\"
  arguments := Array_.ensure [\"sh\", \"-c\", script]
  fork group true -1 -1 -1 -1 -1 \"sh\" arguments null
  sleep --ms=1_500
  print VERSION

fork group use-path in out error fd-3 fd-4 command arguments environment -> any:
  #primitive.pipe.fork2

group -> any:
  #primitive.subprocess.init
",
    );
    let watched = Watched::begun(folder, &["test", "--watch", "writes-test.toit"]);
    let before = watched.wait_for("1 passed, 0 failed");
    let ended = before.iter().filter(|line| *line == "lucarne: library.toit has changed").count();
    assert_eq!(ended, 2, "{before:?}");
    // So does the next round.
    watched.wait_for("1 passed, 0 failed");
}

#[test]
fn only_tests_that_differ_from_the_last_commit_run() {
    let folder = two_tests("test-changed");
    let git = |arguments: &[&str]| {
        let named = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        let output = std::process::Command::new("git")
            .current_dir(folder.path("."))
            .args(named)
            .args(arguments)
            .output();
        let output = output.expect("git starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let changed = || {
        let mut command = folder.command(&["test", "--changed", "."]);
        // The folder of the tests may be in a repository, too.
        command.env("GIT_CEILING_DIRECTORIES", folder.path(".."));
        let output = command.output().expect("the process starts");
        (
            output.status.success(),
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
        )
    };
    let (succeeded, shown) = changed();
    assert!(!succeeded && shown.contains("--changed asks git, which failed"), "{shown}");
    git(&["init", "-q"]);
    let (succeeded, shown) = changed();
    assert!(succeeded && shown.contains("2 passed"), "{shown}");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "tests"]);
    let (succeeded, shown) = changed();
    assert!(succeeded && shown == "no test differs from the last commit\n", "{shown}");
    folder.file("library.toit", "VERSION ::= 2\n");
    let (succeeded, shown) = changed();
    assert!(succeeded && shown.contains("1 passed") && !shown.contains("two-test"), "{shown}");
    // A file that is missing is none of the test's files any more.
    std::fs::remove_file(folder.path("library.toit")).expect("the file exists");
    let (succeeded, shown) = changed();
    assert!(!succeeded && shown.contains("0 passed, 1 failed"), "{shown}");
}
