//! Helpers that the tests of the command line share.

#![allow(dead_code, reason = "each test uses some of it")]

#[cfg(feature = "fabric")]
pub(crate) mod air;
pub(crate) mod device;
pub(crate) mod git_server;
#[cfg(feature = "fabric")]
pub(crate) mod machines;
pub(crate) mod packages;
pub(crate) mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder for one test, removed when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the target folder can be written");
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Folder {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .and_then(|()| std::fs::write(path, text))
            .expect("the target folder can be written");
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        // Without these, a test would use the packages of the user, and the network.
        command.env("LUCARNE_PKG_CACHE", self.path("pkg-cache"));
        command.env("LUCARNE_REGISTRIES", self.path("registries.yaml"));
        command
    }

    pub(crate) fn lucarne(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(arguments))
    }

    /// Runs a command with a text as its input.
    pub(crate) fn lucarne_with(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        // A command that fails reads no more.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        Answer::of(child.wait_with_output().expect("it ends with its input"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("there is such a file")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Answer { status: status.code(), out: text(stdout), error: text(stderr) }
}

impl Answer {
    fn of(Output { status, stdout, stderr }: Output) -> Answer {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Answer { status: status.code(), out: text(stdout), error: text(stderr) }
    }
}

/// Returns the completions of a command line, whose last word is being written. The last argument of `command` must
/// be `--`.
pub(crate) fn completed(mut command: Command, words: &[&str]) -> Vec<String> {
    command.args(words).env("LUCARNE_COMPLETE", "zsh");
    command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    let out = command.output().expect("the binary starts").stdout;
    let out = String::from_utf8(out).expect("output is UTF-8");
    // The text after a colon is a description.
    out.lines().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Sends a signal to an existing OS process.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = pid.try_into().ok().and_then(rustix::process::Pid::from_raw).expect("the number is a pid");
    rustix::process::kill_process(pid, signal).expect("the process is running");
}

/// Stops a process, and waits until all of its threads have stopped. The signal alone lets them run on for a moment.
pub(crate) fn freeze(pid: u32) {
    signal(pid, rustix::process::Signal::STOP);
    let is_stopped = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process is running");
        let stats =
            threads.map_while(Result::ok).map(|thread| std::fs::read_to_string(thread.path().join("stat")));
        if stats.map_while(Result::ok).all(is_stopped) {
            return;
        }
        assert!(std::time::Instant::now() < until, "process {pid} does not stop");
        std::thread::yield_now();
    }
}

/// Returns the pids of the running children of an OS process.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("this is Linux").map_while(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| is_child(*pid, parent).unwrap_or(false)).collect()
}

/// Reads `proc_pid_stat(5)`: the state and the parent follow the name in parentheses. Returns `None` if the process
/// has ended meanwhile.
fn is_child(pid: u32, parent: u32) -> Option<bool> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(fields.next()? != "Z" && fields.next()?.parse() == Ok(parent))
}
