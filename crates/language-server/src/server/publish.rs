//! The worker for diagnostics: waits until the user pauses, analyzes the open documents, and publishes the changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use lsp_types::{Diagnostic, Uri};
use lucarne_compiler::source::LIBRARY_PREFIX;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Condvar, Mutex, wait, wait_timeout};
use serde_json::json;

use super::{Generation, Shared, capabilities};
use crate::features::diagnostics;
use crate::report::Reporter;
use crate::wire;
use crate::workspace::{Documents, Settings, Snapshot};

/// How long the documents must stay as they are before the one that was changed is analyzed.
const PAUSE: Duration = Duration::from_millis(40);

/// How long an analysis can be put off while the documents keep changing, as a number of pauses.
const PAUSES_MAX: u32 = 24;

/// How long the documents must stay as they are, after that, before all of them are analyzed with what they import. Mistakes
/// elsewhere change rarely by an edit, and each key would analyze a whole program.
const PAUSE_ALL: Duration = Duration::from_millis(250);

/// The time that the analyses before one must take until the progress is shown, in microseconds.
const LONG_US: i64 = 400_000;

/// An order of the loop to the worker.
#[derive(Default)]
pub(super) struct Publisher {
    state: Mutex<State>,
    changed: Condvar,
    generation: Arc<Generation>,
}

#[derive(Default)]
struct State {
    documents: Arc<Documents>,
    /// The document that was changed last: it is analyzed first.
    recent: Option<String>,
    is_dirty: bool,
    is_over: bool,
}

impl Publisher {
    /// Tells the worker that the documents, or files around them, have changed.
    pub(super) fn documents_changed(&self, documents: Arc<Documents>, recent: Option<String>) {
        self.generation.set(documents.generation);
        let mut state = self.state.lock();
        state.documents = documents;
        state.recent = recent.or(state.recent.take());
        state.is_dirty = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the worker.
    pub(super) fn stop(&self) {
        self.state.lock().is_over = true;
        self.generation.set(u64::MAX);
        self.changed.notify_all();
    }

    /// Waits for a longer pause. Returns false if the documents have changed since a generation.
    fn rests(&self, generation: u64) -> bool {
        let mut state = self.state.lock();
        if state.documents.generation == generation && !state.is_over {
            state = wait_timeout(&self.changed, state, PAUSE_ALL);
        }
        state.documents.generation == generation && !state.is_over
    }

    /// Waits for a change and the pause after it. Returns none at the end.
    fn next(&self) -> Option<(Arc<Documents>, Option<String>)> {
        let mut state = self.state.lock();
        while !state.is_dirty && !state.is_over {
            state = wait(&self.changed, state);
        }
        for _ in 0..PAUSES_MAX {
            let generation = state.documents.generation;
            state = wait_timeout(&self.changed, state, PAUSE);
            if state.documents.generation == generation || state.is_over {
                break;
            }
        }
        state.is_dirty = false;
        (!state.is_over).then(|| (state.documents.clone(), state.recent.clone()))
    }
}

/// Publishes diagnostics until the session ends.
pub(super) fn run(shared: &Arc<Shared>, settings: &Arc<Settings>, can_show_progress: bool) {
    let publisher = &shared.published;
    let mut known = Known::default();
    let mut tokens = 0;
    while let Some((documents, recent)) = publisher.next() {
        let (generation, current) = (documents.generation, publisher.generation.clone());
        tokens += 1;
        let snapshot = Snapshot {
            documents,
            settings: settings.clone(),
            cache: shared.analyses.clone(),
            is_canceled: Arc::new(move || !current.is(generation)),
            reporter: Reporter::default(),
        };
        let mut shown = Reporter::default();
        let mut work = || {
            if let Some(recent) = recent.as_deref().filter(|recent| known.is_known(recent)) {
                known.update_one(shared, &snapshot, recent);
                if !publisher.rests(generation) {
                    return;
                }
            }
            let mut progress =
                LongWork::new(shared, can_show_progress.then(|| format!("diagnostics-{tokens}")));
            known.update(shared, &snapshot, recent.as_deref(), &mut progress);
            shown = progress.reporter;
        };
        if catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
            shared.log("a fault of the server while it looked for mistakes");
        }
        shown.finish();
    }
}

/// Shows the progress of work that takes long. Short work is not shown.
struct LongWork {
    shared: Arc<Shared>,
    clock: Clock,
    /// The token, until the client knows it; none if it shows no progress.
    token: Option<String>,
    reporter: Reporter,
}

