//! Unpacks the packages of `cargo xtask dist` into empty folders, and uses them.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use common::{compile, component, empty, flags, host, run, run_host};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The folder with the packages, made once for all tests.
static DIST: LazyLock<PathBuf> = LazyLock::new(|| dist("dist"));

fn dist(name: &str) -> PathBuf {
    let folder = empty(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    run(command.arg("dist").arg("--output").arg(&folder).env("SOURCE_DATE_EPOCH", "1700000000"));
    folder
}

fn archive() -> PathBuf {
    DIST.join(format!("lucarne-{VERSION}-{}-linux.tar.gz", std::env::consts::ARCH))
}

/// Returns the package, and Debian's name for the processor.
fn package() -> (PathBuf, String) {
    let architecture = run(Command::new("dpkg").arg("--print-architecture")).trim().to_owned();
    (DIST.join(format!("lucarne_{VERSION}_{architecture}.deb")), architecture)
}

/// Uses the unpacked files in a folder.
fn use_it(prefix: &Path, folder: &Path) {
    let binary = prefix.join("bin/lucarne");
    assert_eq!(run(Command::new(&binary).arg("--version")), format!("lucarne {VERSION}\n"));
    let program = folder.join("hello.toit");
    std::fs::write(&program, "main: print \"hello\"\n").expect("there is room");
    assert_eq!(run(Command::new(&binary).arg("run").arg(program)), "hello\n");

    let (host_binary, component) = (folder.join("host"), component(prefix, folder));
    compile(&host("host.c"), &host_binary, &flags(prefix, &[]));
    run_host(prefix, &host_binary, &component);
    // The binary also loads components, which find the functions of toit.h in it.
    let program = folder.join("echo.toit");
    let text = "import system.external\nmain: print ((external.Client.open \"test/echo\").request 0 \"x\")\n";
    std::fs::write(&program, text).expect("there is room");
    let mut command = Command::new(binary);
    assert_eq!(run(command.arg("run").arg("--component").arg(component).arg(program)), "#[0x78]\n");
}

#[test]
fn the_archive() {
    let folder = empty("unpacked");
    let prefix = folder.join("prefix");
    std::fs::create_dir(&prefix).expect("there is room");
    run(Command::new("tar").arg("-xzf").arg(archive()).arg("--strip-components=1").arg("-C").arg(&prefix));
    use_it(&prefix, &folder);
}

#[test]
fn the_package() {
    let folder = empty("packaged");
    let root = folder.join("root");
    install(&root);
    use_it(&root.join("usr"), &folder);
    let unit =
        std::fs::read_to_string(root.join("usr/lib/systemd/user/lucarne.service")).expect("the file exists");
    assert!(unit.contains("\nExecStart=/usr/bin/lucarne device start --foreground"), "{unit}");
    let found = run(Command::new("find").args([".", "-mindepth", "1", "-maxdepth", "1"]).current_dir(&root));
    let beside: Vec<&str> = found.lines().filter(|path| *path != "./var").collect();
    assert_eq!(beside, ["./usr"]);
}

/// Installs the package on an empty machine.
fn install(root: &Path) {
    let (package, _) = package();
    let database = root.join("var/lib/dpkg");
    for name in ["info", "updates", "triggers"] {
        std::fs::create_dir_all(database.join(name)).expect("there is room");
    }
    std::fs::write(database.join("status"), "").expect("there is room");
    if run(Command::new("id").arg("-u")).trim() != "0" {
        // Only root can install, even below another root folder; any user can unpack.
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(root));
        return;
    }
    let dpkg = || {
        let mut command = Command::new("dpkg");
        command.arg(format!("--root={}", root.display()));
        command
    };
    // The packages on which it depends are not installed below this root folder.
    run(dpkg().args(["--force-depends", "--install"]).arg(package));
    let status = run(dpkg().args(["--status", "lucarne"]));
    assert!(status.contains("Status: install ok installed"), "{status}");
    assert_eq!(run(dpkg().args(["--verify", "lucarne"])), "");
}

#[test]
fn the_metadata_of_the_package() {
    let (package, architecture) = package();
    let field =
        |name: &str| run(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name)).trim().to_owned();
    assert_eq!(
        [field("Package"), field("Version"), field("Architecture")],
        ["lucarne", VERSION, &architecture]
    );
    assert!(field("Installed-Size").parse::<u32>().is_ok_and(|size| size > 1_000));
    // Every library that the binary is linked with is in one of these packages.
    let depends = field("Depends");
    assert!(depends.starts_with("libc6 (>= 2.") && depends.contains("libgcc-s1 (>= "), "{depends}");
    let root = empty("fields");
    run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&root));
    let needed = run(Command::new("ldd").arg(root.join("usr/bin/lucarne")));
    for line in needed.lines() {
        let known = ["linux-vdso", "libc.so", "libm.so", "ld-linux", "libgcc_s.so"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
}

#[test]
fn the_files_of_the_package() {
    let (package, _) = package();
    let listed = run(Command::new("dpkg-deb").arg("--contents").arg(package));
    for line in listed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (mode, owner, path) = (words[0], words[1], words[5]);
        assert!(owner == "root/root" && words[3] == "2023-11-14" && path.starts_with("usr/"), "{line}");
        let expected = match mode.as_bytes()[0] {
            b'd' => "drwxr-xr-x",
            b'l' => "lrwxrwxrwx",
            _ if path.contains("/bin/") => "-rwxr-xr-x",
            _ => "-rw-r--r--",
        };
        assert_eq!(mode, expected, "{line}");
    }
    for path in [
        "usr/share/doc/lucarne/copyright",
        "usr/share/doc/lucarne/changelog.gz",
        "usr/share/man/man1/lucarne.1.gz",
        "usr/share/man/man1/lucarne-run.1.gz",
        "usr/share/zsh/vendor-completions/_lucarne",
        "usr/lib/cmake/lucarne/lucarneConfig.cmake",
        "usr/lib/liblucarne.so.0 -> liblucarne.so.0.1.0",
    ] {
        assert!(listed.contains(&format!(" {path}\n")), "{path} in {listed}");
    }
}

#[test]
fn packages_are_reproducible() {
    let again = dist("dist-again");
    for first in [archive(), package().0] {
        let second = again.join(first.file_name().expect("a file has a name"));
        assert!(std::fs::read(&first).ok() == std::fs::read(second).ok(), "{}", first.display());
    }
}

/// Checks that the completion script for bash completes a command, for which it calls the binary.
#[test]
fn completion_in_a_shell() {
    let folder = empty("completion");
    run(Command::new("tar").arg("-xzf").arg(archive()).arg("--strip-components=1").arg("-C").arg(&folder));
    let script = "source share/bash-completion/completions/lucarne; PATH=$PWD/bin:$PATH
        COMP_WORDS=(lucarne pkg ins) COMP_CWORD=2 COMP_TYPE=9
        _clap_complete_lucarne lucarne ins; echo \"${COMPREPLY[@]}\"";
    assert_eq!(run(Command::new("bash").args(["-c", script]).current_dir(&folder)), "install\n");
}
