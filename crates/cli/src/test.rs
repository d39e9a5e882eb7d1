//! Implements `lucarne test`: finds the test programs, runs several at a time, and reports the results.
//!
//! Each test program runs in its own OS process, `lucarne run FILE ARG...`. A test passes if its process ends with
//! status 0 before the timeout. A test that has not ended by then is killed, with all processes of its group.

mod changed;
mod process;
mod report;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use lucarne_host::processors;

use crate::arguments::Test;
use crate::output::{on_end_of_reader, print_error};
use crate::progress::Progress;
use crate::watch::again::{Again, ReadFiles};
use crate::{FAILURE, Stop, files, front, signals};
use process::{Running, run_one};
use report::Report;

/// How often files are looked at while tests run.
const LOOK: Duration = Duration::from_millis(50);

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

/// Runs the tests that the options select, several at a time. Returns success if all pass. With `--watch`, runs tests
/// again when one of their files changes.
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
    let running = Arc::new(Running::default());
    let to_end = running.clone();
    // A reader that has seen enough ends the tests, so it is not known whether all pass.
    let status = if options.watch { 0 } else { FAILURE.into() };
    on_end_of_reader(move || to_end.stop_and_exit(status));
    let to_end = running.clone();
    signals::on_end_signal(move |signal| to_end.stop_and_exit(signals::exit_status(signal)))
        .map_err(|error| Stop::failure(format!("cannot wait for signals: {error}")))?;
    if !options.watch {
        let Round { failed, .. } = run(options, &running, tests, || Ok(false))?;
        return Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) });
    }
    let mut again = Again::new()?;
    let mut all = find(options)?;
    let mut known = BTreeMap::new();
    // The files that changed during the previous round, and those of them that do not end the next round.
    let (mut before, mut kept) = (BTreeSet::new(), BTreeSet::new());
    loop {
        // Read before the tests run, so that a change while they run is noticed.
        note_sources(&mut known, &all);
        let mut read = ReadFiles::default();
        known.values().for_each(|sources| read.add_all(sources));
        read.add_folders(&options.paths);
        let ended = match tests.is_empty() || again.begin(&read)? {
            true => tests,
            false => {
                running.resume();
                let mut during = BTreeSet::new();
                let has_changed = || {
                    during.extend(again.changed(&read)?);
                    Ok(!during.is_subset(&kept))
                };
                let ended = run(options, &running, tests, has_changed)?.ended;
                // A file that changes in each round may be written by a test. If it ended each round, the test would
                // never have a result.
                kept = during.intersection(&before).cloned().collect();
                before = during;
                ended
            }
        };
        let changed = again.wait(&read)?;
        // The folder of the tests may be missing for a moment: then the tests that were found before are still watched.
        match find(options) {
            Ok(found) => all = found,
            Err(stop) => print_error(&format!("lucarne: {}\n", stop.message)),
        }
        // A file that no test has read before may be a new test, or one that an import lacked.
        let is_known = read.contain_all(&changed);
        let concerned = |test: &&PathBuf| {
            !is_known
                || ended.contains(test)
                || known.get(*test).is_some_and(|sources: &ReadFiles| sources.contain_any(&changed))
        };
        tests = all.iter().filter(|test| test.exists()).filter(concerned).cloned().collect();
    }
}

/// Notes the sources of tests as they are now. If a test does not compile, its earlier sources stay: a file that is
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

/// The result of a round of tests.
struct Round {
    /// The number of tests that failed.
    failed: usize,
    /// The tests that were killed because a file has changed, and those that did not begin.
    ended: Vec<PathBuf>,
}

/// Runs tests, and reports them. Kills them when `has_changed` returns true; then the summary is left out.
fn run(
    options: &Test,
    running: &Running,
    tests: Vec<PathBuf>,
    has_changed: impl FnMut() -> Result<bool, Stop>,
) -> Result<Round, Stop> {
    let binary = std::env::current_exe()
        .map_err(|error| Stop::failure(format!("cannot find this program: {error}")))?;
    let mut report = Report::new(options)?;
    let progress = Progress::new(tests.len(), options.quiet || options.json);
    let mut missing: BTreeSet<PathBuf> = tests.iter().cloned().collect();
    let add = |finished: Finished| {
        missing.remove(&finished.file);
        progress.interrupted(|| report.add(finished))
    };
    run_all(&binary, options, running, tests, &progress, has_changed, add)?;
    drop(progress);
    if missing.is_empty() {
        return Ok(Round { failed: report.close()?, ended: Vec::new() });
    }
    Ok(Round { failed: 0, ended: missing.into_iter().collect() })
}

/// Runs tests on `jobs` threads. Each thread takes the next waiting test whenever it has finished a test.
fn run_all(
    binary: &Path,
    options: &Test,
    running: &Running,
    tests: Vec<PathBuf>,
    progress: &Progress,
    mut has_changed: impl FnMut() -> Result<bool, Stop>,
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
                    let Some(finished) = run_one(binary, options, running, &file) else { return };
                    // The receiver is dropped only if printing failed.
                    if sender.send(finished).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut collect = || {
            loop {
                match receiver.recv_timeout(LOOK) {
                    Ok(finished) => {
                        progress.end(&finished.file);
                        each(finished)?;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
                if !running.are_stopped() && has_changed()? {
                    running.stop();
                }
            }
        };
        let result = collect();
        if result.is_err() {
            // The threads wait for their tests.
            running.stop();
        }
        result
    })
}
