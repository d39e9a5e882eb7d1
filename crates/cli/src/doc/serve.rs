//! `lucarne doc serve`: makes the site in memory, and again whenever a source changes.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use lucarne_documentation::{Documented, Project, Site, document};

use super::{connections, print, stop};
use crate::Stop;
use crate::arguments::doc::Serve;
use crate::output::{end_with_reader, print_error, print_out, reason};
use crate::watch::paths::Paths;
use crate::watch::{self, Changes};

/// The site as it is now.
pub(super) type Shown = Arc<Mutex<Arc<Site>>>;

/// Serves until Ctrl-C.
pub(super) fn serve(options: &Serve) -> Result<ExitCode, Stop> {
    let (mut documented, mut sources) = make(options, BTreeSet::new())?;
    let mut warnings = warnings_of(&documented);
    print(&mut documented, options.documented.quiet);
    if documented.site.is_none() {
        return Ok(ExitCode::from(crate::FAILURE));
    }
    end_with_reader();
    let shown: Shown = Arc::new(Mutex::new(Arc::new(documented.site.take().unwrap_or_default())));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
        let port = options.port;
        Stop::usage(format!("cannot serve on port {port}: {}; choose another by --port", reason(&error)))
    })?;
    let address = listener.local_addr().map_err(|error| Stop::failure(format!("cannot serve: {error}")))?;
    connections::accept(listener, shown.clone())
        .map_err(|error| Stop::failure(format!("cannot serve: {}", reason(&error))))?;
    print_out(format!("serving http://{address}/ until Ctrl-C\n").as_bytes())?;
    let (mut paths, changes) = watched()?;
    loop {
        let is_late = paths.set(&sources).map_err(|error| watch::cannot_watch(&error))?;
        if !(is_late && is_outdated(options, &documented)) {
            let changed = watch::changed(&changes, &paths)?;
            print_error(&format!("lucarne: {} has changed\n", watch::from_here(&changed).display()));
        }
        match make(options, sources.clone()) {
            Ok((next, next_sources)) => {
                (documented, sources) = (next, next_sources);
                // Beside errors, warnings are of no use, and they may not be all.
                let is_known = documented.site.is_none() || {
                    let before = std::mem::replace(&mut warnings, warnings_of(&documented));
                    warnings == before
                };
                print(&mut documented, options.documented.quiet || is_known);
                if let Some(site) = documented.site.take() {
                    *shown.lock().unwrap_or_else(|broken| broken.into_inner()) = Arc::new(site);
                    if !options.documented.quiet {
                        print_error("lucarne: made the site again\n");
                    }
                }
            }
            // A file may be missing for a moment while an editor replaces it.
            Err(stop) => print_error(&format!("lucarne: {}\n", stop.message)),
        }
    }
}

/// Returns whether files have changed since they were read, or are new.
fn is_outdated(options: &Serve, documented: &Documented) -> bool {
    let wanted = &options.documented;
    let found = Project::find(&wanted.subject(), &wanted.options());
    found.is_ok_and(|found| found != documented.project) || watch::has_changed(&documented.analysis)
}

/// Returns the warnings, apart from their places, and the packages that have errors.
fn warnings_of(documented: &Documented) -> (Vec<(String, String)>, Vec<String>) {
    let analysis = &documented.analysis;
    let warnings = analysis.diagnostics.iter().filter(|problem| !problem.is_error()).map(|problem| {
        let path = analysis.sources.get(problem.source).map_or("", |source| &source.path);
        (path.to_owned(), problem.title.to_string())
    });
    let mut warnings: Vec<(String, String)> = warnings.collect();
    warnings.sort();
    (warnings, documented.faulty_packages.clone())
}

/// Makes the site. Returns the sources to watch: after errors also those of before, since one that is missing now may come
/// back.
fn make(options: &Serve, before: BTreeSet<PathBuf>) -> Result<(Documented, BTreeSet<PathBuf>), Stop> {
    let wanted = &options.documented;
    let documented = document(&wanted.subject(), &wanted.options()).map_err(stop)?;
    let mut sources: BTreeSet<PathBuf> = documented.inputs.iter().map(|path| watch::full(path)).collect();
    if documented.site.is_none() {
        sources.extend(before);
    }
    Ok((documented, sources))
}

fn watched() -> Result<(Paths, Receiver<Changes>), Stop> {
    let (sender, changes) = channel();
    let pass = move |change| {
        // The command may be ending.
        let _ = sender.send(change);
    };
    let paths = Paths::watched(pass).map_err(|error| watch::cannot_watch(&error))?;
    Ok((paths, changes))
}
