//! A listener of a system, which listens until it is closed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lucarne_kernel::sync::{Condvar, Mutex};

/// A path on which a system listens. It listens until it is [closed](Listener::close) or the system is dropped.
/// Dropping this value does not close the listener, as dropping a provider does not uninstall it. Clones refer to the
/// same listener.
#[derive(Clone)]
pub struct Listener {
    open: Arc<OpenListener>,
}

struct OpenListener {
    path: PathBuf,
    /// None once the listener is closed.
    listening: Mutex<Option<lucarne_link::Listener>>,
    has_closed: Condvar,
}

impl Listener {
    pub(crate) fn new(listening: lucarne_link::Listener) -> Listener {
        let (path, listening) = (listening.path().to_owned(), Mutex::new(Some(listening)));
        Listener { open: Arc::new(OpenListener { path, listening, has_closed: Condvar::new() }) }
    }

    /// Returns the path of the socket.
    pub fn path(&self) -> &Path {
        &self.open.path
    }

    /// Ends the listening, and removes the socket. Containers that are connected stay.
    pub fn close(&self) {
        let listening = self.open.listening.lock().take();
        drop(listening);
        self.open.has_closed.notify_all();
    }

    /// Returns whether the listener was closed, or its system was dropped.
    pub fn is_closed(&self) -> bool {
        self.open.listening.lock().is_none()
    }

    /// Blocks this thread until the listener is closed: for programs that serve until they are told to stop. A thread
    /// that waits for a signal, or a handler, calls [`close`](Listener::close) on a clone.
    ///
    /// ```
    /// use lucarne_host::System;
    ///
    /// # let folder = std::env::temp_dir().join(format!("lucarne-wait-{}", std::process::id()));
    /// let system = System::new();
    /// let listener = system.listen(folder.join("socket"))?;
    /// let of_other_thread = listener.clone();
    /// std::thread::spawn(move || of_other_thread.close());
    /// listener.wait();
    /// assert!(!listener.path().exists());
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&self) {
        let mut listening = self.open.listening.lock();
        while listening.is_some() {
            self.open.has_closed.wait(&mut listening);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("path", &self.path()).finish()
    }
}
