//! Runs a test in an OS process, and then ends the process group of the test.
//!
//! Each test has a process group of its own. When the test ends or is killed, all processes of the group are killed: a process
//! that the test leaves behind could keep the pipe of its output open forever.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{Failure, Finished, Outcome};
use crate::arguments::Test;

/// The number of bytes of a test's output that are kept. The limit keeps a test that prints endlessly from filling
/// the memory.
const OUTPUT_MAX: usize = 1 << 20;

/// How long to read on after the test has ended. A process outside of the test's group may keep the pipe open.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// The tests that run at the moment.
#[derive(Default)]
pub(super) struct Running(Mutex<State>);

#[derive(Default)]
struct State {
    groups: Vec<Pid>,
    is_stopped: bool,
}

impl Running {
    /// Kills all running tests. No other test begins until [`Running::resume`] is called.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        for group in &state.groups {
            end_group(*group);
        }
    }

    /// Kills all running tests, and exits with the status. The lock is held until the exit, so no other test begins.
    pub(super) fn stop_and_exit(&self, status: i32) -> ! {
        let state = self.state();
        for group in &state.groups {
            end_group(*group);
        }
        std::process::exit(status)
    }

    /// Lets tests begin again.
    pub(super) fn resume(&self) {
        self.state().is_stopped = false;
    }

    /// Returns whether `stop` was called, and `resume` was not called since.
    pub(super) fn are_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Starts a test. Returns none while the tests are stopped.
    fn start(&self, command: &mut Command) -> std::io::Result<Option<Child>> {
        let mut state = self.state();
        if state.is_stopped {
            return Ok(None);
        }
        let child = command.process_group(0).spawn()?;
        state.groups.push(Pid::from_child(&child));
        Ok(Some(child))
    }

    /// Kills the group of a test, and returns the exit status of the test. `wait` comes last: only then can the number of the
    /// group be used again.
    fn finish(&self, mut child: Child) -> std::io::Result<std::process::ExitStatus> {
        let group = Pid::from_child(&child);
        end_group(group);
        self.state().groups.retain(|known| *known != group);
        child.wait()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end_group(group: Pid) {
    // This fails if all processes of the group have ended.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Runs a test. Returns none if [`Running::stop`] prevented or killed the test.
pub(super) fn run_one(binary: &Path, options: &Test, running: &Running, file: &Path) -> Option<Finished> {
    let start = Instant::now();
    let result = run_process(binary, options, running, file).transpose()?;
    let (outcome, output) = result.unwrap_or_else(|error| {
        (Outcome::Failed(Failure::NotRun), format!("cannot run the test: {error}\n"))
    });
    Some(Finished { file: file.to_owned(), outcome, duration: start.elapsed(), output })
}

/// Runs a test. Returns its outcome and its output, or none if [`Running::stop`] prevented or killed it.
fn run_process(
    binary: &Path,
    options: &Test,
    running: &Running,
    file: &Path,
) -> std::io::Result<Option<(Outcome, String)>> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(binary);
    command
        .args(["run", "--end-with-parent", &std::process::id().to_string()])
        .arg(with_folder(file))
        .args(&options.arguments);
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let Some(child) = running.start(&mut command)? else { return Ok(None) };
    // The command holds the writing end of the pipe. Drop it, since reading ends only when every writing end is
    // closed.
    drop(command);
    let output = Output::begin(reader);
    let has_ended = end_of(&child).recv_timeout(Duration::from_secs(options.timeout.into())).is_ok();
    let status = running.finish(child)?;
    let outcome = match status.code() {
        // `Running::stop` may have killed it.
        None if running.are_stopped() => return Ok(None),
        _ if !has_ended => Outcome::TimedOut,
        Some(0) => Outcome::Passed,
        code => Outcome::Failed(code.map_or(Failure::Signal, Failure::Status)),
    };
    Ok(Some((outcome, output.text())))
}

/// Returns a channel that receives a message when an OS process ends. The exit status is not taken, so the process ID is not used
/// again.
fn end_of(child: &Child) -> Receiver<()> {
    let (sender, ended) = mpsc::channel();
    let pid = Pid::from_child(child);
    std::thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // Any error other than `EINTR` also means that the process has ended.
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        // This fails after a timeout, when the receiver was dropped.
        let _ = sender.send(());
    });
    ended
}

/// Returns a path that cannot be mistaken for an option, even if the name begins with a dash.
fn with_folder(file: &Path) -> PathBuf {
    if file.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(file)
    } else {
        file.to_owned()
    }
}

/// The output of a test, while it is read.
struct Output {
    kept: Arc<Mutex<Kept>>,
    /// Disconnected at the end of the output.
    end: Receiver<()>,
}

/// The first `OUTPUT_MAX` bytes of an output, and the number of bytes that were dropped.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    dropped: usize,
}

impl Output {
    /// Reads to the end, in another thread.
    fn begin(from: impl Read + Send + 'static) -> Output {
        let kept = Arc::<Mutex<Kept>>::default();
        let (sender, end) = mpsc::channel();
        let to = kept.clone();
        std::thread::spawn(move || {
            collect(from, &to);
            drop(sender);
        });
        Output { kept, end }
    }

    /// Waits for the end, for up to `OUTPUT_GRACE`. Returns the bytes as text. If bytes were dropped, a last line says how
    /// many.
    fn text(self) -> String {
        let _ = self.end.recv_timeout(OUTPUT_GRACE);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from_utf8_lossy(&kept.bytes).into_owned();
        if kept.dropped > 0 {
            text += &format!("\n... and {} bytes more\n", kept.dropped);
        }
        text
    }
}

fn collect(mut from: impl Read, to: &Mutex<Kept>) {
    let mut chunk = [0; 8192];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                let mut kept = to.lock().unwrap_or_else(PoisonError::into_inner);
                let room = count.min(OUTPUT_MAX - kept.bytes.len());
                kept.bytes.extend_from_slice(chunk.get(..room).unwrap_or_default());
                kept.dropped += count - room;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
}
