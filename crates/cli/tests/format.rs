//! Tests of `lucarne format`.

mod common;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::Folder;

const WRITTEN: &str = "main:\n    print 1+2\n";
const FORMATTED: &str = "main:\n  print 1 + 2\n";

#[test]
fn files_and_folders_are_formatted() {
    let folder = Folder::new("format");
    folder.file("a.toit", WRITTEN).file("inner/b.toit", FORMATTED).file("inner/c.txt", WRITTEN);
    folder.file(".packages/d.toit", WRITTEN);
    let answer = folder.lucarne(&["format", "."]);
    assert_eq!((answer.status, &*answer.out), (Some(0), ""), "{answer:?}");
    assert_eq!(answer.error, "1 of 2 files formatted\n");
    assert_eq!(folder.read("a.toit"), FORMATTED);
    assert_eq!(folder.read("inner/c.txt"), WRITTEN);
    assert_eq!(folder.read(".packages/d.toit"), WRITTEN, "packages are left alone");
    let quiet = folder.lucarne(&["format", "--quiet", "."]);
    assert_eq!((quiet.status, &*quiet.out, &*quiet.error), (Some(0), "", ""));
}

#[test]
fn check_and_diff_write_nothing() {
    let folder = Folder::new("format-check");
    folder.file("a.toit", WRITTEN).file("b.toit", FORMATTED);
    let answer = folder.lucarne(&["format", "--check", "."]);
    assert_eq!((answer.status, &*answer.out), (Some(1), "a.toit\n"), "{answer:?}");
    assert_eq!(answer.error, "1 of 2 files would be formatted\n");
    assert_eq!(folder.lucarne(&["format", "--check", "b.toit"]).status, Some(0));
    let answer = folder.lucarne(&["format", "--diff", "a.toit"]);
    let expected = "--- a.toit\n+++ a.toit\n@@ -1,2 +1,2 @@\n main:\n-    print 1+2\n+  print 1 + 2\n";
    assert_eq!((answer.status, &*answer.out), (Some(0), expected), "{answer:?}");
    assert_eq!(folder.lucarne(&["format", "--check", "--diff", "a.toit"]).status, Some(1));
    assert_eq!(folder.read("a.toit"), WRITTEN);
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let folder = Folder::new("format-input");
    let run = |arguments: &[&str], text: &str| {
        let mut command = folder.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the text is read");
        child.wait_with_output().expect("the binary ends")
    };
    let output = run(&["format", "-"], WRITTEN);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), FORMATTED.as_bytes()));
    assert_eq!(run(&["format", "-"], FORMATTED).stdout, FORMATTED.as_bytes());
    assert_eq!(run(&["format", "--check", "-"], WRITTEN).status.code(), Some(1));
    let output = run(&["format", "-"], "main:\n  (\n");
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    let error = String::from_utf8(output.stderr).expect("a text");
    assert!(error.contains("standard input:2:"), "{error}");
    assert_eq!(folder.lucarne(&["format", "-", "a.toit"]).status, Some(2));
}

#[test]
fn files_with_errors_are_left_as_they_are() {
    let folder = Folder::new("format-errors");
    folder.file("a.toit", WRITTEN).file("b.toit", "main:\n  print (1\n").file("c.toit", b"main:\n  \xff\n");
    let answer = folder.lucarne(&["format", "."]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(answer.error.contains("b.toit:2:9") && answer.error.contains("c.toit:2:3"), "{answer:?}");
    assert!(answer.error.contains("b.toit has errors and is left as it is"), "{answer:?}");
    assert!(answer.error.ends_with("1 of 3 files formatted, 2 left as they are\n"), "{answer:?}");
    assert_eq!(folder.read("a.toit"), FORMATTED);
    assert_eq!(folder.read("b.toit"), "main:\n  print (1\n");
    for arguments in [
        &["format"][..],
        &["format", "absent.toit"],
        &["format", "--line-length=10", "a.toit"],
        &["format", "--line-length=long", "a.toit"],
    ] {
        assert_eq!(folder.lucarne(arguments).status, Some(2), "{arguments:?}");
    }
}

#[test]
fn permissions_and_links_are_kept() {
    let folder = Folder::new("format-permissions");
    folder.file("a.toit", WRITTEN);
    let path = folder.path("a.toit");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o750)).expect("permissions can be set");
    std::os::unix::fs::symlink("a.toit", folder.path("link.toit")).expect("a link can be made");
    let answer = folder.lucarne(&["format", "link.toit"]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert_eq!(folder.read("a.toit"), FORMATTED);
    assert!(folder.path("link.toit").is_symlink(), "a link stays a link");
    let mode = std::fs::metadata(&path).expect("the file exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    let names = std::fs::read_dir(folder.path("")).expect("the folder exists");
    assert_eq!(names.count(), 2, "no other file is left behind");
}

#[test]
fn line_ends_and_lengths_are_as_asked() {
    let folder = Folder::new("format-lines");
    folder.file("a.toit", "main:\r\n    print   1\r\n");
    assert_eq!(folder.lucarne(&["format", "a.toit"]).status, Some(0));
    assert_eq!(folder.read("a.toit"), "main:\r\n  print 1\r\n");
    folder.file("b.toit", "main:\n  function-with-a-long-name argument-one argument-two\n");
    assert_eq!(folder.lucarne(&["format", "--line-length=50", "b.toit"]).status, Some(0));
    let broken = "main:\n  function-with-a-long-name\n      argument-one\n      argument-two\n";
    assert_eq!(folder.read("b.toit"), broken);
}

/// The project's own sources are formatted.
#[test]
fn sources_of_the_project_are_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
    command.args(["format", "--check", "lib", "examples", "tests"]).current_dir(root);
    let output = command.output().expect("the binary starts");
    let error = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "`lucarne format lib examples tests` formats:\n{out}{error}");
}
