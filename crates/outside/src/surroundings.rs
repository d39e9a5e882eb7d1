//! What the processes of one program share of the outside.

use std::collections::BTreeMap;

use lucarne_kernel::sync::Mutex;

use crate::watcher::Watcher;

/// The machine around a program, for the program that is allowed to reach it.
pub struct Surroundings {
    /// What the program has changed in its environment. The environment of the host stays as it is:
    /// other systems in the same OS process have it too.
    pub(crate) environment: Mutex<BTreeMap<String, Option<String>>>,
    pub(crate) watcher: Watcher,
    flush: Box<dyn Fn() + Send + Sync>,
}

impl Surroundings {
    /// Surroundings in which `flush` writes what the host has collected of the program's output. It is
    /// called before the program itself, or a child, writes to the same streams.
    pub fn new(flush: impl Fn() + Send + Sync + 'static) -> Surroundings {
        Surroundings { environment: Mutex::default(), watcher: Watcher::default(), flush: Box::new(flush) }
    }

    pub(crate) fn flush(&self) {
        (self.flush)();
    }
}
