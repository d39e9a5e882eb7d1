//! Components in a system: loading them, starting their handlers, and waiting for their end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use lucarne_kernel::sync::thread::JoinHandle;
use lucarne_kernel::{KernelHandle, SpawnOptions};
use thiserror::Error;

use crate::abi::REGISTRY;
use crate::handler::Handler;
use crate::process::HandlerProcess;
use crate::registry::{ID_MAX, Recorded};

/// The handlers of one system, from their start to their end.
///
/// Their processes end with the system; so it is dropped first, and then [`Components::finish`] waits for what components do last.
#[must_use = "components are to be waited for"]
#[derive(Default)]
pub struct Components {
    threads: Vec<JoinHandle<()>>,
}

/// Why a component could not be loaded.
#[derive(Debug, Error)]
#[error("cannot load the component: {0}")]
pub struct LoadError(libloading::Error);

/// Why handlers could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two components use the same id, or it is none.
    #[error("a component cannot have the id '{0}': {reason}", reason = reason(.0))]
    Id(String),
    /// There are too many handlers.
    #[error("there are too many handlers in this process")]
    TooMany,
    /// The system does not take them.
    #[error("the handler '{id}' cannot be started: {reason}")]
    Refused {
        /// Which one.
        id: String,
        /// What the system says.
        reason: String,
    },
}

fn reason(id: &str) -> String {
    match id.len() {
        0 => "it is empty".to_owned(),
        length if length > ID_MAX => format!("it is longer than {ID_MAX} bytes"),
        _ => "another one has it".to_owned(),
    }
}

impl Components {
    /// Loads a shared library; its constructors say which handlers it has. It is never unloaded.
    ///
    /// # Errors
    /// If it is none, or it needs what is not there.
    pub fn load(path: &Path) -> Result<(), LoadError> {
        // A path without a slash would be looked for where the system has its libraries.
        let file = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
        // SAFETY: loading runs the constructors of the component, which the user has asked for by naming it.
        let library =
            unsafe { libloading::os::unix::Library::open(Some(&file), libloading::os::unix::RTLD_NOW) };
        // Threads of the component may be anywhere in its code.
        std::mem::forget(library.map_err(LoadError)?);
        Ok(())
    }

    /// Starts all handlers that components have said they have since the last time. They can be opened when this returns.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub fn start(kernel: &KernelHandle) -> Result<Components, StartError> {
        let mut components = Components::default();
        for recorded in REGISTRY.take_recorded().map_err(StartError::Id)? {
            components.start_one(kernel, recorded)?;
        }
        Ok(components)
    }

    fn start_one(&mut self, kernel: &KernelHandle, recorded: Recorded) -> Result<(), StartError> {
        let id = recorded.id.clone();
        let handler = Arc::new(Handler::new(recorded, kernel.clone()));
        let context = REGISTRY.add(handler.clone()).ok_or(StartError::TooMany)?;
        let (on_published, published) = sync_channel(1);
        let process = HandlerProcess::new(handler.clone(), on_published);
        self.threads.push(handler.start(&REGISTRY, context));
        kernel.start(Box::new(process), SpawnOptions::named(&id));
        let result = published.recv().unwrap_or_else(|_| Err("the system has ended".to_owned()));
        result.map_err(|reason| StartError::Refused { id, reason })
    }

    /// Waits until the last callback of each handler has been, and writes out what they have printed.
    pub fn finish(self) {
        for thread in self.threads {
            // One that panicked has been reported.
            let _ = thread.join();
        }
        // SAFETY: null means all streams.
        unsafe { libc::fflush(std::ptr::null_mut()) };
    }
}

/// A folder with `toit/toit.h`, made in the user's cache if need be.
///
/// # Errors
/// If there is no place for it.
pub fn include_dir() -> io::Result<PathBuf> {
    const HEADER: &str = include_str!("../include/toit/toit.h");
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME says where"))?;
    let folder = cache.join("lucarne").join(env!("CARGO_PKG_VERSION")).join("include");
    let header = folder.join("toit").join("toit.h");
    if std::fs::read_to_string(&header).is_ok_and(|present| present == HEADER) {
        return Ok(folder);
    }
    std::fs::create_dir_all(folder.join("toit"))?;
    // Somebody else may be doing the same, and a compiler reading.
    let fresh = header.with_extension(format!("h.{}", std::process::id()));
    std::fs::write(&fresh, HEADER)?;
    std::fs::rename(&fresh, &header)?;
    Ok(folder)
}
