//! `lucarne watch`: runs a program anew whenever its sources change.
//!
//! The operating system tells of changes in the folders of the sources. Folders, not files: editors replace files, and an
//! import that cannot be found yet may appear. What comes in a burst, as when many files are saved, counts once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lucarne_compiler::resolve::Analysis;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::arguments::{HOST, Watch};
use crate::{Stop, front, print_error};

/// How long nothing may happen before a burst is over.
const BURST: Duration = Duration::from_millis(20);

/// Runs the program until Ctrl-C.
pub(crate) fn watch(options: &Watch) -> Result<ExitCode, Stop> {
    front::readable(&options.file)?;
    let mut folders = Folders::new()?;
    let mut running = None;
    loop {
        let analysis = front::analyze_file(&options.file);
        let sources = match &analysis {
            Ok(analysis) => sources(analysis, &options.file),
            // It may be gone for the moment between two versions.
            Err(stop) => {
                print_error(&format!("lucarne: {}\n", stop.message));
                [full(&options.file)].into()
            }
        };
        folders.set(&sources)?;
        if analysis.is_ok_and(|analysis| !analysis.has_errors()) {
            end(&mut running);
            running = Some(start(options)?);
        }
        let changed = folders.wait(&sources)?;
        print_error(&format!("lucarne: {} has changed\n", from_here(&changed).display()));
    }
}

/// The files that a program is made of, outside of the library.
fn sources(analysis: &Analysis, file: &Path) -> BTreeSet<PathBuf> {
    let files = analysis.sources.iter().map(|source| Path::new(&source.path));
    files.filter(|path| path.is_file()).map(full).chain([full(file)]).collect()
}

/// The path as events have it.
fn full(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// The path as the user would write it.
fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// Runs the program as `lucarne run` does, in an OS process of its own, so that it can be ended at any point.
fn start(options: &Watch) -> Result<Child, Stop> {
    let cannot =
        |error: std::io::Error| Stop::failure(format!("cannot run {}: {error}", options.file.display()));
    let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
    command.arg("run");
    if options.device != HOST {
        command.args(["--device", &options.device]);
        if let Some(state) = &options.state {
            command.arg("--state").arg(state);
        }
    } else {
        command.args(["--end-with-parent", &std::process::id().to_string()]);
    }
    command.arg("--").arg(&options.file).args(&options.arguments);
    command.spawn().map_err(cannot)
}

fn end(running: &mut Option<Child>) {
    if let Some(mut child) = running.take() {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The folders that are watched.
struct Folders {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new() -> Result<Folders, Stop> {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(sender).map_err(|error| cannot_watch(&error))?;
        Ok(Folders { watcher, events, watched: BTreeSet::new() })
    }

    /// Watches the folders of these files, and no others.
    fn set(&mut self, files: &BTreeSet<PathBuf>) -> Result<(), Stop> {
        let wanted: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        for folder in self.watched.difference(&wanted) {
            // It may have been removed.
            let _ = self.watcher.unwatch(folder);
        }
        for folder in wanted.difference(&self.watched) {
            self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| cannot_watch(&error))?;
        }
        self.watched = wanted;
        Ok(())
    }

    /// Waits until one of these files changes, or a source that may be a missing one. Says which.
    fn wait(&self, files: &BTreeSet<PathBuf>) -> Result<PathBuf, Stop> {
        loop {
            let event = self.events.recv().map_err(|error| cannot_watch(&error))?;
            let event = event.map_err(|error| cannot_watch(&error))?;
            if let Some(changed) = concerning(&event, files) {
                while self.events.recv_timeout(BURST).is_ok() {}
                return Ok(changed.clone());
            }
        }
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
