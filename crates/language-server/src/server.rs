//! The server: one loop reads messages, one worker makes diagnostics, and a few workers answer requests.
//!
//! The loop itself never analyzes anything: it applies edits at once, and gives each request the documents as they are
//! at that moment. So a request sees all edits before it and none after it, and waits for no analysis but its own. What
//! can grow is bounded: messages, documents, waiting requests, kept analyses, shown diagnostics.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams,
    PositionEncodingKind,
};
use lucarne_compiler::source::BYTES_MAX;
use lucarne_kernel::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_kernel::sync::{Condvar, Mutex, wait};
use serde_json::{Value, json};

use crate::report::{self, Reporter};
use crate::text::{Encoding, Text};
use crate::uri;
use crate::wire::{self, Fault, Incoming, code};
use crate::workspace::{Cache, DOCUMENTS_MAX, Document, Documents, Settings, Snapshot, failed};

mod capabilities;
mod dispatch;
mod publish;

pub use dispatch::{Handler, METHODS, answer};

/// The maximum number of requests that wait for a worker.
const WAITING_MAX: usize = 512;

/// The number of workers that answer requests: a search in all files must not delay a completion.
const WORKERS: usize = 2;

/// The stack of a worker, which parses texts: see `resolve::STACK_BYTES` in the compiler.
const STACK_BYTES: usize = 256 << 20;

/// How a session has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The client has asked the server to shut down, and then to exit.
    Properly,
    /// The client has disconnected, or has asked the server to exit without a shutdown.
    Abruptly,
}

/// Serves a client until it ends the session or its messages end. `cache` is a folder of the user, in which the texts of
/// the library are written for the editor, when it needs them.
///
/// # Errors
/// If the input cannot be read, or a header of a message is malformed, so that the next message cannot be found.
///
/// ```
/// use lucarne_language_server::{Ended, serve};
///
/// let message = r#"{"jsonrpc":"2.0","method":"exit"}"#;
/// let input = format!("Content-Length: {}\r\n\r\n{message}", message.len());
/// let ended = serve(&mut input.as_bytes(), std::io::sink(), None)?;
/// assert_eq!(ended, Ended::Abruptly);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve(
    input: &mut impl BufRead,
    output: impl Write + Send + 'static,
    cache: Option<PathBuf>,
) -> io::Result<Ended> {
    let mut server = Server::new(Box::new(output), cache);
    let result = server.run(input);
    server.stop();
    result
}

/// The state that the loop and the workers share.
struct Shared {
    output: Mutex<Box<dyn Write + Send>>,
    analyses: Arc<Cache>,
    queue: Mutex<Queue>,
    /// Notified when the queue changes.
    work: Condvar,
    /// For each request that is not answered, whether it is canceled.
    open: Mutex<HashMap<String, Arc<AtomicBool>>>,
    published: publish::Publisher,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Task>,
    is_over: bool,
}

/// A request on its way to a worker.
struct Task {
    id: Value,
    method: String,
    params: Value,
    snapshot: Snapshot,
}

impl Shared {
    fn send(&self, message: &Value) {
        // A client that does not read has disconnected, and the loop will see the end of its messages.
        let _ = wire::write(&mut *self.output.lock(), message);
    }

    /// Returns a function that sends messages.
    fn sender(self: &Arc<Shared>) -> report::Sender {
        let shared = self.clone();
        Arc::new(move |message| shared.send(message))
    }

    fn answer(&self, id: &Value, result: Result<Value, Fault>) {
        self.send(&wire::response(id, result));
    }

    fn log(&self, message: &str) {
        self.send(&wire::notification("window/logMessage", json!({ "type": 2, "message": message })));
    }
}

struct Server {
    shared: Arc<Shared>,
    cache: Option<PathBuf>,
    documents: Arc<Documents>,
    settings: Option<Arc<Settings>>,
    can_watch: bool,
    can_show_progress: bool,
    is_shut_down: bool,
    revisions: u64,
    workers: Vec<JoinHandle<()>>,
}

impl Server {
    fn new(output: Box<dyn Write + Send>, cache: Option<PathBuf>) -> Server {
        let shared = Arc::new(Shared {
            output: Mutex::new(output),
            analyses: Arc::new(Cache::default()),
            queue: Mutex::new(Queue::default()),
            work: Condvar::new(),
            open: Mutex::new(HashMap::new()),
            published: publish::Publisher::default(),
        });
        Server {
            shared,
            cache,
            documents: Arc::default(),
            settings: None,
            can_watch: false,
            can_show_progress: false,
            is_shut_down: false,
            revisions: 0,
            workers: Vec::new(),
        }
    }

