//! Loads components, starts their handlers, and waits until the handlers have ended.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libloading::os::unix::{Library, RTLD_NOW};
use lucarne_kernel::sync::mpsc::sync_channel;
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_kernel::{KernelHandle, SpawnOptions};
use lucarne_link::{Connect, RemoteProcess};
use lucarne_services::Container;
use thiserror::Error;

use crate::abi::{FUNCTIONS, REGISTRY};
use crate::crash::{Named, report_crashes};
use crate::handler::Handler;
use crate::loading::loading;
use crate::process::HandlerProcess;
use crate::registry::{Plan, Recorded, RefusedId};
use crate::service::containers::{self, ContainerNumber};
use crate::trace::trace_requests;

/// The handlers of one system, from their start to their end.
///
/// The processes of handlers end with the system, so drop the system first. Then call [`Components::finish`], which
/// waits for the last callbacks.
#[must_use = "wait for components with `finish`"]
#[derive(Default)]
pub struct Components {
    threads: Vec<JoinHandle<()>>,
    containers: Vec<ContainerNumber>,
}

/// Why a component could not be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not a shared library, or a library or symbol that it needs is missing.
    #[error("cannot load the component: {0}")]
    Library(libloading::Error),
    /// The library has registered no handler while it was loaded, so programs cannot use it.
    #[error(
        "the component {} registers no handler: call toit_msg_add_handler in a function with \
         __attribute__((constructor))", .0.display()
    )]
    NoHandler(PathBuf),
}

/// Why handlers could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two handlers use the same id, or the id is invalid.
    #[error("{0}")]
    Id(RefusedId),
    /// There are too many handlers.
    #[error("there are too many handlers in this process")]
    TooMany,
    /// A handler cannot be started or its id cannot be published.
    #[error("the handler '{id}' cannot be started: {reason}")]
    Refused {
        /// The handler's id.
        id: String,
        /// The reason.
        reason: String,
    },
}

/// The reason of `Refused` when the system ends before the handler has started.
const ENDED: &str = "the system has ended";

