//! Tests of `lucarne pkg` with published packages. Repositories and registries are in folders: no test uses a network.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use common::packages::World;
use common::{answer, completed};
use wait_timeout::ChildExt;

/// Makes a world with two packages, of which one needs the other.
fn world(name: &str) -> World {
    let world = World::new(name);
    world.publish("morse", "1.0.0", &[("tones", "^1.0.0")]);
    world.publish("morse", "1.1.0", &[("tones", "^1.1.0")]);
    world.publish("tones", "1.0.0", &[]);
    world.publish("tones", "1.2.0", &[]);
    world.publish("tones", "2.0.0", &[]);
    world
}

#[test]
fn a_published_package_is_installed_and_used() {
    let world = world("pkg-published");
    world.folder.file("app/main.toit", "import morse\nmain: print morse.version\n");
    assert_eq!(world.done(&["init"]).error, "made package.yaml and package.lock\n");
    let answer = world.done(&["install", "morse"]);
    assert_eq!(
        (answer.error.as_str(), answer.out.as_str()),
        ("installed example.com/morse@1.1.0: import morse\n", "")
    );
    assert_eq!(world.folder.lucarne(&["run", "app/main.toit"]).out, "1.1.0\n");
    let spec = world.read("package.yaml");
    assert!(
        spec.ends_with("dependencies:\n  morse:\n    url: example.com/morse\n    version: ^1.1.0\n"),
        "{spec}"
    );
    let hash = |name: &str, tag| world.repository(name, &["rev-parse", tag]);
    let expected = format!(
        "prefixes:\n  morse: example.com/morse-1\npackages:\n  example.com/morse-1:\n    hash: {}    prefixes:\n      \
         tones: example.com/tones-1\n    url: example.com/morse\n    version: 1.1.0\n  example.com/tones-1:\n    \
         hash: {}    url: example.com/tones\n    version: 1.2.0\n",
        hash("morse", "v1.1.0"),
        hash("tones", "v1.2.0")
    );
    assert_eq!(world.read("package.lock"), expected);
    assert_eq!(
        world.read(".packages/contents.json"),
        "{\"example.com/morse\":{\"1.1.0\":\"example.com/morse/1.1.0\"},\"example.com/tones\":{\"1.2.0\":\"example.com/tones/1.2.0\"}}\n"
    );
    let file = world.folder.path("app/.packages/example.com/morse/1.1.0/package.yaml");
    let mode = std::fs::metadata(file).expect("the file exists").permissions().mode();
    assert_eq!(mode & 0o222, 0, "files of packages cannot be edited by mistake");
    let listed = world.done(&["list"]).out;
    assert!(listed.contains("morse    example.com/morse-1   1.1.0     example.com/morse\n"), "{listed}");
}

#[test]
fn constraints_choose_the_version() {
    let world = world("pkg-constraints");
    world.done(&["install", "--prefix", "a", "tones@1.0"]);
    world.done(&["install", "--prefix", "b", "tones@2"]);
    let spec = world.read("package.yaml");
    assert!(spec.contains("version: ~1.0.0") && spec.contains("version: ^2.0.0"), "{spec}");
    let refused = |words: &[&str], status, said: &str| {
        let answer = world.pkg(&[&["install"], words].concat());
        assert!(answer.status == Some(status) && answer.error.contains(said), "{words:?}: {answer:?}");
        assert_eq!(world.read("package.yaml"), spec, "{words:?}");
    };
    refused(&["tones@9"], 1, "no version 9 of example.com/tones exists; there are 2.0.0, 1.2.0 and 1.0.0");
    refused(&["--prefix", "a", "tones@2"], 2, "the prefix `a` is that of example.com/tones ~1.0.0 already");
    refused(
        &["gone"],
        1,
        "no registry lists a package `gone`: check the spelling: 'lucarne pkg search TEXT'",
    );
    refused(
        &["example"],
        1,
        "no registry lists a package `example`: 'lucarne pkg search example' finds 2 whose names",
    );
    refused(&["Tone"], 1, "no registry lists a package `Tone`: did you mean `tones`?");
    refused(&["morse@1.1"], 1, "Because example.com/morse 1.1.0 needs example.com/tones ^1.1.0");
    refused(&["--prefix", "1x", "morse"], 2, "cannot be the prefix of an import");
    refused(&["--prefix", "if", "morse"], 2, "`if` cannot be a prefix: it is a keyword");
}

