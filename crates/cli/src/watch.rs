//! `lucarne watch`: runs a program anew whenever its sources change.
//!
//! The operating system tells of changes in the folders of the sources. Folders, not files: editors replace files, and an
//! import that cannot be found yet may appear. What comes in a burst, as when many files are saved, counts once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use lucarne_compiler::resolve::Analysis;
use lucarne_compiler::source::{LIBRARY_PREFIX, Source};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::arguments::{HOST, Watch};
use crate::{Stop, front, print_error};

/// How long the sources must have been left alone before a burst is over.
const BURST: Duration = Duration::from_millis(20);

/// Runs the program until Ctrl-C.
pub(crate) fn watch(options: &Watch) -> Result<ExitCode, Stop> {
    front::expect_readable(&options.file)?;
    let (happens, happenings) = channel();
    let mut folders = Folders::new(happens.clone())?;
    let mut program = Program { options, happens, running: None };
    let mut sources: BTreeSet<PathBuf> = [full(&options.file)].into();
    folders.set(&sources)?;
    loop {
        let analysis = front::analyze(&options.file);
        let is_good = analysis.as_ref().is_ok_and(|analysis| !analysis.has_errors());
        // What is missing now was there before, perhaps, and comes back.
        if is_good {
            sources.clear();
        }
        match &analysis {
            Ok(analysis) => sources.extend(texts(analysis).map(|source| full(Path::new(&source.path)))),
            // It may be gone for the moment between two versions.
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
        let changed = next_change(&happenings, &sources, &mut program)?;
        print_error(&format!("lucarne: {} has changed\n", from_here(&changed).display()));
    }
}

/// What the watcher wakes for.
enum Happening {
    Files(notify::Result<Event>),
    ProgramEnded,
}

/// Waits until one of the sources changes, or a file that may be a missing one. Says which.
fn next_change(
    happenings: &Receiver<Happening>,
    sources: &BTreeSet<PathBuf>,
    program: &mut Program<'_>,
) -> Result<PathBuf, Stop> {
    loop {
        match happenings.recv().map_err(|error| cannot_watch(&error))? {
            Happening::ProgramEnded => program.take_leave(),
            Happening::Files(event) => {
                let event = event.map_err(|error| cannot_watch(&error))?;
                if let Some(changed) = concerning(&event, sources) {
                    await_end_of_burst(happenings, sources);
                    // That it has ended may have been in the burst.
                    program.take_leave();
                    return Ok(changed.clone());
                }
            }
        }
    }
}

/// Waits until the sources have not changed for a while. What else happens beside them may go on.
fn await_end_of_burst(happenings: &Receiver<Happening>, sources: &BTreeSet<PathBuf>) {
    let mut end = Instant::now() + BURST;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        if let Ok(Happening::Files(Ok(event))) = happenings.recv_timeout(left)
            && concerning(&event, sources).is_some()
        {
            end = Instant::now() + BURST;
        }
    }
}

/// The sources of a program, without those of the library.
fn texts(analysis: &Analysis) -> impl Iterator<Item = &Source> {
    analysis.sources.iter().filter(|source| !source.path.starts_with(LIBRARY_PREFIX))
}

/// Whether a file has changed since it was read.
fn has_changed(analysis: &Analysis) -> bool {
    let is_as_read = |source: &Source| {
        // What is not UTF-8 was read this way too.
        std::fs::read(&source.path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes) == source.text)
    };
    !texts(analysis).all(is_as_read)
}

/// The path as events have it, also of a file that is gone by now.
fn full(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let in_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or(path)
}

/// The path as the user would write it.
fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// The program as `lucarne run` runs it: in an OS process of its own, so that it can be ended at any point.
struct Program<'o> {
    options: &'o Watch,
    happens: Sender<Happening>,
    running: Option<Child>,
}

impl Program<'_> {
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

    /// Wakes the watcher when the program ends. The status is left for it: until it has been taken, no other OS process
    /// gets the number, so that nothing else can be ended by mistake.
    fn tell_of_end(&self, child: &Child) {
        let happens = self.happens.clone();
        let pid = Pid::from_child(child);
        thread::spawn(move || {
            // An error says that it has ended too.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            // The watcher may be leaving.
            let _ = happens.send(Happening::ProgramEnded);
        });
    }

    /// Says so if the program has ended by itself. On a device it goes on after the command that started it.
    fn take_leave(&mut self) {
        let Some(Ok(Some(status))) = self.running.as_mut().map(Child::try_wait) else { return };
        self.running = None;
        if self.is_here() {
            print_error(&format!("lucarne: {} has ended ({status})\n", self.options.file.display()));
        }
    }

    fn end(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The folders that are watched.
struct Folders {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new(happens: Sender<Happening>) -> Result<Folders, Stop> {
        let tell = move |event| {
            // The watcher may be leaving.
            let _ = happens.send(Happening::Files(event));
        };
        let watcher = notify::recommended_watcher(tell).map_err(|error| cannot_watch(&error))?;
        Ok(Folders { watcher, watched: BTreeSet::new() })
    }

    /// Watches the folders of these files, and no others. Says whether some were not watched before: what happened there
    /// until now has not been seen.
    fn set(&mut self, files: &BTreeSet<PathBuf>) -> Result<bool, Stop> {
        let wanted: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        for folder in self.watched.difference(&wanted) {
            // It may have been removed.
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

/// What an event says of these files, or of one that may be missing.
fn concerning<'e>(event: &'e Event, files: &BTreeSet<PathBuf>) -> Option<&'e PathBuf> {
    // To read a file is an event too.
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
