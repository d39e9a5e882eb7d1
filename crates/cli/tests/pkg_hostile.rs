//! Registries, packages and lock files whose author means harm. Nothing of them may leave its folder or be run.

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::packages::{World, with_repositories};

#[test]
fn hostile_descriptions_are_left_out() {
    let world = World::new("pkg-hostile-descriptions");
    world.publish("good", "1.0.0", &[]);
    let hash = "0123456789012345678901234567890123456789";
    let place = |number: usize| format!("repositories/registry/packages/bad/{number}/desc.yaml");
    let bad = [
        format!("name: evil\nurl: ../../../evil\nversion: 1.0.0\nhash: {hash}\n"),
        format!("name: evil\nurl: /etc\nversion: 1.0.0\nhash: {hash}\n"),
        format!("name: evil\nurl: ext::touch marker\nversion: 1.0.0\nhash: {hash}\n"),
        format!("name: evil\nurl: --upload-pack=touch marker\nversion: 1.0.0\nhash: {hash}\n"),
        format!("name: evil\nurl: e.com/x\nversion: 1.0.0/../../..\nhash: {hash}\n"),
        "name: evil\nurl: e.com/x\nversion: 1.0.0\nhash: --upload-pack=x\n".to_owned(),
        format!(
            "name: evil\nurl: e.com/x\nversion: 1.0.0\nhash: {hash}\ndependencies:\n  - url: ../x\n    version: ^1.0.0\n"
        ),
        format!("name: evil\nurl: e.com/x\nversion: 1.0.0\nhash: {hash}\n{}", "#".repeat(70_000)),
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n".to_owned(),
        "[".repeat(10_000),
        "\0\u{1b}[2J".to_owned(),
    ];
    for (number, text) in bad.iter().enumerate() {
        world.folder.file(&place(number), text);
    }
    let link = world.folder.path("repositories/registry/packages/link");
    fs::create_dir_all(&link).expect("a folder can be made");
    std::os::unix::fs::symlink("/etc/passwd", link.join("desc.yaml")).expect("a link can be made");
    world.commit("registry", "Add bad ones");
    let answer = world.done(&["search", ""]);
    assert_eq!(answer.out.lines().count(), 2, "only the good one is listed: {answer:?}");
    assert_eq!(answer.error.matches("is left out").count(), bad.len(), "{answer:?}");
    assert!(!answer.error.contains('\u{1b}') && !answer.error.contains("passwd"), "{answer:?}");
    // The same as a folder.
    world.done(&["registry", "add", "--local", "folder", "repositories/registry"]);
    let answer = world.done(&["list", "folder"]);
    assert_eq!(answer.out.lines().count(), 2, "{answer:?}");
    world.done(&["install", "good"]);
}

#[test]
fn control_characters_of_descriptions_are_escaped() {
    let world = World::new("pkg-hostile-text");
    world.describe(
        "x",
        "1.0.0",
        "name: x\nhash: abcd\ndescription: \"\\e[2J\\u202eevil\"\nlicense: \"\\e[1A\"\n",
    );
    for words in [&["search", "x"][..], &["search", "-v", "x"], &["search", "--json", "x"], &["list", "test"]]
    {
        let answer = world.done(words);
        assert!(!answer.out.contains(['\u{1b}', '\u{202e}']) || words.contains(&"--json"), "{answer:?}");
        assert!(!answer.out.contains('\u{1b}'), "{answer:?}");
    }
}

/// Makes a commit of one file with any path, which `git add` would refuse. Returns the commit.
fn commit_with_path(world: &World, repository: &str, path: &str) -> String {
    let folder = world.folder.path("repositories").join(repository);
    let run = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(&folder).args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
        with_repositories(&mut command, &folder, &[]).args(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
        child.stdin.take().expect("piped").write_all(input).expect("git reads");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).expect("output is UTF-8").trim().to_owned()
    };
    let tree_of = |mode: &str, object: &str, name: &str| {
        // The raw form of a tree takes any name.
        let mut tree = format!("{mode} {name}\0").into_bytes();
        let digits: Vec<u8> = object.bytes().collect();
        let byte = |pair: &[u8]| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("hexadecimal digits")
        };
        tree.extend(digits.chunks(2).map(byte));
        run(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &tree)
    };
    let blob = run(&["hash-object", "-w", "--stdin"], b"evil\n");
    let mut object = tree_of("100644", &blob, path.rsplit('/').next().expect("a name"));
    for name in path.rsplit('/').skip(1) {
        object = tree_of("40000", &object, name);
    }
    let commit = run(&["commit-tree", "-m", "evil", &object], b"");
    run(&["tag", "--force", "v1.0.0", &commit], b"");
    commit
}

