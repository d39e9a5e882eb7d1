//! Tests of the cache of compiled programs: it is used, and the output is always that of the files as they are.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, SystemTime};

use common::Folder;

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = folder.command(&["run"]);
    command.args(arguments).env("XDG_CACHE_HOME", folder.path("cache")).output().expect("the process starts")
}

fn printed(folder: &Folder) -> String {
    let output = run(folder, &["app.toit"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn entries(folder: &Folder) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder.path("cache/lucarne/programs")) else { return Vec::new() };
    found.map(|entry| entry.expect("the folder can be read").path()).collect()
}

fn only_entry(folder: &Folder) -> PathBuf {
    let entries = entries(folder);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

fn app(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .file("app.toit", "import .parts.part\nmain: print TEXT\n")
        .file("parts/part.toit", "TEXT ::= \"one\"\n");
    folder
}

#[test]
fn a_program_that_has_not_changed_is_not_compiled_again() {
    let folder = app("cache-hit");
    assert_eq!(printed(&folder), "one\n");
    let entry = only_entry(&folder);
    let inode = fs::metadata(&entry).expect("it is there").ino();
    let file = fs::File::options().write(true).open(&entry).expect("it can be written");
    let long_ago = SystemTime::now() - Duration::from_secs(100_000);
    file.set_modified(long_ago).expect("the time can be set");
    assert_eq!(printed(&folder), "one\n");
    // It was used: a new one would be another file.
    let used = fs::metadata(&entry).expect("it is there");
    assert!(used.ino() == inode && used.modified().expect("it has a time") > long_ago);
    assert_eq!(used.mode() & 0o077, 0);
    // Other options and other folders have entries of their own.
    run(&folder, &["-O0", "app.toit"]);
    assert_eq!(entries(&folder).len(), 2);
    run(&folder, &["./app.toit"]);
    assert_eq!(entries(&folder).len(), 3);
}

#[test]
fn files_that_change_appear_or_vanish_are_noticed() {
    let folder = app("cache-changes");
    assert_eq!(printed(&folder), "one\n");
    folder.file("parts/part.toit", "TEXT ::= \"two\"\n");
    assert_eq!(printed(&folder), "two\n");
    folder.file("app.toit", "import .parts.part\nmain: print \"$TEXT and more\"\n");
    assert_eq!(printed(&folder), "two and more\n");
    // A folder with this name is looked at, too.
    folder.file("parts/part/part.toit", "TEXT ::= \"three\"\n");
    fs::remove_file(folder.path("parts/part.toit")).expect("it is there");
    assert_eq!(printed(&folder), "three and more\n");
    folder.file("parts/part.toit", "TEXT ::= \"four\"\n");
    let compiled = run(&folder, &["--no-cache", "app.toit"]);
    let cached = run(&folder, &["app.toit"]);
    assert_eq!((compiled.status, compiled.stdout), (cached.status, cached.stdout));
    fs::remove_dir_all(folder.path("parts")).expect("it is there");
    let output = run(&folder, &["app.toit"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot find `.parts.part`"), "{output:?}");
}

#[test]
fn diagnostics_are_printed_each_time() {
    let folder = Folder::new("cache-warnings");
    folder.file("app.toit", "main:\n  if true:\n  print \"text\"\n");
    for _ in 0..2 {
        let output = run(&folder, &["app.toit"]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("warning"), "{output:?}");
    }
    assert!(entries(&folder).is_empty());
}

#[test]
fn entries_that_are_damaged_or_of_others_are_not_used() {
    let folder = app("cache-damage");
    printed(&folder);
    let entry = only_entry(&folder);
    let good = fs::read(&entry).expect("it is there");
    for step in 0..40 {
        let mut bad = good.clone();
        let place = good.len() * step / 40;
        match step % 2 {
            0 => bad.truncate(place),
            _ => bad[place] ^= 0x10,
        }
        fs::write(&entry, bad).expect("it can be written");
        assert_eq!(printed(&folder), "one\n", "damaged at {place}");
    }
    // It is that of another program, whose files are as they were.
    folder.file("other.toit", "main: print \"other\"\n");
    let other = folder.path("other.toit");
    run(&folder, &[other.to_str().expect("it is text")]);
    let others = entries(&folder).into_iter().find(|path| *path != entry).expect("it has one");
    fs::copy(others, &entry).expect("it can be written");
    assert_eq!(printed(&folder), "one\n");
    // Others could have written it.
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o622)).expect("it is ours");
    let inode = fs::metadata(&entry).expect("it is there").ino();
    assert_eq!(printed(&folder), "one\n");
    assert_ne!(fs::metadata(&entry).expect("it is there").ino(), inode);
}

#[test]
fn programs_run_without_a_cache() {
    let folder = app("cache-absent");
    folder.file("cache", "a file where the folder would be");
    assert_eq!(printed(&folder), "one\n");
    let output =
        folder.command(&["run", "app.toit"]).env_remove("XDG_CACHE_HOME").env("HOME", "/proc").output();
    assert_eq!(output.expect("the process starts").stdout, b"one\n");
}
