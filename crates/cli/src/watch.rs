//! `lucarne watch`: runs a program again whenever its sources change.
//!
//! The operating system reports changes in the folders of the sources. The command watches folders, not files, since
//! editors replace files, and a missing import may appear. A burst of changes, as when many files are saved, counts
//! once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use lucarne_compiler::resolve::Analysis;
use lucarne_compiler::source::{LIBRARY_PREFIX, Source, Sources};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::event::Timespec;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::arguments::{HOST, Watch};
use crate::output::{end_with_reader, is_read, print_error};
use crate::{Stop, front};

/// The time without changes after which a burst is over.
const BURST: Duration = Duration::from_millis(20);

/// Runs the program until Ctrl-C.
pub(crate) fn watch(options: &Watch) -> Result<ExitCode, Stop> {
    front::require_readable(&options.file)?;
    end_with_reader();
    let (sender, events) = channel();
    let mut folders = Folders::new(sender.clone())?;
    let mut program = WatchedProgram { options, sender, running: None };
    let mut sources: BTreeSet<PathBuf> = [full(&options.file)].into();
    folders.set(&sources)?;
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
        let is_late = folders.set(&sources)?;
        if is_late && analysis.is_ok_and(|analysis| has_changed(&analysis)) {
            continue;
        }
        if is_good {
            program.end();
            program.start()?;
        }
        let changed = next_change(&events, &sources, &mut program)?;
        print_error(&format!("lucarne: {} has changed\n", from_here(&changed).display()));
    }
}

/// An event for which the watcher waits.
enum WatchEvent {
    Files(notify::Result<Event>),
    ProgramEnded,
}

/// Waits until a source changes, or a file that may be a missing import. Returns its path.
fn next_change(
    events: &Receiver<WatchEvent>,
    sources: &BTreeSet<PathBuf>,
    program: &mut WatchedProgram<'_>,
) -> Result<PathBuf, Stop> {
    loop {
        match events.recv().map_err(|error| cannot_watch(&error))? {
            WatchEvent::ProgramEnded => program.report_end(),
            WatchEvent::Files(event) => {
                let event = event.map_err(|error| cannot_watch(&error))?;
                if let Some(changed) = concerning(&event, sources) {
                    await_end_of_burst(events, sources);
                    // The program may have ended during the burst.
                    program.report_end();
                    return Ok(changed.clone());
                }
            }
        }
    }
}

/// Waits until the sources have not changed for a while. Ignores changes of other files.
fn await_end_of_burst(events: &Receiver<WatchEvent>, sources: &BTreeSet<PathBuf>) {
    let mut end = Instant::now() + BURST;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        if let Ok(WatchEvent::Files(Ok(event))) = events.recv_timeout(left)
            && concerning(&event, sources).is_some()
        {
            end = Instant::now() + BURST;
        }
    }
}

/// Returns the sources of a program, without those of the library.
fn texts(analysis: &Analysis) -> impl Iterator<Item = &Source> {
    analysis.sources.iter().filter(|source| !source.path.starts_with(LIBRARY_PREFIX))
}

/// Returns whether a file has changed since it was read.
fn has_changed(analysis: &Analysis) -> bool {
    let is_as_read = |source: &Source| {
        let mut now = Sources::default();
        let read = std::fs::read(&source.path).map(|bytes| now.add(source.path.clone(), bytes).0);
        read.is_ok_and(|id| now.get(id).is_some_and(|now| now.text == source.text))
    };
    !texts(analysis).all(is_as_read)
}

/// Returns a path in the form that events have, also for a file that no longer exists.
fn full(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let in_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or(path)
}

/// Returns a path relative to the current folder if possible, for messages.
fn from_here(path: &Path) -> &Path {
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
            // An error means that the program has ended, too.
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

/// The watched folders.
struct Folders {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new(sender: Sender<WatchEvent>) -> Result<Folders, Stop> {
        let tell = move |event| {
            // The watcher may have ended.
            let _ = sender.send(WatchEvent::Files(event));
        };
        let watcher = notify::recommended_watcher(tell).map_err(|error| cannot_watch(&error))?;
        Ok(Folders { watcher, watched: BTreeSet::new() })
    }

    /// Watches the folders of these files, and no others. Returns whether some were not watched before: earlier
    /// changes there were not reported.
    fn set(&mut self, files: &BTreeSet<PathBuf>) -> Result<bool, Stop> {
        let wanted: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        for folder in self.watched.difference(&wanted) {
            // The folder may have been removed.
            let _ = self.watcher.unwatch(folder);
        }
        let new: Vec<&PathBuf> = wanted.difference(&self.watched).collect();
        for folder in &new {
            self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| cannot_watch(&error))?;
        }
        let is_late = !new.is_empty();
        self.watched = wanted;
        Ok(is_late)
    }
}

/// Returns the path of an event that concerns these files, or a file that may be a missing import.
fn concerning<'e>(event: &'e Event, files: &BTreeSet<PathBuf>) -> Option<&'e PathBuf> {
    // Reading a file is an event, too.
    if matches!(event.kind, EventKind::Access(_)) {
        return None;
    }
    let is_new =
        matches!(event.kind, EventKind::Create(_) | EventKind::Modify(notify::event::ModifyKind::Name(_)));
    event.paths.iter().find(|path| {
        files.contains(*path) || is_new && path.extension().is_some_and(|extension| extension == "toit")
    })
}

fn cannot_watch(error: &dyn std::fmt::Display) -> Stop {
    Stop::failure(format!("cannot watch the files of the program: {error}"))
}
