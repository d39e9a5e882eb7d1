//! Evaluates cases with a machine: a Toit system, either Lucarne or the existing one. One program evaluates many cases
//! and prints a line for each.

use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt;

/// Longer than any program of cases takes, even on a busy computer.
const TIME_OUT: Duration = Duration::from_secs(60);

/// What stands for the value of a case that has none because the machine failed.
pub(crate) const FAULTS: [&str; 2] = ["never ends", "ends the program"];

/// A command that runs a program.
pub(crate) struct Machine {
    command: Vec<String>,
    folder: PathBuf,
}

impl Machine {
    /// Returns a machine that is called by a command. `name` is the name of the folder for its files.
    pub(crate) fn new(name: &str, command: &[&str]) -> Machine {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement").join(name);
        std::fs::create_dir_all(&folder).expect("a folder for the programs");
        let machine = Machine { command: command.iter().map(|word| word.to_string()).collect(), folder };
        assert_eq!(machine.values(&["1".to_string()]), ["1"], "{command:?} runs programs");
        machine
    }

    /// Returns a value for each case: one line that shows it, or how the case ended without one.
    pub(crate) fn values(&self, cases: &[String]) -> Vec<String> {
        let (printed, end) = self.run(&program(cases));
        let mut values: Vec<Option<String>> = vec![None; cases.len()];
        for line in printed.lines() {
            let (index, value) = line.split_once(' ').unwrap_or_default();
            let index = index.parse().ok().filter(|index| *index < values.len());
            index.into_iter().for_each(|index: usize| values[index] = Some(value.to_string()));
        }
        if cases.len() == 1 {
            return vec![values.remove(0).unwrap_or(end)];
        }
        if values.iter().all(Option::is_some) {
            return values.into_iter().flatten().collect();
        }
        let (first, second) = cases.split_at(cases.len() / 2);
        [self.values(first), self.values(second)].concat()
    }

    /// Returns the output of a program and the way in which it ended.
    fn run(&self, program: &str) -> (String, String) {
        let [source, out, error] =
            ["toit", "out", "error"].map(|end| self.folder.join("cases").with_extension(end));
        std::fs::write(&source, program).expect("a file for the program");
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .arg(&source)
            .stdin(Stdio::null())
            .stdout(File::create(&out).expect("a file for the output"))
            .stderr(File::create(&error).expect("a file for the errors"))
            .spawn()
            .expect("the machine starts");
        let status = child.wait_timeout(TIME_OUT).expect("a child of ours");
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let printed = std::fs::read(&out).expect("the output is there");
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let end = match status.map(|status| status.success()) {
            None => FAULTS[0],
            Some(_) if printed.is_empty() => "is refused",
            Some(_) => FAULTS[1],
        };
        (printed, end.to_string())
    }
}

/// Returns a program that prints a line for each case. Before these it prints `start`, so that a program that is
/// refused (no output) differs from one that ends early.
fn program(cases: &[String]) -> String {
    let mut text = include_str!("preamble.toit").to_string();
    let calls: String = (0..cases.len()).map(|index| format!("  show {index}: case-{index}\n")).collect();
    let _ = write!(text, "\nmain:\n  print \"start\"\n{calls}");
    for (index, case) in cases.iter().enumerate() {
        let case = case.replace('@', &format!("-{index}"));
        let (declarations, body) = case.split_once("\n---\n").unwrap_or(("", &case));
        let word = if body.contains('\n') { "" } else { "return " };
        let _ = write!(text, "\n{declarations}\n\ncase-{index}:\n  {word}{}\n", body.replace('\n', "\n  "));
    }
    text
}
