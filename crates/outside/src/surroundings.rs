//! The state that the processes of one program share: its environment variables, and the files that it watches.

use std::collections::BTreeMap;

use lucarne_kernel::sync::Mutex;

use crate::watcher::Watcher;

/// The shared state of a program that has permission to access the machine around it.
pub struct Surroundings {
    /// The program's changes of its environment. The environment of the host stays as it is, since
    /// other systems in the same OS process use it too.
    pub(crate) environment: Mutex<BTreeMap<String, Option<String>>>,
    pub(crate) watcher: Watcher,
    flush: Box<dyn Fn() + Send + Sync>,
}

impl Surroundings {
    /// Returns surroundings in which `flush` writes the collected output of the program. `flush` is called before the
    /// program writes to the same streams directly, and before it starts a child, which may write to them.
    pub fn new(flush: impl Fn() + Send + Sync + 'static) -> Surroundings {
        Surroundings { environment: Mutex::default(), watcher: Watcher::default(), flush: Box::new(flush) }
    }

    pub(crate) fn flush(&self) {
        (self.flush)();
    }
}