#[test]
fn packages_are_updated_uninstalled_and_cleaned() {
    let world = world("pkg-update");
    world.done(&["install", "morse@1.0.0"]);
    world.done(&["install", "tones"]);
    world.done(&["uninstall", "tones"]);
    assert_eq!(world.done(&["update"]).error, "all packages have their newest suitable versions\n");
    world.done(&["uninstall", "morse"]);
    world.done(&["install", "morse@^1.0.0"]);
    assert_eq!(
        world.done(&["update"]).error,
        "raised the constraint of morse in package.yaml from ^1.0.0 to ^1.1.0, the version in use\n"
    );
    assert!(world.read("package.yaml").contains("version: ^1.1.0"));
    assert_eq!(world.done(&["update"]).error, "all packages have their newest suitable versions\n");
    world.publish("morse", "1.3.0", &[]);
    assert_eq!(world.done(&["update"]).error, "updated example.com/morse to 1.3.0\n");
    assert!(world.read("package.yaml").contains("version: ^1.3.0"));
    assert!(!world.read("package.lock").contains("tones"), "it is not needed any more");
    assert_eq!(world.done(&["clean"]).error, "removed 4 packages\n");
    assert!(!world.folder.path("app/.packages/example.com/tones").exists());
    let answer = world.pkg(&["uninstall", "tones"]);
    let said = "lucarne: no package has the prefix `tones`: there are morse\n";
    assert_eq!((answer.status, answer.error.as_str()), (Some(2), said));
    world.done(&["uninstall", "morse"]);
    assert!(world.read("package.yaml").contains("dependencies: {}"));
    assert_eq!(world.read("package.lock"), "# This program uses no packages.\n");
}

#[test]
fn a_new_version_does_not_change_what_is_installed() {
    let world = world("pkg-kept");
    world.done(&["install", "morse"]);
    let lock = world.read("package.lock");
    world.publish("tones", "1.9.0", &[]);
    world.done(&["install", "--prefix", "second", "tones@2"]);
    assert!(world.read("package.lock").contains("version: 1.2.0"), "{lock}");
    world.done(&["install", "--recompute"]);
    assert!(world.read("package.lock").contains("version: 1.2.0"), "{lock}");
}

#[test]
fn a_program_is_restored_without_a_network() {
    let world = world("pkg-offline");
    world.done(&["install", "morse"]);
    let (spec, lock) = (world.read("package.yaml"), world.read("package.lock"));
    std::fs::remove_dir_all(world.folder.path("app/.packages")).expect("the folder exists");
    world.unplug();
    let answer = world.done(&["install"]);
    assert_eq!(answer.error, "installed 2 packages\n");
    assert!(world.folder.path("app/.packages/example.com/tones/1.2.0/src/tones.toit").exists());
    assert_eq!((world.read("package.yaml"), world.read("package.lock")), (spec, lock));
    // What was downloaded last is used, with a warning.
    let answer = world.done(&["install", "--prefix", "t", "tones@1.2"]);
    assert!(
        answer.error.contains("warning: registry test: git cannot read https://example.com/registry"),
        "{answer:?}"
    );
    assert!(!world.done(&["search", "--no-auto-sync", "morse"]).error.contains("warning"));
    // What was never downloaded cannot be installed, and nothing changes.
    let before = world.read("package.lock");
    let answer = world.pkg(&["install", "--prefix", "two", "tones@2"]);
    assert!(answer.status == Some(1) && answer.error.contains("git cannot download"), "{answer:?}");
    assert_eq!(world.read("package.lock"), before);
    // A registry that was never downloaded is named once, with the reason.
    std::fs::remove_dir_all(world.folder.path("pkg-cache/registries")).expect("the folder exists");
    let answer = world.pkg(&["install", "bells"]);
    assert_eq!((answer.status, answer.error.matches("warning").count()), (Some(1), 1), "{answer:?}");
    assert!(answer.error.contains("no registry lists a package `bells`"), "{answer:?}");
    assert!(answer.error.contains("not all of them could be read (test): 'lucarne pkg sync'"), "{answer:?}");
}

