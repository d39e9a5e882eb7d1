//! The state that the processes of one program share: its environment variables, and the files that it watches.

use std::collections::BTreeMap;

use lucarne_kernel::sync::Mutex;

use crate::watcher::Watcher;

/// Access to the machine around a program, for a program with that permission.
pub struct Surroundings {
    /// The program's changes of its environment. The environment of the host stays as it is, since
    /// other systems in the same OS process use it too.
    pub(crate) environment: Mutex<BTreeMap<String, Option<String>>>,
    pub(crate) watcher: Watcher,
    flush: Box<dyn Fn() + Send + Sync>,
}

impl Surroundings {
    /// Returns surroundings in which `flush` writes the collected output of the program. It is
    /// called before the program itself, or a child, writes to the same streams.
    pub fn new(flush: impl Fn() + Send + Sync + 'static) -> Surroundings {
        Surroundings { environment: Mutex::default(), watcher: Watcher::default(), flush: Box::new(flush) }
    }

    pub(crate) fn flush(&self) {
        (self.flush)();
    }
}
