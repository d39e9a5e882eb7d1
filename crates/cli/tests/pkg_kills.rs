//! Kills `lucarne pkg` in the middle of its work: the program keeps its old state, or has the new one, and the next
//! command works.

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::packages::World;
use wait_timeout::ChildExt;

/// Makes a program that uses one package, and publishes another one that needs it in a newer version.
fn world(name: &str) -> World {
    let world = World::new(name);
    world.publish("tones", "1.0.0", &[]);
    world.done(&["install", "tones"]);
    world.publish("tones", "1.1.0", &[]);
    world.publish("morse", "1.0.0", &[("tones", "^1.1.0")]);
    world
}

/// Puts a program named `git` into a folder. When it is told to fetch something whose arguments contain `word`, it says
/// so by a line on its standard error, in the file `started`, and waits until the pipe `go` is closed.
fn stopping_git(world: &World, word: &str) {
    let real = Command::new("sh").args(["-c", "command -v git"]).output().expect("there is a shell").stdout;
    let real = String::from_utf8(real).expect("output is UTF-8");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *fetch*{word}*) echo $$ > '{folder}/started.new'; mv '{folder}/started.new' '{folder}/started'; \
         cat '{folder}/go' > /dev/null ;; esac\nexec {} \"$@\"\n",
        real.trim(),
        folder = world.folder.path("").display()
    );
    world.folder.file("bin/git", script);
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(world.folder.path("bin/git"), permissions).expect("the file exists");
    let status = Command::new("mkfifo").arg(world.folder.path("go")).status().expect("mkfifo is installed");
    assert!(status.success());
}

/// Waits until a file exists.
fn wait_for(path: &Path, child: &mut Child) {
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(child.try_wait().expect("the child can be asked").is_none(), "it has ended before");
        assert!(std::time::Instant::now() < until, "there is no {}", path.display());
        std::thread::yield_now();
    }
}

#[test]
fn a_kill_during_a_download_leaves_the_old_state() {
    for (name, word) in
        [("pkg-kill-registry", "example.com/registry"), ("pkg-kill-package", "example.com/tones")]
    {
        let world = world(name);
        let before = (world.read("package.yaml"), world.read("package.lock"));
        stopping_git(&world, word);
        let path =
            format!("{}:{}", world.folder.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut command = world.pkg_command(&["install", "morse"]);
        let mut child = command.env("PATH", path).stderr(Stdio::null()).spawn().expect("the binary starts");
        wait_for(&world.folder.path("started"), &mut child);
        child.kill().expect("it is running");
        child.wait().expect("it has been killed");
        // The waiting git finds the pipe closed, and does its work for no process.
        drop(std::fs::OpenOptions::new().write(true).open(world.folder.path("go")).expect("the pipe exists"));
        let pid = world.folder.read("started");
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while Path::new("/proc").join(pid.trim()).join("exe").read_link().is_ok() {
            assert!(std::time::Instant::now() < until, "git does not end");
            std::thread::yield_now();
        }
        assert_eq!((world.read("package.yaml"), world.read("package.lock")), before, "{name}");
        assert!(!world.folder.path("app/.packages/example.com/morse").exists(), "{name}");
        assert!(world.folder.path("app/.packages/example.com/tones/1.0.0/src/tones.toit").exists(), "{name}");
        assert!(!world.folder.path("app/.packages/example.com/tones/1.1.0").exists(), "{name}");
        world.done(&["install", "morse"]);
        assert!(world.read("package.lock").contains("version: 1.1.0"), "{name}");
        let left =
            std::fs::read_dir(world.folder.path("pkg-cache/new")).expect("the folder exists").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.is_empty(), "{name}: the next command removes what a killed one has left: {left:?}");
    }
}

/// Kills the installation after times that grow until it succeeds.
#[test]
fn a_kill_at_any_time_leaves_the_old_or_the_new_state() {
    let world = world("pkg-kill-times");
    let old = (world.read("package.yaml"), world.read("package.lock"));
    let (mut kills, mut limit_ms) = (0, 1);
    loop {
        let mut child = world
            .pkg_command(&["install", "morse"])
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let status = child.wait_timeout(Duration::from_millis(limit_ms)).expect("the child can be asked");
        if status.is_none() {
            child.kill().expect("it is running");
            child.wait().expect("it has been killed");
            kills += 1;
        }
        let journal = world.folder.path("app/.package.journal");
        let now = (world.read("package.yaml"), world.read("package.lock"));
        if now != old && !journal.exists() {
            assert!(now.0.contains("morse:") && now.1.contains("example.com/morse-1:"), "{now:?}");
        }
        check_packages(&world);
        match status {
            Some(status) => {
                let answer = world.pkg(&["install"]);
                assert!(status.success(), "{status} after {kills} kills; and now: {answer:?}");
                break;
            }
            // The new state can be reached by a killed command: the rest is done again from the old one.
            None if now != old || journal.exists() => {
                world.done(&["uninstall", "morse"]);
                world.folder.file("app/package.yaml", &old.0).file("app/package.lock", &old.1);
            }
            None => {}
        }
        let _ = std::fs::remove_dir_all(world.folder.path("pkg-cache/packages"));
        let _ = std::fs::remove_dir_all(world.folder.path("app/.packages/example.com/morse"));
        let _ = std::fs::remove_dir_all(world.folder.path("app/.packages/example.com/tones/1.1.0"));
        limit_ms += limit_ms / 4 + 3;
    }
    assert!(kills > 3, "only {kills} commands were killed");
}

/// Checks that each package in `.packages` is complete.
fn check_packages(world: &World) {
    for name in ["morse", "tones"] {
        let versions = std::fs::read_dir(world.folder.path(&format!("app/.packages/example.com/{name}")));
        for version in versions.into_iter().flatten().flatten() {
            let source = version.path().join(format!("src/{name}.toit"));
            assert!(
                version.path().join("package.yaml").exists() && source.exists(),
                "{version:?} is incomplete"
            );
        }
    }
}

/// Several commands that change one program wait for each other.
#[test]
fn commands_wait_for_each_other() {
    let world = World::new("pkg-parallel");
    let names = ["a", "b", "c", "d", "e"];
    names.iter().for_each(|name| drop(world.publish(name, "1.0.0", &[])));
    world.done(&["init"]);
    let start =
        |name: &&str| world.pkg_command(&["install", name]).stderr(Stdio::null()).spawn().expect("starts");
    let children: Vec<Child> = names.iter().map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let (spec, lock) = (world.read("package.yaml"), world.read("package.lock"));
    for name in names {
        assert!(
            spec.contains(&format!("  {name}:\n")) && lock.contains(&format!("example.com/{name}-1:\n")),
            "{lock}"
        );
    }
}
