//! Components in C, built with the system's compiler and its sanitizers.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const FLAGS: &[&str] =
    &["-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-fPIC", "-pthread", "-g"];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/components").join(name)
}

fn include_dir() -> PathBuf {
    let folder = lucarne(&["c", "include-dir"], &[]);
    PathBuf::from(String::from_utf8(folder.stdout).expect("a path").trim_end())
}

fn lucarne(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
    command.args(arguments).envs(environment.iter().copied()).output().expect("the command starts")
}

fn compile(compiler: &str, standard: &str, more: &[&str], file: &Path, output: &Path) {
    let built = Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(FLAGS)
        .args(more)
        .arg("-I")
        .arg(include_dir())
        .arg("-o")
        .arg(output)
        .arg(file)
        .output()
        .expect("a compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

fn library(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.so"))
}

/// Runs a program with its component, under the address and the leak sanitizer.
fn run(name: &str) -> String {
    let library = library(name);
    compile("cc", "c11", &["-shared", "-fsanitize=address"], &source(&format!("{name}.c")), &library);
    let sanitizer = Command::new("cc").arg("-print-file-name=libasan.so").output().expect("a compiler");
    let sanitizer = String::from_utf8(sanitizer.stdout).expect("a path");
    let environment = [
        ("LD_PRELOAD", sanitizer.trim_end()),
        ("ASAN_OPTIONS", "detect_leaks=1:allocator_may_return_null=1"),
    ];
    let program = source(&format!("{name}.toit"));
    let arguments = ["run", "--component", &library.to_string_lossy(), &program.to_string_lossy()];
    let output = lucarne(&arguments, &environment);
    let error = String::from_utf8_lossy(&output.stderr);
    // Allocations that fail on purpose give a warning, which is not an error.
    let is_remark = |line: &str| line.contains("WARNING: AddressSanitizer failed to allocate");
    assert!(output.status.success() && error.lines().all(is_remark), "{:?}\n{error}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn refused_calls() {
    let expected = "notify: #[0x03, 0x03, 0x02, 0x02, 0x04, 0x04, 0x00, 0x02, 0x07, 0x00]
notified of 0
notified of 100000
reply: #[0x07]
and then: #[0x03, 0x03, 0x03, 0x04, 0x04, 0x04, 0x03, 0x03, 0x04, 0x03, 0x03]
DEADLINE_EXCEEDED
too late: #[0x02, 0x03]
without memory: #[0x01]
memory: #[0x00, 0x00, 0x01, 0x01, 0x00]
OUT_OF_MEMORY
ERROR
OUT_OF_RANGE
NOT_FOUND
ALREADY_IN_USE
ALREADY_CLOSED
ALREADY_CLOSED
false
";
    assert_eq!(run("codes"), expected);
}

#[test]
fn handlers_are_removed() {
    let output = run("removal");
    let count = |text: &str| output.lines().filter(|line| *line == text).count();
    for once in [
        "first created",
        "second created",
        "last created",
        "first: in the callback",
        "first removed",
        "answer: removing",
        "unanswered: NO_SUCH_PROCESS",
        "later: NO_SUCH_PROCESS",
        "notify: NO_SUCH_PROCESS",
        "open: NOT_FOUND",
        "second: NO_SUCH_PROCESS",
        "second removed",
        "last removed",
        "of the first: 3",
    ] {
        assert_eq!(count(once), 1, "{once} in {output}");
    }
    assert!(output.find("first: in the callback") < output.find("first removed"), "{output}");
    assert_eq!(output.lines().count(), 15, "{output}");
}

#[test]
fn ten_thousand_requests_in_flight() {
    assert_eq!(run("flight"), "right: 1000\n".repeat(10));
}

/// Runs a program with its component in an OS process of its own.
fn run_apart(name: &str) -> Output {
    let library = library(&format!("{name}-apart"));
    compile("cc", "c11", &["-shared"], &source(&format!("{name}.c")), &library);
    let [library, program] =
        [library, source(&format!("{name}.toit"))].map(|path| path.to_string_lossy().into_owned());
    lucarne(&["run", "--component", &library, "--component-process", &program], &[])
}

#[test]
fn a_component_in_a_process_of_its_own() {
    let output = run_apart("removal");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("text");
    for line in ["answer: removing", "unanswered: NO_SUCH_PROCESS", "open: NOT_FOUND", "last removed"] {
        assert!(output.lines().any(|printed| printed == line), "{line} in {output}");
    }
    assert_eq!(String::from_utf8_lossy(&run_apart("flight").stdout), "right: 1000\n".repeat(10));
}

#[test]
fn a_crash_in_a_process_of_its_own_ends_only_the_component() {
    let output = run_apart("crash");
    assert!(output.status.success());
    let expected = "ok\nNO_SUCH_PROCESS\nNO_SUCH_PROCESS\nNO_SUCH_PROCESS\nNOT_FOUND\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert!(String::from_utf8_lossy(&output.stderr).contains("crash-apart.so has ended: signal: 6"));
}

#[test]
fn a_crash_in_the_process_of_the_system_names_the_handler() {
    for (name, defines, signal) in [("aborts", "-DCRASH=abort()", 6), ("faults", "-DCRASH=fault()", 11)] {
        let library = library(name);
        compile("cc", "c11", &["-shared", defines], &source("crash.c"), &library);
        let library = library.to_string_lossy();
        let output = lucarne(&["run", "--component", &library, &source("crash.toit").to_string_lossy()], &[]);
        assert_eq!(output.status.signal(), Some(signal), "{output:?}");
        let name = if signal == 6 { "SIGABRT" } else { "SIGSEGV" };
        let line = format!("lucarne: the handler 'test/crash' of {library} has crashed: {name}\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), line);
    }
}

#[test]
fn a_crash_while_a_component_is_loaded_names_it() {
    let library = library("crashes-early");
    compile("cc", "c11", &["-shared", "-DEARLY"], &source("crash.c"), &library);
    let library = library.to_string_lossy();
    let output = lucarne(&["run", "--component", &library, &source("crash.toit").to_string_lossy()], &[]);
    let line = format!("lucarne: the component {library}, which is being loaded, has crashed: SIGABRT\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), line);
}

#[test]
fn a_component_without_handlers_is_refused() {
    let library = library("handlerless");
    compile("cc", "c11", &["-shared", "-DNO_HANDLER"], &source("crash.c"), &library);
    let library = library.to_string_lossy();
    let output = lucarne(&["run", "--component", &library, &source("crash.toit").to_string_lossy()], &[]);
    assert_eq!(output.status.code(), Some(2));
    let line = format!(
        "lucarne: the component {library} registers no handler: call toit_msg_add_handler in a function with \
         __attribute__((constructor))\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), line);
}

#[test]
fn forgotten_requests_are_listed() {
    let library = library("forgets");
    compile("cc", "c11", &["-shared", "-DCRASH=return TOIT_OK"], &source("crash.c"), &library);
    let library = library.to_string_lossy();
    let program = source("forgets.toit");
    let program = program.to_string_lossy();
    let handler = format!("lucarne: the handler 'test/crash' of {library} has");
    for more in [&[][..], &["--component-process"]] {
        let run =
            |ms| [&["run", "--trace-requests", "--component", &library], more, &[&program, ms]].concat();
        let output = lucarne(&run("10"), &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "DEADLINE_EXCEEDED\n");
        let error = String::from_utf8_lossy(&output.stderr);
        let last = error.lines().last().expect("a line");
        assert!(last.starts_with(&format!("{handler} ended without an answer to request 1")), "{error}");

        let mut waiting = Command::new(env!("CARGO_BIN_EXE_lucarne"))
            .args(run("3600000"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut lines = BufReader::new(waiting.stderr.take().expect("it is piped")).lines();
        let listed = lines.next().expect("a line").expect("text");
        assert!(listed.starts_with(&format!("{handler} not answered request 1 (function 1) of")), "{listed}");
        waiting.kill().expect("it waits");
        waiting.wait().expect("it is a child");
    }
}

#[test]
fn a_duplicate_id_is_named() {
    let first = library("once");
    compile("cc", "c99", &["-shared"], &source("flight.c"), &first);
    let second = library("twice");
    std::fs::copy(&first, &second).expect("the file exists");
    let program = source("flight.toit");
    let [first, second, program] = [&first, &second, &program].map(|path| path.to_string_lossy());
    let output = lucarne(&["run", "--component", &first, "--component", &second, &program], &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = format!(
        "lucarne: a handler of {second} cannot have the id 'test/flight': a handler of {first} has it\n"
    );
    assert_eq!(error, expected);
}

#[test]
fn the_header_in_c_plus_plus() {
    for standard in ["c++11", "c++20"] {
        compile("c++", standard, &["-c"], &source("usual.cc"), &library(standard).with_extension("o"));
    }
}

#[test]
fn other_files_are_not_components() {
    let program = source("flight.toit");
    for wrong in ["nowhere.so", &source("flight.c").to_string_lossy()] {
        let output = lucarne(&["run", "--component", wrong, &program.to_string_lossy()], &[]);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.starts_with("lucarne: cannot load the component: "), "{error}");
    }
}

/// Builds a folder into a component, and returns the output of the build.
fn build(folder: &Path, output: &Path) -> Output {
    lucarne(&["c", "build", &folder.to_string_lossy(), "-o", &output.to_string_lossy()], &[])
}

#[test]
fn a_folder_becomes_a_component() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sqlite");
    let library = library("sqlite");
    let built = build(&examples, &library);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let program = examples.join("main.toit");
    let output =
        lucarne(&["run", "--component", &library.to_string_lossy(), &program.to_string_lossy()], &[]);
    let expected = "[attic; DROP TABLE rooms, 31.25, 4, #[]]
[kitchen, 21.5, 2, null]
[hall, 18.0, 1, #[0x01, 0x02, 0x03]]
[[2, 19.75]]
no such table: nowhere
";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

/// Makes a component folder with this CMakeLists.txt.
fn folder(name: &str, cmake: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("room on the disk");
    std::fs::write(folder.join("CMakeLists.txt"), cmake).expect("room on the disk");
    std::fs::copy(source("flight.c"), folder.join("flight.c")).expect("the file exists");
    folder
}

#[test]
fn ignored_arguments_are_named() {
    let cmake = "idf_component_register(SRC_DIRS . REQUIRES toit LDFRAGMENTS linker.lf WHOLE_ARCHIVE)\n";
    let library = library("named");
    let built = build(&folder("named", cmake), &library);
    let remarks = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{remarks}");
    assert_eq!(remarks, "idf_component_register: LDFRAGMENTS has no meaning on a host, and is ignored\n");
    assert!(library.exists());
}

#[test]
fn warnings_of_the_compiler_are_printed() {
    let (folder, library) =
        (folder("warned", "idf_component_register(SRC_DIRS . REQUIRES toit)\n"), library("warned"));
    std::fs::write(folder.join("warned.c"), "#warning \"this is old\"\n").expect("room on the disk");
    let built = build(&folder, &library);
    let warnings = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{warnings}");
    assert!(warnings.contains("warned.c") && warnings.contains("this is old"), "{warnings}");
}

#[test]
fn unsupported_arguments_are_refused() {
    let cases = [
        ("SRCS flight.c REQUIRES toit driver", "there is no component 'driver' on a host"),
        ("SRCS flight.c EMBED_FILES logo.png", "EMBED_FILES is not supported on a host"),
        ("RAINBOW SRCS flight.c", "there is no argument RAINBOW"),
        ("REQUIRES toit", "there are no sources"),
    ];
    for (index, (arguments, expected)) in cases.iter().enumerate() {
        let cmake = format!("idf_component_register({arguments})\n");
        let built = build(&folder(&format!("refused-{index}"), &cmake), &library("refused"));
        let error = String::from_utf8_lossy(&built.stderr);
        assert_eq!(built.status.code(), Some(1), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let built = build(Path::new(env!("CARGO_TARGET_TMPDIR")), &library("refused"));
    assert_eq!(built.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&built.stderr).contains("is not a component: it has no CMakeLists.txt"));
}