impl Components {
    /// Loads a shared library, whose constructors register its handlers. The library is never unloaded.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(path: &Path) -> Result<(), LoadError> {
        // A path without a slash would be looked up in the system's library folders.
        let file = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
        std::hint::black_box((FUNCTIONS, crate::service::FUNCTIONS));
        // SAFETY: loading runs the constructors of the component. The user requests this by naming the component.
        let open = |flags| unsafe { Library::open(Some(&file), flags) };
        let is_loaded = open(RTLD_NOW | libc::RTLD_NOLOAD).is_ok();
        let _named = Named::new(&format!("the component {}, which is being loaded,", path.display()));
        let (library, handlers) = loading(&path.display().to_string(), || open(RTLD_NOW));
        // Never unload: a thread of the component may be running its code.
        std::mem::forget(library.map_err(LoadError::Library)?);
        // If the library was loaded before, it registered its handlers at that time.
        if handlers == 0 && !is_loaded { Err(LoadError::NoHandler(path.to_owned())) } else { Ok(()) }
    }

    /// Reports a crash of a component in this OS process on standard error, before the crash ends the process. Call
    /// this only in programs that own the process: it replaces the actions of the signals that a crash raises.
    pub fn report_crashes() {
        report_crashes();
    }

    /// Reports each request that a component in this OS process has not answered within a second. Reports it again each
    /// time its age has doubled, and at the end of its handler.
    ///
    /// # Errors
    /// If this was called before, or no thread can be started.
    pub fn trace_requests(report: impl Fn(&str) + Send + Sync + 'static) -> io::Result<()> {
        trace_requests(&REGISTRY, Box::new(report))
    }

    /// Starts the handlers that were registered since the last call of `start`, `add` or `connect`. When this
    /// returns, programs can open them.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub fn start(kernel: &KernelHandle) -> Result<Components, StartError> {
        let mut components = Components::default();
        components.add(kernel)?;
        Ok(components)
    }

    /// Starts the handlers that were registered since the last call, in the same system. After an error, `finish`
    /// must still be called, to wait for the handlers that were already started.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub fn add(&mut self, kernel: &KernelHandle) -> Result<(), StartError> {
        for recorded in REGISTRY.take_recorded().map_err(StartError::Id)? {
            self.start_one(kernel, recorded)?;
        }
        self.start_containers(Some(kernel), |name| Ok(Container::start(kernel, name)))
    }

    /// Returns whether the current thread is in a callback of one of the handlers, or of a container in C.
    pub fn is_callback(&self) -> bool {
        let current = thread::current().id();
        containers::is_callback() || self.threads.iter().any(|thread| thread.thread().id() == current)
    }

    fn start_one(&mut self, kernel: &KernelHandle, recorded: Recorded) -> Result<(), StartError> {
        let id = recorded.id.clone();
        let handler = Arc::new(Handler::new(recorded, kernel.clone()));
        let (on_published, published) = sync_channel(1);
        let process = HandlerProcess::new(handler.clone(), on_published);
        self.start_thread(handler)?;
        kernel.start(Box::new(process), SpawnOptions::named(&id));
        let result = published.recv().unwrap_or_else(|_| Err(ENDED.to_owned()));
        result.map_err(|reason| StartError::Refused { id, reason })
    }

    /// Starts the handlers outside of the system: each connects to the system's socket, and becomes a process of the
    /// system. The handlers run in the OS process that calls this.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub fn connect(socket: &Path) -> Result<Components, StartError> {
        let mut components = Components::default();
        for recorded in REGISTRY.take_recorded().map_err(StartError::Id)? {
            components.connect_one(socket, recorded)?;
        }
        let connect =
            |name: &str| Container::connect_as(name, socket).wait().map_err(|error| error.to_string());
        components.start_containers(None, connect)?;
        Ok(components)
    }

    fn connect_one(&mut self, socket: &Path, recorded: Recorded) -> Result<(), StartError> {
        let id = recorded.id.clone();
        let refused = |reason: String| StartError::Refused { id: id.clone(), reason };
        let (on_published, published) = sync_channel(1);
        let mut handler = None;
        let process = RemoteProcess::connect(&id, socket, |kernel| {
            let new = handler.insert(Arc::new(Handler::new(recorded, kernel.clone())));
            Box::new(HandlerProcess::new(new.clone(), on_published))
        });
        let process = process.map_err(|error| refused(error.to_string()))?;
        if let Some(handler) = handler {
            self.start_thread(handler)?;
        }
        let thread = thread::Builder::new().name(format!("turns {id}")).spawn(move || process.run());
        self.threads.push(thread.map_err(|error| refused(error.to_string()))?);
        published.recv().unwrap_or_else(|_| Err(ENDED.to_owned())).map_err(refused)
    }

    /// Starts the containers that were added, and installs the providers that were.
    fn start_containers(
        &mut self,
        kernel: Option<&KernelHandle>,
        start: impl Fn(&str) -> Result<Container, String>,
    ) -> Result<(), StartError> {
        for added in REGISTRY.take_added() {
            let refused = |reason: String| StartError::Refused { id: added.name.clone(), reason };
            let container = start(&added.name).map_err(refused)?;
            match &added.plan {
                Plan::Run(run) => {
                    let started = containers::start((container, kernel.cloned()), *run, &added);
                    let (number, thread) = started.map_err(|error| refused(error.to_string()))?;
                    self.containers.push(number);
                    self.threads.push(thread);
                }
                Plan::Provide(prepared) => {
                    let number = ContainerNumber::new(container, kernel.cloned());
                    let number = number.ok_or(StartError::TooMany)?;
                    self.containers.push(number);
                    prepared.install(number).map_err(refused)?;
                }
            }
        }
        Ok(())
    }

    fn start_thread(&mut self, handler: Arc<Handler>) -> Result<(), StartError> {
        let context = REGISTRY.add(handler.clone()).ok_or(StartError::TooMany)?;
        self.threads.push(handler.start(&REGISTRY, context));
        Ok(())
    }

    /// Waits until the last callback of each handler has run. Then flushes all output streams of C.
    pub fn finish(self) {
        for thread in self.threads {
            // The panic hook has already reported a panic.
            let _ = thread.join();
        }
        self.containers.into_iter().for_each(ContainerNumber::finish);
        // SAFETY: `fflush` accepts null, which flushes all output streams.
        unsafe { libc::fflush(std::ptr::null_mut()) };
    }
}

/// Returns a folder with `toit/toit.h` and `toit/service.h`, made in the user's cache if necessary.
///
/// # Errors
/// If the folder cannot be made.
pub fn include_dir() -> io::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
    let folder = cache.join("lucarne").join(env!("CARGO_PKG_VERSION")).join("include");
    write_headers(&folder)?;
    Ok(folder)
}

/// Writes the headers that are missing or have another text.
fn write_headers(folder: &Path) -> io::Result<()> {
    const HEADERS: [(&str, &str); 2] = [
        ("toit.h", include_str!("../include/toit/toit.h")),
        ("service.h", include_str!("../include/toit/service.h")),
    ];
    for (name, text) in HEADERS {
        let header = folder.join("toit").join(name);
        if std::fs::read_to_string(&header).is_ok_and(|present| present == text) {
            continue;
        }
        std::fs::create_dir_all(folder.join("toit"))?;
        // Write a new file and rename it, since a compiler may be reading the old file and another process or
        // thread may be writing the same file.
        let mut fresh = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(folder.join("toit"))?;
        fresh.write_all(text.as_bytes())?;
        fresh.persist(&header).map_err(|error| error.error)?;
    }
    Ok(())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn several_threads_write_the_headers_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("there is room");
            let write = || write_headers(folder.path()).expect("the folder can be written");
            std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(write))));
            let files = std::fs::read_dir(folder.path().join("toit")).expect("it exists");
            assert_eq!(files.count(), 2, "nothing else is left");
        }
    }
}
