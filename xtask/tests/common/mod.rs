//! Helpers that the tests of `cargo xtask` share.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Makes an empty folder for a test.
pub(crate) fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

pub(crate) fn xtask(arguments: &[&str]) {
    run(Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments));
}

/// Runs a command that must succeed, and returns its output.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the command starts");
    let error = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}\n{error}");
    String::from_utf8(stdout).expect("text")
}

/// Returns the path of a test program.
pub(crate) fn host(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host").join(name)
}

/// Returns the flags of pkg-config for an installation.
pub(crate) fn flags(prefix: &Path, options: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.args(options).args(["--cflags", "--libs", "lucarne"]);
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    run(&mut command).split_whitespace().map(str::to_owned).collect()
}

/// Compiles a C program or library.
pub(crate) fn compile(file: &Path, output: &Path, flags: &[String]) {
    let mut command = Command::new("cc");
    command.args([
        "-std=c11",
        "-D_DEFAULT_SOURCE",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wpedantic",
        "-pthread",
        "-g",
    ]);
    run(command.arg("-o").arg(output).arg(file).args(flags));
}

/// Builds a component that hosts load.
pub(crate) fn component(prefix: &Path, folder: &Path) -> PathBuf {
    let component = folder.join("echo.so");
    let include = format!("-I{}", prefix.join("include").display());
    compile(&host("echo.c"), &component, &["-shared".into(), "-fPIC".into(), include]);
    component
}

/// Runs a host with its program and a component.
pub(crate) fn run_host(prefix: &Path, binary: &Path, component: &Path) {
    let mut command = Command::new(binary);
    command.arg(host("host.toit")).arg(component).env("LD_LIBRARY_PATH", prefix.join("lib"));
    let output = command.output().expect("the command starts");
    let expected = "test/host: hello from test/host\ntest/echo: hello from test/echo\nhost removed\n";
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{error}");
    assert_eq!((output.status.code(), &*error), (Some(7), ""));
}