impl LongWork {
    fn new(shared: &Arc<Shared>, token: Option<String>) -> LongWork {
        LongWork { shared: shared.clone(), clock: Clock::real(), token, reporter: Reporter::default() }
    }

    fn progress(&mut self, done: usize, all: usize) {
        if self.clock.now_us() >= LONG_US
            && let Some(token) = self.token.take()
        {
            self.shared.send(&capabilities::create_progress(&token));
            self.reporter = Reporter::new(self.shared.sender(), Some(json!(token)));
        }
        self.reporter.progress("Analyzing the open files", done, all);
    }
}

/// The diagnostics that are known, and those that the client has.
#[derive(Default)]
struct Known {
    /// For each open document, its diagnostics and those of its imports.
    by_root: HashMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    published: HashMap<String, (Uri, Option<i32>, Vec<Diagnostic>)>,
}

impl Known {
    /// Returns whether the diagnostics of a document are known from an earlier text.
    fn is_known(&self, key: &str) -> bool {
        self.by_root.contains_key(key)
    }

    /// Publishes the diagnostics of one document, which needs no analysis of its imports.
    fn update_one(&mut self, shared: &Shared, snapshot: &Snapshot, key: &str) {
        if !snapshot.documents.open.contains_key(key) || key.starts_with(LIBRARY_PREFIX) {
            return;
        }
        if let Ok(list) = diagnostics::of_document_alone(snapshot, key) {
            self.by_root.entry(key.to_owned()).or_default().insert(key.to_owned(), list);
            self.publish(shared, snapshot, key);
        }
    }

    fn update(
        &mut self,
        shared: &Shared,
        snapshot: &Snapshot,
        recent: Option<&str>,
        progress: &mut LongWork,
    ) {
        let open = &snapshot.documents.open;
        self.by_root.retain(|root, _| open.contains_key(root));
        let mut roots: Vec<&String> = open.keys().filter(|key| !key.starts_with(LIBRARY_PREFIX)).collect();
        roots.sort_by_key(|root| (Some(root.as_str()) != recent, root.as_str()));
        let all = roots.len();
        for (done, root) in roots.into_iter().enumerate() {
            progress.progress(done, all);
            match diagnostics::of_document(snapshot, root) {
                Ok(found) => self.by_root.insert(root.clone(), found),
                // The documents have changed again, or cannot be analyzed.
                Err(_) if (snapshot.is_canceled)() => return,
                Err(fault) => {
                    shared.log(&fault.message);
                    self.by_root.insert(root.clone(), BTreeMap::from([(root.clone(), Vec::new())]))
                }
            };
            self.publish(shared, snapshot, root);
        }
        let mut keys: BTreeSet<String> = self.published.keys().cloned().collect();
        keys.extend(self.by_root.values().flat_map(|found| found.keys().cloned()));
        for key in keys {
            self.publish(shared, snapshot, &key);
        }
    }

    /// Publishes the diagnostics of a document, if they differ from those that the client has.
    fn publish(&mut self, shared: &Shared, snapshot: &Snapshot, key: &str) {
        let document = snapshot.documents.open.get(key);
        let list = match document {
            // What an open document is told is what the compiler says about it as the program.
            Some(_) => match self.by_root.get(key).and_then(|found| found.get(key)) {
                Some(list) => list.clone(),
                None => return,
            },
            None => {
                let mut list: Vec<Diagnostic> = Vec::new();
                for diagnostic in self.by_root.values().filter_map(|found| found.get(key)).flatten() {
                    if !list.contains(diagnostic) {
                        list.push(diagnostic.clone());
                    }
                }
                list
            }
        };
        let version = document.map(|document| document.version);
        let uri = match self.published.get(key) {
            Some((_, known_version, known)) if *known == list && *known_version == version => return,
            Some((uri, _, _)) if document.is_none() => Some(uri.clone()),
            None if list.is_empty() && document.is_none() => return,
            _ => snapshot.uri(key),
        };
        let Some(uri) = uri else { return };
        let mut params = json!({ "uri": uri, "diagnostics": list });
        if let Some(version) = version {
            params["version"] = json!(version);
        }
        shared.send(&wire::notification("textDocument/publishDiagnostics", params));
        match document.is_none() && list.is_empty() {
            true => self.published.remove(key),
            false => self.published.insert(key.to_owned(), (uri, version, list)),
        };
    }
}
