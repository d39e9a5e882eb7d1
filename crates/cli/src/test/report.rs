//! Reports test results: as text, as JSON, and as JUnit's XML.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use super::{Failure, Finished, Outcome};
use crate::Stop;
use crate::arguments::Test;
use crate::output::print_out;

/// Collects test results and prints them as they come.
pub(super) struct Report {
    is_json: bool,
    is_quiet: bool,
    junit: Option<(PathBuf, File, TestSuite)>,
    passed: usize,
    failed: Vec<PathBuf>,
}

impl Report {
    /// Creates a report. Opens the file for JUnit at once, so that a path that cannot be written fails before the
    /// tests run.
    pub(super) fn new(options: &Test) -> Result<Report, Stop> {
        let open = |path: &PathBuf| {
            let file = File::create(path);
            let file =
                file.map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))?;
            Ok((path.clone(), file, TestSuite::new("lucarne")))
        };
        let junit = options.junit.as_ref().map(open).transpose()?;
        Ok(Report { is_json: options.json, is_quiet: options.quiet, junit, passed: 0, failed: Vec::new() })
    }

    /// Adds and prints a result.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub(super) fn add(&mut self, finished: Finished) -> Result<(), Stop> {
        if let Some((_, _, suite)) = &mut self.junit {
            suite.add_test_case(junit_case(&finished));
        }
        if self.is_json {
            print_out(format!("{}\n", as_json(&finished)).as_bytes())?;
        } else if finished.outcome != Outcome::Passed {
            print_out(as_text(&finished).as_bytes())?;
        } else if !self.is_quiet {
            print_out(format!("ok     {}\n", finished.file.display()).as_bytes())?;
        }
        match finished.outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) | Outcome::TimedOut => self.failed.push(finished.file),
        }
        Ok(())
    }

    /// Prints the summary. Returns the number of tests that failed.
    pub(super) fn close(self) -> Result<usize, Stop> {
        let (passed, failed) = (self.passed, self.failed.len());
        if self.is_json {
            print_out(
                format!("{}\n", json!({ "type": "summary", "passed": passed, "failed": failed })).as_bytes(),
            )?;
        } else {
            let mut text = String::new();
            // The first failures may have scrolled away.
            if failed > 1 {
                let names: Vec<String> =
                    self.failed.iter().map(|file| format!("  {}\n", file.display())).collect();
                text = format!("failed:\n{}", names.concat());
            }
            print_out(format!("{text}{passed} passed, {failed} failed\n").as_bytes())?;
        }
        if let Some((path, mut file, suite)) = self.junit {
            let mut report = quick_junit::Report::new("lucarne test");
            report.add_test_suite(suite);
            let written = report.to_string().map_err(|error| error.to_string());
            let written =
                written.and_then(|text| file.write_all(text.as_bytes()).map_err(|error| error.to_string()));
            written.map_err(|error| Stop::failure(format!("cannot write {}: {error}", path.display())))?;
        }
        Ok(failed)
    }
}

/// Returns the reason of a failure in a few words, or none if the test passed.
fn reason(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Failed(Failure::Status(status)) => Some(format!("exit status {status}")),
        Outcome::Failed(Failure::Signal) => Some("ended by a signal".to_owned()),
        Outcome::Failed(Failure::NotRun) => Some("could not be run".to_owned()),
        Outcome::TimedOut => Some("timed out".to_owned()),
    }
}

fn as_text(finished: &Finished) -> String {
    let (file, seconds) = (finished.file.display(), finished.duration.as_secs_f64());
    let reason = reason(finished.outcome).unwrap_or_default();
    let lines = finished.output.lines().map(|line| format!("       {line}\n"));
    format!("FAILED {file} ({reason}, {seconds:.1} s)\n{}", lines.collect::<String>())
}

fn as_json(finished: &Finished) -> serde_json::Value {
    let (outcome, status) = match finished.outcome {
        Outcome::Passed => ("passed", Some(0)),
        Outcome::Failed(Failure::Status(status)) => ("failed", Some(status)),
        Outcome::Failed(Failure::Signal | Failure::NotRun) => ("failed", None),
        Outcome::TimedOut => ("timed-out", None),
    };
    json!({
        "type": "test",
        "file": finished.file.display().to_string(),
        "outcome": outcome,
        "status": status,
        "seconds": finished.duration.as_secs_f64(),
        "output": finished.output,
    })
}

fn junit_case(finished: &Finished) -> TestCase {
    let status = match reason(finished.outcome) {
        None => TestCaseStatus::success(),
        Some(reason) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(reason);
            status
        }
    };
    let mut case = TestCase::new(finished.file.display().to_string(), status);
    case.set_time(finished.duration);
    case.set_system_out(&finished.output);
    case
}