    fn run(&mut self, input: &mut impl BufRead) -> io::Result<Ended> {
        while let Some(message) = wire::read(input)? {
            match message {
                Incoming::Request { id, method, params } => self.request(id, method, params),
                Incoming::Notification { method, .. } if method == "exit" => {
                    return Ok(if self.is_shut_down { Ended::Properly } else { Ended::Abruptly });
                }
                Incoming::Notification { method, params } => self.notification(&method, params),
                Incoming::Response => {}
                Incoming::Fault(fault) => {
                    let id = fault.id.clone();
                    self.shared.answer(&id, Err(fault));
                }
            }
        }
        Ok(Ended::Abruptly)
    }

    /// Ends the workers.
    fn stop(&mut self) {
        self.shared.queue.lock().is_over = true;
        self.shared.work.notify_all();
        for canceled in self.shared.open.lock().values() {
            canceled.store(true, Ordering::Relaxed);
        }
        self.shared.published.stop();
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its tasks.
            let _ = worker.join();
        }
    }

    // Requests.

    fn request(&mut self, id: Value, method: String, params: Value) {
        match (method.as_str(), &self.settings) {
            ("initialize", None) => {
                let result = self.initialize(params);
                self.shared.answer(&id, result);
            }
            ("initialize", Some(_)) => {
                let fault =
                    Fault { code: code::INVALID_REQUEST, ..failed("the server is initialized already") };
                self.shared.answer(&id, Err(fault));
            }
            (_, None) => {
                let fault = Fault { code: code::NOT_INITIALIZED, ..failed("the server is not initialized") };
                self.shared.answer(&id, Err(fault));
            }
            ("shutdown", Some(_)) => {
                self.is_shut_down = true;
                self.shared.answer(&id, Ok(Value::Null));
            }
            _ if self.is_shut_down => {
                let fault = Fault { code: code::INVALID_REQUEST, ..failed("the server is shut down") };
                self.shared.answer(&id, Err(fault));
            }
            (_, Some(settings)) if dispatch::exists(&method) => {
                let settings = settings.clone();
                self.enqueue(id, method, params, settings);
            }
            _ => {
                let fault =
                    Fault { code: code::METHOD_NOT_FOUND, ..failed(format!("unknown method `{method}`")) };
                self.shared.answer(&id, Err(fault));
            }
        }
    }

    fn enqueue(&mut self, id: Value, method: String, params: Value, settings: Arc<Settings>) {
        let canceled = Arc::new(AtomicBool::new(false));
        let asked = canceled.clone();
        let token = params.get("workDoneToken").filter(|token| token.is_string() || token.is_number());
        let reporter = Reporter::new(self.shared.sender(), token.cloned());
        let snapshot = Snapshot {
            documents: self.documents.clone(),
            settings,
            cache: self.shared.analyses.clone(),
            is_canceled: Arc::new(move || asked.load(Ordering::Relaxed)),
            reporter,
        };
        let mut queue = self.shared.queue.lock();
        if queue.waiting.len() >= WAITING_MAX {
            drop(queue);
            let fault = failed(format!("more than {WAITING_MAX} requests wait for an answer"));
            return self.shared.answer(&id, Err(fault));
        }
        self.shared.open.lock().insert(id.to_string(), canceled);
        queue.waiting.push_back(Task { id, method, params, snapshot });
        drop(queue);
        self.shared.work.notify_one();
    }

    fn initialize(&mut self, params: Value) -> Result<Value, Fault> {
        let params: InitializeParams = dispatch::parameters(params)?;
        let offered =
            params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let takes_utf8 = offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        let encoding = if takes_utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        let mut folders: Vec<String> =
            params.workspace_folders.iter().flatten().map(|folder| uri::to_path(&folder.uri)).collect();
        #[allow(deprecated, reason = "older clients send only this")]
        if let (true, Some(root)) = (folders.is_empty(), &params.root_uri) {
            folders.push(uri::to_path(root));
        }
        folders.retain(|folder| folder.starts_with('/'));
        for folder in &mut folders {
            folder.truncate(folder.trim_end_matches('/').len().max(1));
        }
        let watched =
            params.capabilities.workspace.as_ref().and_then(|workspace| workspace.did_change_watched_files);
        self.can_watch = watched.is_some_and(|watched| watched.dynamic_registration == Some(true));
        let window = params.capabilities.window.as_ref();
        self.can_show_progress = window.is_some_and(|window| window.work_done_progress == Some(true));
        let settings = Arc::new(Settings::new(encoding, folders, self.cache.as_deref()));
        self.settings = Some(settings.clone());
        self.start_workers(&settings).map_err(|error| failed(format!("cannot start a thread: {error}")))?;
        Ok(capabilities::initialize_result(encoding))
    }

    fn start_workers(&mut self, settings: &Arc<Settings>) -> io::Result<()> {
        for _ in 0..WORKERS {
            let shared = self.shared.clone();
            self.workers.push(spawn("requests", move || answer_requests(&shared))?);
        }
        let (shared, settings) = (self.shared.clone(), settings.clone());
        let can_show_progress = self.can_show_progress;
        self.workers.push(spawn("diagnostics", move || publish::run(&shared, &settings, can_show_progress))?);
        Ok(())
    }

    // Notifications.

    fn notification(&mut self, method: &str, params: Value) {
        if self.settings.is_none() || self.is_shut_down {
            return;
        }
        let result = match method {
            "textDocument/didOpen" => dispatch::parameters(params).map(|params| self.opened(params)),
            "textDocument/didChange" => dispatch::parameters(params).map(|params| self.changed(params)),
            "textDocument/didClose" => dispatch::parameters(params).map(|params| self.closed(&params)),
            "$/cancelRequest" => {
                let id = params.get("id").map(Value::to_string).unwrap_or_default();
                if let Some(canceled) = self.shared.open.lock().get(&id) {
                    canceled.store(true, Ordering::Relaxed);
                }
                Ok(())
            }
            "workspace/didChangeWatchedFiles" | "textDocument/didSave" => {
                self.shared.analyses.clear();
                self.update(None, |_| {});
                Ok(())
            }
            "initialized" => {
                if self.can_watch {
                    self.shared.send(&capabilities::watch_files());
                }
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(fault) = result {
            self.shared.log(&format!("{method}: {}", fault.message));
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(key) = self.settings.as_ref().map(|settings| settings.key(&document.uri)) else { return };
        if self.documents.open.len() >= DOCUMENTS_MAX && !self.documents.open.contains_key(&key) {
            let name = document.uri.as_str();
            return self
                .shared
                .log(&format!("{name} is ignored: {DOCUMENTS_MAX} documents are open already"));
        }
        let text = Arc::new(Text::new(document.text));
        self.put(key, document.uri, document.version, text);
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let Some(settings) = self.settings.clone() else { return };
        let key = settings.key(&params.text_document.uri);
        let Some(known) = self.documents.open.get(&key).cloned() else { return };
        let text = Arc::new(known.text.changed(params.content_changes, settings.encoding));
        self.put(key, known.uri.clone(), params.text_document.version, text);
    }

    fn put(&mut self, key: String, uri: lsp_types::Uri, version: i32, text: Arc<Text>) {
        if text.as_str().len() as u64 > BYTES_MAX {
            return self
                .shared
                .log(&format!("{} is ignored: it has more than {BYTES_MAX} bytes", uri.as_str()));
        }
        self.revisions += 1;
        let document = Arc::new(Document { uri, version, revision: self.revisions, text });
        self.update(Some(key.clone()), |documents| {
            documents.open.insert(key, document);
        });
    }

    fn closed(&mut self, params: &DidCloseTextDocumentParams) {
        let Some(settings) = &self.settings else { return };
        let key = settings.key(&params.text_document.uri);
        self.update(None, |documents| {
            documents.open.remove(&key);
        });
    }

    fn update(&mut self, key: Option<String>, change: impl FnOnce(&mut Documents)) {
        let documents = Arc::make_mut(&mut self.documents);
        change(documents);
        documents.generation += 1;
        self.shared.published.documents_changed(self.documents.clone(), key);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(work)
}

/// Answers requests until the session ends.
fn answer_requests(shared: &Shared) {
    loop {
        let mut queue = shared.queue.lock();
        let task = loop {
            if queue.is_over {
                return;
            }
            match queue.waiting.pop_front() {
                Some(task) => break task,
                None => queue = wait(&shared.work, queue),
            }
        };
        drop(queue);
        let Task { id, method, params, snapshot } = task;
        let reporter = snapshot.reporter.clone();
        let work = || match (snapshot.is_canceled)() {
            true => Err(crate::workspace::canceled()),
            false => dispatch::answer(&snapshot, &method, params),
        };
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            let message = format!("a fault of the server while it answered `{method}`");
            Err(Fault { code: code::INTERNAL_ERROR, ..failed(message) })
        });
        shared.open.lock().remove(&id.to_string());
        reporter.finish();
        shared.answer(&id, result);
    }
}

/// Counts the changes of documents, so that work on older ones can stop.
#[derive(Default)]
struct Generation(AtomicU64);

impl Generation {
    fn set(&self, generation: u64) {
        self.0.store(generation, Ordering::Relaxed);
    }

    fn is(&self, generation: u64) -> bool {
        self.0.load(Ordering::Relaxed) == generation
    }
}
