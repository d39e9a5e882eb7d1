//! Implements `lucarne test`: finds the test programs, runs several at a time, and reports the results.
//!
//! Each test program runs in its own OS process, `lucarne run FILE ARG...`. A test passes if its process ends with
//! status 0 before the timeout.

mod changed;
mod report;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use lucarne_host::processors;
use wait_timeout::ChildExt;

use crate::arguments::Test;
use crate::output::{end_with_reader, print_error};
use crate::progress::Progress;
use crate::watch::again::{Again, ReadFiles};
use crate::{FAILURE, Stop, files, front};
use report::Report;

/// The number of bytes of a test's output that are kept. The limit keeps a test that prints endlessly from filling
/// the memory.
const OUTPUT_MAX: usize = 1 << 20;

/// The result of a test.
struct Finished {
    file: PathBuf,
    outcome: Outcome,
    duration: Duration,
    /// Standard output and standard error, in the order of arrival.
    output: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(Failure),
    TimedOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The test ended with this status.
    Status(i32),
    /// A signal ended the test.
    Signal,
    /// The test could not be started, or waiting for it failed.
    NotRun,
}

/// Runs the tests that the options select, several at a time. Returns success if all pass. With `--watch`, runs those
/// again that a change concerns.
pub(crate) fn test(options: &Test) -> Result<ExitCode, Stop> {
    let mut tests = find(options)?;
    if options.changed {
        let changed = changed::since_last_commit(&options.paths)?;
        // A test that does not compile may lack a file that was removed.
        tests.retain(|test| sources_of(test).is_none_or(|sources| sources.contain_any(&changed)));
        if tests.is_empty() && !options.watch {
            print_error("no test differs from the last commit\n");
            return Ok(ExitCode::SUCCESS);
        }
    }
    end_with_reader();
    if !options.watch {
        let failed = run(options, tests)?;
        return Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) });
    }
    let mut again = Again::new()?;
    let mut all = find(options)?;
    let mut known = BTreeMap::new();
    loop {
        // Read before the tests run, so that a change while they run is noticed.
        note_sources(&mut known, &all);
        let mut read = ReadFiles::default();
        known.values().for_each(|sources| read.add_all(sources));
        if !tests.is_empty() {
            run(options, tests)?;
        }
        let changed = again.wait(&read)?;
        // The folder of the tests may be missing for a moment: then those that it had are watched on.
        match find(options) {
            Ok(found) => all = found,
            Err(stop) => print_error(&format!("lucarne: {}\n", stop.message)),
        }
        // A file that no test has read before may be a new test, or one that an import lacked.
        let is_known = read.contain_all(&changed);
        let concerned = |test: &&PathBuf| {
            !is_known || known.get(*test).is_some_and(|sources: &ReadFiles| sources.contain_any(&changed))
        };
        tests = all.iter().filter(|test| test.exists()).filter(concerned).cloned().collect();
    }
}

/// Notes the sources of tests as they are now. If a test does not compile, its sources of the time before stay: one that is
/// missing now may come back.
fn note_sources(known: &mut BTreeMap<PathBuf, ReadFiles>, tests: &[PathBuf]) {
    let before = std::mem::take(known);
    for test in tests.iter().cloned() {
        let sources = sources_of(&test).unwrap_or_else(|| {
            let mut sources = before.get(&test).cloned().unwrap_or_default();
            sources.read_again();
            sources.add_file(&test);
            sources
        });
        known.insert(test, sources);
    }
}

/// Returns the tests that the paths and the filter select.
fn find(options: &Test) -> Result<Vec<PathBuf>, Stop> {
    let mut tests =
        files::find(&options.paths, |name| name.ends_with("-test.toit") || name.ends_with("_test.toit"))?;
    let is_wanted = |file: &PathBuf| {
        let path = file.to_string_lossy();
        options.filter.is_empty() || options.filter.iter().any(|part| path.contains(part))
    };
    tests.retain(is_wanted);
    if tests.is_empty() {
        let place = if options.filter.is_empty() { "in the given paths" } else { "that match the filter" };
        return Err(Stop::usage(format!(
            "no tests {place}: tests are files named *-test.toit or *_test.toit"
        )));
    }
    Ok(tests)
}

