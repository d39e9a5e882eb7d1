//! Runs the programs under `tests/` and compares their behavior with their comments.
//!
//! ```text
//! // expect: TEXT          the next line on standard output
//! // expect sometime: TEXT a line anywhere on standard output
//! // expect error: TEXT    standard error contains this text
//! // expect exit: N        the status (default 0)
//! // arguments: A B        the program's arguments
//! // options: --x          options of `lucarne run`
//! // no stress: WHY        left out where garbage is collected at each allocation
//! // simulate: WHAT        also run in a simulation; a process is killed at a random point
//! // helper                not a program of its own
//! ```
//!
//! Without an `expect:` or `expect sometime:` line, standard output is ignored. Each program runs
//! on two workers, on one, and with a collection at each allocation. A program with `--workers` in
//! its options gets that number.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lucarne_host::{ProgramOptions, System};
use lucarne_kernel::Faults;
use lucarne_ports::{Output, Stream};
use lucarne_toit::LoadedProgram;
use wait_timeout::ChildExt;

/// Longer than any program takes on a busy machine, unoptimized and under stress.
const TIME_OUT: Duration = Duration::from_secs(120);

/// The expectations in a program's comments.
#[derive(Default)]
struct Expectations {
    lines: Vec<String>,
    sometime: Vec<String>,
    errors: Vec<String>,
    status: i32,
    arguments: Vec<String>,
    options: Vec<String>,
    no_stress: bool,
    simulate: bool,
    is_helper: bool,
}

impl Expectations {
    fn read(program: &Path) -> Expectations {
        let bytes = std::fs::read(program).expect("test programs are readable");
        Expectations::of(&lucarne_package::text::decode(bytes).expect("test programs are UTF-8"))
    }

    /// Reads the comments of a program, whatever ends its lines.
    fn of(text: &str) -> Expectations {
        let text = text.trim_start_matches('\u{feff}');
        let mut expectations = Expectations::default();
        for line in text.lines() {
            let Some(comment) = line.trim_start().strip_prefix("// ") else { continue };
            let words = || comment.split_once(": ").map_or("", |(_, rest)| rest);
            let split = || words().split_whitespace().map(str::to_string).collect();
            match comment.split(':').next().unwrap_or_default() {
                "expect" => expectations.lines.push(words().to_string()),
                "expect sometime" => expectations.sometime.push(words().to_string()),
                "expect error" => expectations.errors.push(words().to_string()),
                "expect exit" => expectations.status = words().parse().expect("a status"),
                "arguments" => expectations.arguments = split(),
                "options" => expectations.options = split(),
                "no stress" => expectations.no_stress = true,
                "simulate" => expectations.simulate = true,
                "helper" => expectations.is_helper = true,
                _ => {}
            }
        }
        expectations
    }

    fn chooses_workers(&self) -> bool {
        self.options.iter().any(|option| option == "--workers")
    }

    /// Returns the differences between expectations and outcome; empty if there are none.
    fn differences(&self, outcome: &Outcome) -> String {
        let mut wrong = String::new();
        if outcome.status != Some(self.status) {
            wrong += &format!("status {:?} instead of {}\n", outcome.status, self.status);
        }
        let lines: Vec<&str> = outcome.out.lines().collect();
        let ordered: Vec<&str> =
            lines.iter().copied().filter(|line| !self.sometime.iter().any(|some| some == line)).collect();
        let is_checked = !self.lines.is_empty() || !self.sometime.is_empty();
        if is_checked && ordered != self.lines {
            wrong += &format!("printed {ordered:#?}\ninstead of {:#?}\n", self.lines);
        }
        for line in &self.sometime {
            if !lines.contains(&line.as_str()) {
                wrong += &format!("never printed {line:?}\n");
            }
        }
        for text in &self.errors {
            if !outcome.error.contains(text.as_str()) {
                wrong += &format!("standard error lacks {text:?}\n");
            }
        }
        wrong
    }
}

struct Outcome {
    status: Option<i32>,
    out: String,
    error: String,
}

fn run(program: &Path, options: &[&str], expectations: &Expectations) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lucarne"))
        .arg("run")
        .args(&expectations.options)
        .args(options)
        .arg(program.file_name().expect("a file"))
        .args(&expectations.arguments)
        .current_dir(program.parent().expect("a folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let out = read_in_background(child.stdout.take().expect("piped"));
    let error = read_in_background(child.stderr.take().expect("piped"));
    let status = child.wait_timeout(TIME_OUT).expect("a child of ours");
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    Outcome {
        status: status.and_then(|status| status.code()),
        out: out.join().expect("the reader ends"),
        error: error.join().expect("the reader ends"),
    }
}

fn read_in_background(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let filter = std::env::var("LUCARNE_TESTS").unwrap_or_default();
    let mut folders = vec![root];
    let mut programs = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("tests/ is readable") {
            let path = entry.expect("tests/ is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toit")
                && path.to_string_lossy().contains(&filter)
            {
                programs.push(path);
            }
        }
    }
    programs.sort();
    programs
}