#[test]
fn paths_that_leave_the_package_are_refused() {
    let world = World::new("pkg-hostile-paths");
    world.publish("evil", "1.0.0", &[]);
    let before = (world.done(&["init"]), world.read("package.lock"));
    for path in
        ["../../../outside", "../outside", ".git/hooks/post-checkout", ".GIT/config", "src/a\\b", "src/a\nb"]
    {
        let commit = commit_with_path(&world, "evil", path);
        world.describe("evil", "1.0.0", &format!("name: evil\nhash: {commit}\n"));
        let answer = world.pkg(&["install", "evil"]);
        assert_eq!(answer.status, Some(1), "{path:?}: {answer:?}");
        assert!(answer.error.contains("is refused: it would be outside"), "{path:?}: {answer:?}");
        assert_eq!(world.read("package.lock"), before.1, "{path:?}");
        assert!(!world.folder.path("app/.packages/example.com").exists(), "{path:?}");
    }
    for outside in
        ["outside", "app/outside", "pkg-cache/outside", "pkg-cache/new/outside", "pkg-cache/packages/outside"]
    {
        assert!(!world.folder.path(outside).exists(), "{outside}");
    }
}

#[test]
fn links_hooks_and_filters_have_no_effect() {
    let world = World::new("pkg-hostile-links");
    world.publish("evil", "1.0.0", &[]);
    let repository = world.folder.path("repositories/evil");
    let marker = world.folder.path("marker");
    std::os::unix::fs::symlink("/etc/passwd", repository.join("src/secret.toit"))
        .expect("a link can be made");
    std::os::unix::fs::symlink("../../../../..", repository.join("src/up")).expect("a link can be made");
    world.folder.file("repositories/evil/.gitattributes", "*.toit filter=evil\n");
    world
        .folder
        .file("repositories/evil/.gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = --upload-pack=x\n");
    world.folder.file("repositories/evil/package.yaml", "name: evil\nscripts:\n  install: touch marker\n");
    let script = format!("#!/bin/sh\ntouch '{}'\n", marker.display());
    for file in ["install.sh", "Makefile", "hooks/post-checkout", "src/run.sh"] {
        world.folder.file(&format!("repositories/evil/{file}"), &script);
    }
    world.commit("evil", "evil");
    world.repository("evil", &["tag", "v1.1.0"]);
    let hash = world.repository("evil", &["rev-parse", "HEAD"]);
    world.describe("evil", "1.1.0", &format!("name: evil\nhash: {}\n", hash.trim()));
    world.done(&["install", "evil"]);
    let installed = world.folder.path("app/.packages/example.com/evil/1.1.0");
    assert!(installed.join("src/run.sh").exists(), "it is a file like any other");
    assert!(installed.join("src/secret.toit").symlink_metadata().is_err(), "links are left out");
    assert!(installed.join("src/up").symlink_metadata().is_err(), "links are left out");
    assert!(!marker.exists(), "nothing was run");
}

#[test]
fn a_package_with_local_dependencies_is_refused() {
    let world = World::new("pkg-hostile-local");
    let files = [
        ("package.yaml", "name: evil\ndependencies:\n  home:\n    path: ../../../../..\n"),
        ("src/evil.toit", ""),
    ];
    let hash = world.publish_files("evil", "1.0.0", &files);
    world.describe("evil", "1.0.0", &format!("name: evil\nhash: {hash}\n"));
    let answer = world.pkg(&["install", "evil"]);
    assert!(
        answer.status == Some(1) && answer.error.contains("it needs a package in a folder"),
        "{answer:?}"
    );
    assert!(!world.folder.path("app/package.lock").exists());
}

#[test]
fn a_package_that_needs_more_than_its_description_says_is_refused() {
    let world = World::new("pkg-hostile-needs");
    let files = [
        ("package.yaml", "name: sly\ndependencies:\n  x:\n    url: example.com/x\n    version: ^1.0.0\n"),
        ("src/sly.toit", ""),
    ];
    let hash = world.publish_files("sly", "1.0.0", &files);
    world.describe("sly", "1.0.0", &format!("name: sly\nhash: {hash}\n"));
    let answer = world.pkg(&["install", "sly"]);
    assert!(
        answer.status == Some(1) && answer.error.contains("which its description does not list"),
        "{answer:?}"
    );
}

#[test]
fn hostile_lock_files_have_no_effect() {
    let world = World::new("pkg-hostile-lock");
    let hash = world.publish("good", "1.0.0", &[]);
    let lock = |url: &str, version: &str, hash: &str| {
        let text = format!(
            "prefixes:\n  x: x\npackages:\n  x:\n    url: \"{url}\"\n    version: \"{version}\"\n    hash: \"{hash}\"\n"
        );
        world.folder.file("app/package.lock", text);
        world.folder.file(
            "app/package.yaml",
            "dependencies:\n  x:\n    url: example.com/good\n    version: ^1.0.0\n",
        );
    };
    for (url, version, commit) in [
        ("../../outside", "1.0.0", hash.as_str()),
        ("example.com/good", "../../../../outside", &hash),
        ("example.com/good", "1.0.0", "--upload-pack=touch marker"),
        ("ext::touch marker", "1.0.0", &hash),
        ("--upload-pack=x", "1.0.0", &hash),
        ("/tmp", "1.0.0", &hash),
    ] {
        lock(url, version, commit);
        let answer = world.pkg(&["install"]);
        assert!(
            answer.status == Some(1) && answer.error.contains("is invalid"),
            "{url} {version}: {answer:?}"
        );
    }
    assert!(!world.folder.path("outside").exists() && !world.folder.path("marker").exists());
    lock("example.com/good", "1.0.0", &hash);
    world.done(&["install"]);
}
