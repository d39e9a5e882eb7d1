//! `lucarne watch`: runs a program again whenever its sources change.
//!
//! The operating system reports changes of each source, and of the folders and links on the way to it. A burst of
//! changes, as when many files are saved, starts the program once.

pub(crate) mod again;
pub(crate) mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use lucarne_compiler::resolve::Analysis;
use lucarne_compiler::source::{LIBRARY_PREFIX, Source, Sources};
use rustix::event::Timespec;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::arguments::{HOST, Watch};
use crate::output::{end_with_reader, is_read, print_error};
use crate::{Stop, front};
use paths::{Change, Paths};

/// The time without changes after which a burst is over.
const BURST: Duration = Duration::from_millis(20);

/// Runs the program until Ctrl-C.
pub(crate) fn watch(options: &Watch) -> Result<ExitCode, Stop> {
    front::require_readable(&options.file)?;
    end_with_reader();
    let (sender, events) = channel();
    let to_loop = sender.clone();
    let pass = move |change| {
        // The watcher may have ended.
        let _ = to_loop.send(WatchEvent::Files(change));
    };
    let mut paths = Paths::watched(pass).map_err(|error| cannot_watch(&error))?;
    let mut program = WatchedProgram { options, sender, running: None };
    let mut sources: BTreeSet<PathBuf> = [full(&options.file)].into();
    paths.set(&sources).map_err(|error| cannot_watch(&error))?;
    loop {
        let analysis = front::analyze(&options.file);
        let is_good = analysis.as_ref().is_ok_and(|analysis| !analysis.has_errors());
        // A source that is missing now may come back.
        if is_good {
            sources.clear();
        }
        match &analysis {
            Ok(analysis) => sources.extend(texts(analysis).map(|source| full(Path::new(&source.path)))),
            // The file may be missing for a moment while an editor replaces it.
            Err(stop) => print_error(&format!("lucarne: {}\n", stop.message)),
        }
        let is_late = paths.set(&sources).map_err(|error| cannot_watch(&error))?;
        if is_late && is_outdated(analysis.as_ref().ok(), &sources) {
            continue;
        }
        if is_good {
            program.end();
            program.start()?;
        }
        let changed = next_change(&events, &paths, is_good, &mut program)?;
        print_error(&format!("lucarne: {} has changed\n", from_here(&changed).display()));
    }
}

/// An event for which the watcher waits.
enum WatchEvent {
    Files(std::io::Result<Change>),
    ProgramEnded,
}

/// A report of the watcher.
pub(crate) type Changes = std::io::Result<Change>;

/// Waits for a change of a watched file, or for a new source or folder beside one, and for the end of the burst. Returns
/// the path.
pub(crate) fn changed(changes: &Receiver<Changes>, paths: &Paths) -> Result<PathBuf, Stop> {
    loop {
        let change = changes.recv().map_err(|error| cannot_watch(&error))?;
        let change = change.map_err(|error| cannot_watch(&error))?;
        if let Some(changed) = paths.concerned(&change).or_else(|| paths.new_folder(&change)) {
            await_end_of_burst(paths, |left| changes.recv_timeout(left).ok()?.ok());
            return Ok(changed);
        }
    }
}

/// Waits for a change of a source or, if the program has errors, of a file that may be a missing import. Returns the path
/// of the file.
fn next_change(
    events: &Receiver<WatchEvent>,
    paths: &Paths,
    is_good: bool,
    program: &mut WatchedProgram<'_>,
) -> Result<PathBuf, Stop> {
    loop {
        match events.recv().map_err(|error| cannot_watch(&error))? {
            WatchEvent::ProgramEnded => program.report_end(),
            WatchEvent::Files(change) => {
                let change = change.map_err(|error| cannot_watch(&error))?;
                let concerned = paths.concerned(&change).filter(|changed| !is_good || !paths.is_new(changed));
                if let Some(changed) = concerned {
                    await_end_of_burst(paths, |left| match events.recv_timeout(left) {
                        Ok(WatchEvent::Files(Ok(change))) => Some(change),
                        _ => None,
                    });
                    // The program may have ended during the burst.
                    program.report_end();
                    return Ok(changed);
                }
            }
        }
    }
}