/// Runs all programs that `wanted` selects, two at a time, and fails with all differences.
fn run_all(options: &[&str], wanted: impl Fn(&Expectations) -> bool + Sync) {
    let queue = Mutex::new(programs().into_iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(program) = queue.lock().expect("no panic holds it").next() else { return };
                    let expectations = Expectations::read(&program);
                    if expectations.is_helper || !wanted(&expectations) {
                        continue;
                    }
                    let outcome = run(&program, options, &expectations);
                    let wrong = expectations.differences(&outcome);
                    if !wrong.is_empty() {
                        let report = format!("{}\n{wrong}{}", program.display(), outcome.error);
                        failures.lock().expect("no panic holds it").push(report);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic held it");
    assert!(failures.is_empty(), "{} programs failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn expectations_are_read_with_any_line_ends() {
    let lines =
        ["// expect: a b", "main:", "  // expect sometime: c", "  // expect exit: 3", "// arguments: x y"];
    for (begin, end) in [("", "\n"), ("", "\r\n"), ("\u{feff}", "\r"), ("#!/bin/lucarne\n", "\n")] {
        let text = format!("{begin}{}", lines.join(end));
        let text = lucarne_package::text::decode(text.into_bytes()).expect("the text is UTF-8");
        let read = Expectations::of(&text);
        assert_eq!(
            (read.lines, read.sometime, read.status),
            (vec!["a b".into()], vec!["c".into()], 3),
            "{text:?}"
        );
        assert_eq!(read.arguments, ["x", "y"], "{text:?}");
    }
}

#[test]
fn on_two_workers() {
    run_all(&["--workers", "2"], |expectations| !expectations.chooses_workers());
}

/// The code of each function is as it is written. In the other modes that of small functions stands in place of their calls.
#[test]
fn without_optimization() {
    let options = ["--workers", "2", "-O0"];
    run_all(&options, |expectations| !expectations.chooses_workers() && !expectations.no_stress);
}

/// Each function runs as machine code from its first call on, before which it is compiled. In the other modes only hot
/// functions do.
#[test]
fn on_one_worker_in_machine_code() {
    let options = ["--workers", "1", "--native", "always"];
    run_all(&options, |expectations| !expectations.chooses_workers() && !expectations.no_stress);
}

#[test]
fn on_one_worker() {
    run_all(&["--workers", "1"], |expectations| !expectations.chooses_workers() && expectations.no_stress);
}

#[test]
fn on_their_own_number_of_workers() {
    run_all(&[], Expectations::chooses_workers);
}

#[test]
fn collecting_at_each_allocation() {
    run_all(&["--gc-stress"], |expectations| !expectations.no_stress);
}

#[test]
#[ignore = "takes minutes"]
fn collecting_at_each_allocation_in_machine_code() {
    run_all(&["--gc-stress", "--native", "always"], |expectations| !expectations.no_stress);
}

/// For any killed process: the program ends or becomes quiet, nothing panics, and the same seed
/// gives the same run.
#[test]
fn seeds() {
    const SEEDS: u64 = 200;
    run_all(&["--simulate", "0"], |expectations| expectations.simulate);
    let queue = Mutex::new(programs().into_iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(program) = queue.lock().expect("no panic holds it").next() else { return };
                    if !Expectations::read(&program).simulate {
                        continue;
                    }
                    let image = compile(&program);
                    if let Some(wrong) =
                        (0..SEEDS).find_map(|seed| kill_somewhere(&program, &image, seed).err())
                    {
                        failures
                            .lock()
                            .expect("no panic holds it")
                            .push(format!("{}\n{wrong}", program.display()));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic held it");
    assert!(failures.is_empty(), "{} programs failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Kills a process at a random point of a run, twice with the same seed.
fn kill_somewhere(file: &Path, image: &Arc<LoadedProgram>, seed: u64) -> Result<(), String> {
    let undisturbed = simulate(file, image, seed, &[]);
    let step = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % undisturbed.steps.max(1) + 1;
    let (first, second) = (simulate(file, image, seed, &[step]), simulate(file, image, seed, &[step]));
    let options = format!("--simulate {seed} --kill-at {step}");
    for run in [&undisturbed, &first] {
        if run.steps >= STEPS_MAX {
            return Err(format!("does not end with {options}"));
        }
        if run.output.contains(NATIVE_FAULT) {
            return Err(format!("{}, with {options}", run.output));
        }
    }
    if undisturbed.code.is_none() {
        return Err(format!("waits for something that never happens, with --simulate {seed}"));
    }
    if first != second {
        return Err(format!("does not repeat itself with {options}: {first:#?} and {second:#?}"));
    }
    Ok(())
}

/// The limit of the steps of a simulation. The programs are short, and this many steps take minutes.
const STEPS_MAX: u64 = 3_000_000;

/// The system's report of a panic.
const NATIVE_FAULT: &str = "ended by a fault in its native code";

/// The outcome of a simulation.
#[derive(Debug, PartialEq)]
struct Simulated {
    steps: u64,
    code: Option<i32>,
    output: String,
}

fn simulate(file: &Path, image: &Arc<LoadedProgram>, seed: u64, kill_at_steps: &[u64]) -> Simulated {
    let output = Arc::new(Collected::default());
    let faults = Faults { kill_at_steps: kill_at_steps.to_vec() };
    let mut system = System::builder().output(output.clone()).simulate(seed, faults);
    let program = system.start_program(image.clone(), file, ProgramOptions::default());
    system.simulation.run_until(STEPS_MAX, || program.code().is_some());
    let output = String::from_utf8_lossy(&output.0.lock().expect("no panic holds it")).into_owned();
    Simulated { steps: system.simulation.steps(), code: program.code(), output }
}

/// Collects the output of programs.
#[derive(Default)]
struct Collected(Mutex<Vec<u8>>);

impl Output for Collected {
    fn write(&self, _stream: Stream, bytes: &[u8]) {
        self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
    }

    fn flush(&self) {}
}

fn compile(program: &Path) -> Arc<LoadedProgram> {
    let compiled = lucarne_toit::compile(program).unwrap_or_else(|error| panic!("{error}"));
    lucarne_toit::load(compiled.program).expect("there is memory")
}