/// Returns the files that a test is made of. Returns none if it does not compile.
fn sources_of(test: &Path) -> Option<ReadFiles> {
    let analysis = front::check(test).ok().filter(|analysis| !analysis.has_errors())?;
    let mut sources = ReadFiles::default();
    sources.add(&analysis);
    Some(sources)
}

/// Runs tests, and reports them. Returns the number of those that failed.
fn run(options: &Test, tests: Vec<PathBuf>) -> Result<usize, Stop> {
    let binary = std::env::current_exe()
        .map_err(|error| Stop::failure(format!("cannot find this program: {error}")))?;
    let mut report = Report::new(options)?;
    let progress = Progress::new(tests.len(), options.quiet || options.json);
    run_all(&binary, options, tests, &progress, |finished| {
        let mut added = Ok(());
        progress.interrupted(|| added = report.add(finished));
        added
    })?;
    drop(progress);
    report.close()
}

/// Runs tests on `jobs` threads. Each thread takes the next waiting test whenever it has finished a test.
fn run_all(
    binary: &Path,
    options: &Test,
    tests: Vec<PathBuf>,
    progress: &Progress,
    mut each: impl FnMut(Finished) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let jobs = options.jobs.map_or_else(processors, usize::from).min(tests.len());
    let waiting = Mutex::new(VecDeque::from(tests));
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs {
            let (sender, waiting) = (sender.clone(), &waiting);
            scope.spawn(move || {
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some(file) = next() {
                    progress.begin(&file);
                    // The receiver is dropped only if printing failed.
                    if sender.send(run_one(binary, options, file)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for finished in receiver {
            progress.end(&finished.file);
            each(finished)?;
        }
        Ok(())
    })
}

fn run_one(binary: &Path, options: &Test, file: PathBuf) -> Finished {
    let start = Instant::now();
    let result = run_process(binary, options, &file);
    let (outcome, output) = result.unwrap_or_else(|error| {
        (Outcome::Failed(Failure::NotRun), format!("cannot run the test: {error}\n"))
    });
    Finished { file, outcome, duration: start.elapsed(), output }
}

fn run_process(binary: &Path, options: &Test, file: &Path) -> std::io::Result<(Outcome, String)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(binary);
    command
        .args(["run", "--end-with-parent", &std::process::id().to_string()])
        .arg(with_folder(file))
        .args(&options.arguments);
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the writing end of the pipe. Drop it, since reading ends only when every writing end is
    // closed.
    drop(command);
    let collector = std::thread::spawn(move || collect(reader));
    let outcome = match child.wait_timeout(Duration::from_secs(options.timeout.into()))? {
        Some(status) if status.success() => Outcome::Passed,
        Some(status) => Outcome::Failed(status.code().map_or(Failure::Signal, Failure::Status)),
        None => {
            child.kill()?;
            child.wait()?;
            Outcome::TimedOut
        }
    };
    Ok((outcome, collector.join().unwrap_or_default()))
}

/// Returns a path that cannot be mistaken for an option, even if the name begins with a dash.
fn with_folder(file: &Path) -> PathBuf {
    if file.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(file)
    } else {
        file.to_owned()
    }
}

/// Reads to the end. Returns the first `OUTPUT_MAX` bytes as text. If more bytes were read, a last line says how many.
fn collect(mut from: impl Read) -> String {
    let mut kept = Vec::new();
    let mut chunk = [0; 8192];
    let mut left_out = 0;
    loop {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                let room = count.min(OUTPUT_MAX - kept.len());
                kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
                left_out += count - room;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let mut text = String::from_utf8_lossy(&kept).into_owned();
    if left_out > 0 {
        text += &format!("\n... and {left_out} bytes more\n");
    }
    text
}