/// Waits until the sources have not changed for a while. Ignores changes of other files. `next` waits for the next change
/// for at most a time.
fn await_end_of_burst(paths: &Paths, next: impl Fn(Duration) -> Option<Change>) {
    let mut end = Instant::now() + BURST;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        if next(left).is_some_and(|change| paths.concerned(&change).is_some()) {
            end = Instant::now() + BURST;
        }
    }
}

/// Returns the sources of a program, without those of the library.
fn texts(analysis: &Analysis) -> impl Iterator<Item = &Source> {
    analysis.sources.iter().filter(|source| !source.path.starts_with(LIBRARY_PREFIX))
}

/// Returns whether a file has changed since it was read, or has appeared since it was missing.
fn is_outdated(analysis: Option<&Analysis>, sources: &BTreeSet<PathBuf>) -> bool {
    let read: BTreeSet<PathBuf> =
        analysis.into_iter().flat_map(texts).map(|source| full(Path::new(&source.path))).collect();
    sources.difference(&read).any(|missing| missing.is_file()) || analysis.is_some_and(has_changed)
}

/// Returns whether a source is not as it was read.
pub(crate) fn has_changed(analysis: &Analysis) -> bool {
    let is_as_read = |source: &Source| {
        let mut now = Sources::default();
        let read = std::fs::read(&source.path).map(|bytes| now.add(source.path.clone(), bytes).0);
        read.is_ok_and(|id| now.get(id).is_some_and(|now| now.text == source.text))
    };
    !texts(analysis).all(is_as_read)
}

/// Returns the absolute form of a path.
pub(crate) fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns a path relative to the current folder if possible, for messages.
pub(crate) fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// The program in an OS process of its own, `lucarne run`, so that it can be killed at any point.
struct WatchedProgram<'o> {
    options: &'o Watch,
    sender: Sender<WatchEvent>,
    running: Option<Child>,
}

impl WatchedProgram<'_> {
    fn start(&mut self) -> Result<(), Stop> {
        let child = self
            .command()
            .and_then(|mut command| command.spawn())
            .map_err(|error| Stop::failure(format!("cannot run {}: {error}", self.options.file.display())))?;
        self.tell_of_end(&child);
        self.running = Some(child);
        Ok(())
    }

    fn command(&self) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("run");
        if self.is_here() {
            command.args(["--end-with-parent", &std::process::id().to_string()]);
        } else {
            command.args(["--device", &self.options.device]);
            if let Some(state) = &self.options.state {
                command.arg("--state").arg(state);
            }
        }
        command.arg("--").arg(&self.options.file).args(&self.options.arguments);
        Ok(command)
    }

    fn is_here(&self) -> bool {
        self.options.device == HOST
    }

    /// Wakes the watcher when the program ends. Leaves the exit status for the watcher: until it is collected, no
    /// other OS process gets the pid, so that no other process can be killed by mistake.
    fn tell_of_end(&self, child: &Child) {
        let sender = self.sender.clone();
        let pid = Pid::from_child(child);
        thread::spawn(move || {
            // An error also means that the program has ended.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            // The watcher may have ended.
            let _ = sender.send(WatchEvent::ProgramEnded);
        });
    }

    /// Reports the end of the program if the program has ended by itself. On a device, the program outlives the
    /// command that started it.
    fn report_end(&mut self) {
        let Some(Ok(Some(status))) = self.running.as_mut().map(Child::try_wait) else { return };
        self.running = None;
        // The program ends with the reader of its output, as this command does.
        if self.is_here() && is_read(Some(&Timespec::default())) {
            print_error(&format!("lucarne: {} has ended ({status})\n", self.options.file.display()));
        }
    }

    fn end(&mut self) {
        if let Some(mut child) = self.running.take() {
            // The program may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns the failure of a watcher.
pub(crate) fn cannot_watch(error: &dyn std::fmt::Display) -> Stop {
    Stop::failure(format!("cannot watch the files of the program: {error}"))
}