#[test]
fn packages_are_searched_and_listed() {
    let world = world("pkg-search");
    let answer = world.done(&["search", "ABOUT"]);
    let expected = "NAME    VERSION   URL                 DESCRIPTION\nmorse   1.1.0     example.com/morse   About morse.\n\
                    tones   2.0.0     example.com/tones   About tones.\n";
    assert_eq!(answer.out, expected);
    let answer = world.done(&["search", "--verbose", "example.com/mor"]);
    assert!(
        answer
            .out
            .starts_with("morse 1.1.0\n  description: About morse.\n  url:         example.com/morse\n"),
        "{answer:?}"
    );
    assert!(answer.out.contains("  needs:       example.com/tones ^1.1.0\n"), "{answer:?}");
    let answer = world.done(&["list", "--json", "test"]);
    let list: serde_json::Value = serde_json::from_str(&answer.out).expect("the output is JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(5));
    let answer = world.pkg(&["list", "nowhere"]);
    assert_eq!(answer.error, "lucarne: unknown registry `nowhere`: 'lucarne pkg registry list' lists them\n");
}

#[test]
fn registries_are_added_and_removed() {
    let world = world("pkg-registry");
    world
        .folder
        .file("mine/bells/desc.yaml", "name: bells\nurl: example.com/bells\nversion: 1.0.0\nhash: abc\n");
    world.done(&["registry", "add", "--local", "mine", "mine"]);
    world.done(&["registry", "add", "--local", "mine", "mine"]);
    assert!(world.done(&["search", "bells"]).out.contains("example.com/bells"));
    let shown = world.done(&["registry", "list"]).out;
    let mine = world.folder.path("mine").display().to_string();
    assert_eq!(
        shown,
        format!("NAME   TYPE    PLACE\ntest   git     example.com/registry\nmine   local   {mine}\n")
    );
    let refused = |words: &[&str], status, said: &str| {
        let answer = world.pkg(&[&["registry"], words].concat());
        assert!(answer.status == Some(status) && answer.error.contains(said), "{words:?}: {answer:?}");
        assert_eq!(world.done(&["registry", "list"]).out, shown, "{words:?}");
    };
    refused(&["add", "test", "example.com/other"], 2, "the registry `test` exists already");
    refused(&["add", "new", "example.com/nowhere"], 1, "git cannot read https://example.com/nowhere");
    refused(&["add", "new", "ext::sh -c date"], 1, "the address `ext::sh -c date` is invalid");
    refused(&["add", "--local", "new", "nowhere"], 1, "the folder does not exist");
    refused(&["remove", "other"], 2, "unknown registry `other`");
    refused(&["sync", "other"], 2, "unknown registry `other`");
    world.done(&["registry", "remove", "test"]);
    world.done(&["registry", "remove", "mine"]);
    assert_eq!(world.done(&["registry", "list", "--json"]).out, "[]\n");
    assert_eq!(world.folder.read("registries.yaml"), "{}\n", "no default registry comes back");
}

#[test]
fn a_registry_is_downloaded_again() {
    let world = world("pkg-sync");
    assert_eq!(world.done(&["sync"]).error, "the registries have 2 packages\n");
    world.publish("bells", "1.0.0", &[]);
    let is_found = |arguments: &[&str]| world.done(arguments).out.contains("bells");
    assert!(!is_found(&["search", "--no-auto-sync", "bells"]), "nothing was downloaded");
    assert!(is_found(&["search", "bells"]));
    // A history that was rewritten.
    world.repository("registry", &["reset", "--quiet", "--hard", "HEAD~1"]);
    assert!(!is_found(&["search", "bells"]));
    let answer = world.done(&["search", "bells"]);
    assert_eq!(answer.out, "");
    assert!(answer.error.ends_with("no package has 'bells' in its name, description or URL\n"), "{answer:?}");
    // A damaged cache is noticed, and downloaded again.
    damage(&world);
    assert!(world.done(&["search", "--no-auto-sync", "morse"]).error.contains("has not been downloaded yet"));
    assert!(world.done(&["search", "morse"]).out.contains("example.com/morse"));
    damage(&world);
    world.done(&["sync", "--clear-cache"]);
    assert!(world.done(&["search", "morse"]).out.contains("example.com/morse"));
}

/// Damages the repositories of the registries in the cache.
fn damage(world: &World) {
    for registry in
        std::fs::read_dir(world.folder.path("pkg-cache/registries")).expect("the folder exists").flatten()
    {
        for state in std::fs::read_dir(registry.path()).into_iter().flatten().flatten() {
            let head = state.path().join("HEAD");
            if head.exists() {
                std::fs::write(head, "").expect("the file can be written");
            }
        }
    }
}

#[test]
fn a_changed_version_is_refused() {
    let world = world("pkg-hash");
    // The author has moved the tag after the version was published, and the old commit is lost.
    world.publish_files("tones", "9.9.9", &[("src/tones.toit", "version: return \"evil\"\n")]);
    world.repository("tones", &["tag", "--force", "v1.2.0", "v9.9.9"]);
    let published =
        world.repository("registry", &["show", "HEAD:packages/example.com/tones/1.2.0/desc.yaml"]);
    let published = published.split("hash: ").nth(1).expect("it has a hash").trim().to_owned();
    world.folder.file("app/package.yaml", "");
    let lost = published.replace(|letter: char| letter.is_ascii_digit(), "f");
    world.describe("tones", "1.2.0", &format!("name: tones\nhash: {lost}\n"));
    let answer = world.pkg(&["install", "tones@1.2"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(
        answer.error.contains("example.com/tones@1.2.0 has not the commit that was expected"),
        "{answer:?}"
    );
    assert!(answer.error.contains("its tag names "), "{answer:?}");
    assert_eq!(world.read("package.yaml"), "");
    assert!(
        !world.folder.path("app/package.lock").exists()
            && !world.folder.path("app/.packages/example.com").exists()
    );
    // The commit still exists: it counts, and not the tag.
    world.describe("tones", "1.2.0", &format!("name: tones\nhash: {published}\n"));
    world.done(&["install", "tones@1.2"]);
    assert!(world.read(".packages/example.com/tones/1.2.0/src/tones.toit").contains("1.2.0"));
}

#[test]
fn git_that_is_missing_is_named() {
    let world = world("pkg-no-git");
    let mut command = world.pkg_command(&["install", "morse"]);
    let answer = answer(command.env("PATH", world.folder.path("empty")));
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(answer.error.contains("cannot run git, which downloads packages"), "{answer:?}");
    assert!(answer.error.contains("apt install git"), "{answer:?}");
}

#[test]
fn a_download_that_fails_on_this_machine_is_not_called_a_changed_version() {
    let world = world("pkg-full-disk");
    world.done(&["install", "tones"]);
    std::fs::remove_dir_all(world.folder.path("app/.packages")).expect("it was made");
    let fails = "#!/bin/sh\ncase \" $* \" in *\" fetch \"*) echo 'fatal: write error: No space left on device' >&2; exit 128;; esac\n\
                 PATH=${PATH#*:} exec git \"$@\"\n";
    world.folder.file("tools/git", fails);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.folder.path("tools/git"), mode).expect("it was made");
    let path =
        format!("{}:{}", world.folder.path("tools").display(), std::env::var("PATH").expect("it is set"));
    let mut command = world.pkg_command(&["install"]);
    command.env("PATH", path).env("LUCARNE_PKG_CACHE", world.folder.path("another-cache"));
    let answer = answer(&mut command);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    let expected = "git cannot download refs/tags/v2.0.0 of https://example.com/tones: write error: No space left on device";
    assert!(answer.error.contains(expected), "{answer:?}");
}

#[test]
fn the_files_of_a_program_keep_their_permissions_and_links() {
    let world = world("pkg-permissions");
    world.done(&["install", "tones"]);
    let path = |name: &str| world.folder.path(&format!("app/{name}"));
    std::fs::rename(path("package.yaml"), world.folder.path("shared.yaml")).expect("it was made");
    std::os::unix::fs::symlink("../shared.yaml", path("package.yaml")).expect("it is new");
    for file in [world.folder.path("shared.yaml"), path("package.lock")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("it was made");
    }
    world.done(&["install", "morse"]);
    assert!(world.folder.read("shared.yaml").contains("morse"));
    for file in ["package.yaml", "package.lock"] {
        let mode = std::fs::metadata(path(file)).expect("it was made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(path("package.yaml").is_symlink());
}

#[test]
fn a_folder_needs_no_registry() {
    let world = World::new("pkg-folder");
    world.folder.file("tones/src/tones.toit", "").file("tones/package.yaml", "name: tones\n");
    world.unplug();
    let mut command = world.pkg_command(&["install", "--local", "tones"]);
    let answer = answer(command.env("PATH", world.folder.path("empty")));
    assert_eq!(
        (answer.status, answer.error.as_str()),
        (Some(0), "installed tones: import tones\n"),
        "{answer:?}"
    );
}

#[test]
fn files_that_disagree_are_refused_or_made_again() {
    let world = world("pkg-disagree");
    world.done(&["install", "morse"]);
    let spec = world.read("package.yaml");
    world.folder.file("app/package.yaml", "");
    let answer = world.pkg(&["install", "tones"]);
    assert!(answer.status == Some(1) && answer.error.contains("only in package.lock: morse"), "{answer:?}");
    world.folder.file(
        "app/package.yaml",
        format!("{spec}  tones:\n    url: example.com/tones\n    version: ^2.0.0\n"),
    );
    assert!(world.pkg(&["install", "--prefix", "x", "tones"]).error.contains("only in package.yaml: tones"));
    assert_eq!(world.done(&["install"]).error, "installed 3 packages\n");
    std::fs::remove_file(world.folder.path("app/package.yaml")).expect("the file exists");
    let answer = world.pkg(&["install"]);
    assert!(
        answer.status == Some(1) && answer.error.contains("has a package.lock, but no package.yaml"),
        "{answer:?}"
    );
    assert_eq!(world.pkg(&["init"]).status, Some(2));
}

/// A damaged lock file is an error that changes nothing. The commands that make it again must be asked for.
#[test]
fn a_damaged_lock_file_is_refused() {
    let world = world("pkg-damaged-lock");
    world.done(&["install", "morse@1.0.0"]);
    world.publish("tones", "1.3.0", &[]);
    let (spec, lock) = (world.read("package.yaml"), world.read("package.lock"));
    let cut = lock[..lock.len() - 20].to_owned();
    let hostile = lock.replace("url: example.com/tones", "url: ../../tones");
    let (no_version, bad_version) = (lock.replace("1.0.0\n", "\n"), lock.replace("1.0.0\n", "1.x.0\n"));
    let bad_hash = lock.replace("hash: ", "hash: zz");
    for (damaged, line) in [
        (&cut, 10),
        (&format!("<<<<<<< HEAD\n{lock}"), 2),
        (&no_version, 9),
        (&bad_version, 8),
        (&bad_hash, 8),
        (&hostile, 12),
    ] {
        for command in [
            &["install"][..],
            &["install", "tones"],
            &["install", "--local", "other"],
            &["uninstall", "morse"],
            &["clean"],
            &["list"],
        ] {
            world.folder.file("other/src/other.toit", "").file("other/package.yaml", "name: other\n");
            world.folder.file("app/package.lock", damaged);
            let answer = world.pkg(command);
            assert_eq!((answer.status, &*answer.out), (Some(1), ""), "{command:?}: {answer:?}");
            assert!(answer.error.contains(&format!("package.lock:{line}: ")), "{command:?}: {answer:?}");
            assert!(
                answer.error.contains("'lucarne pkg install --recompute' keeps"),
                "{command:?}: {answer:?}"
            );
            assert_eq!((&world.read("package.lock"), &world.read("package.yaml")), (damaged, &spec));
        }
    }
    // What can be read stays as it is.
    world.done(&["install", "--recompute"]);
    assert!(world.read("package.lock").contains("version: 1.0.0"), "{}", world.read("package.lock"));
    for damaged in [&cut, &hostile] {
        world.folder.file("app/package.lock", damaged);
        let answer = world.done(&["update"]);
        assert!(answer.error.contains("updated example.com/tones to 1.3.0"), "{answer:?}");
    }
}

#[test]
fn published_versions_are_described() {
    let world = world("pkg-describe");
    let files = [
        (
            "package.yaml",
            "name: bells\ndescription: Rings.\ndependencies:\n  t:\n    url: example.com/tones\n    version: ^1.0.0\n",
        ),
        ("src/bells.toit", ""),
        ("LICENSE", include_str!("../../../LICENSE-MIT")),
    ];
    let hash = world.publish_files("bells", "1.0.0", &files);
    let answer = world.done(&["describe", "https://example.com/bells.git", "v1.0.0"]);
    let expected = format!(
        "description: Rings.\nname: bells\nversion: v1.0.0\nurl: example.com/bells\nhash: {hash}\nlicense: MIT\n\
         dependencies:\n  - url: example.com/tones\n    version: ^1.0.0\n"
    );
    assert_eq!(answer.out, expected);
    world.done(&["describe", "example.com/bells", "v1.0.0", "--out-dir", "repositories/registry"]);
    world.commit("registry", "Add bells");
    world.done(&["install", "bells"]);
    let refused = |words: &[&str], status, said: &str| {
        let answer = world.pkg(&[&["describe"], words].concat());
        assert!(answer.status == Some(status) && answer.error.contains(said), "{words:?}: {answer:?}");
    };
    assert_eq!(world.done(&["describe", "example.com/bells", "1.0.0"]).out, expected);
    refused(&["example.com/bells", "1.0"], 1, "it is a tag of the form v1.2.3");
    refused(&["example.com/bells", "v1.0"], 1, "it is a tag of the form v1.2.3");
    refused(&["example.com/bells", "v9.0.0"], 1, "git cannot download refs/tags/v9.0.0");
    refused(&["example.com/bells"], 2, "is not a folder");
    refused(&["--out-dir", "x"], 2, "VERSION");
}

#[test]
fn packages_and_registries_are_completed() {
    let world = world("pkg-complete");
    let complete =
        |words: &[&str]| completed(world.folder.command(&["--"]), &[&["lucarne", "pkg"], words].concat());
    assert!(!complete(&["install", "mor"]).contains(&"morse".to_owned()), "nothing has been downloaded");
    world.done(&["install", "morse"]);
    assert_eq!(complete(&["install", "mor"]), ["morse"]);
    assert_eq!(complete(&["install", "example.com/"]), ["example.com/morse", "example.com/tones"]);
    assert_eq!(complete(&["install", "tones@1"]), ["tones@1.2.0", "tones@1.0.0"]);
    assert_eq!(complete(&["registry", "remove", ""]).first().map(String::as_str), Some("test"));
    assert_eq!(complete(&["uninstall", "--project-root", "app", "m"]), ["morse"]);
    assert_eq!(complete(&["describe", "example.com/morse", "v1.1"]), ["v1.1.0"]);
}

/// Two downloads of which each waits for the other one to begin: one opens a pipe for reading, the other for writing.
#[test]
fn packages_are_downloaded_side_by_side() {
    let world = World::new("pkg-side-by-side");
    world.publish("bells", "1.0.0", &[("tones", "^1.0.0")]);
    world.publish("tones", "1.0.0", &[]);
    let folder = world.folder.path("").display().to_string();
    assert!(
        Command::new("mkfifo")
            .arg(world.folder.path("pipe"))
            .status()
            .expect("mkfifo is installed")
            .success()
    );
    let real = Command::new("sh").args(["-c", "command -v git"]).output().expect("there is a shell").stdout;
    let real = String::from_utf8(real).expect("output is UTF-8");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *fetch*/bells*) cat '{folder}/pipe' > /dev/null ;; *fetch*/tones*) : > '{folder}/pipe' ;; \
         esac\nexec {} \"$@\"\n",
        real.trim()
    );
    world.folder.file("bin/git", script);
    let git = world.folder.path("bin/git");
    std::fs::set_permissions(git, std::fs::Permissions::from_mode(0o755)).expect("the file exists");
    let path = format!("{folder}/bin:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = world.pkg_command(&["install", "--quiet", "bells"]);
    let mut child = command.env("PATH", path).spawn().expect("the binary starts");
    let status = child.wait_timeout(Duration::from_secs(60)).expect("the child can be asked");
    if status.is_none() {
        child.kill().expect("it is running");
    }
    assert!(status.is_some_and(|status| status.success()), "the downloads wait for each other");
}
