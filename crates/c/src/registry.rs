//! The handlers of this OS process.
//!
//! `toit_msg_add_handler` only records its arguments: it may run while the loader of the operating
//! system holds its lock, before `main`, when nothing else is possible. A system that starts takes
//! the handlers recorded until then, and a system that loads a component takes those that the
//! component has added.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::c_void;
use std::sync::Arc;

use lucarne_kernel::KernelHandle;
use lucarne_kernel::sync::Mutex;

use crate::abi::Callbacks;
use crate::handler::Handler;
use crate::slots::Slots;

/// The maximum length of an id, in bytes.
pub(crate) const ID_MAX: usize = 1_024;

/// A handler that will be started.
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) user_data: UserData,
    pub(crate) callbacks: Callbacks,
}

/// The user data that a component passes to its callbacks. It is opaque here.
#[derive(Clone, Copy)]
pub(crate) struct UserData(pub(crate) *mut c_void);

// SAFETY: the pointer is handed to callbacks of one thread and never followed here.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

pub(crate) struct Registry {
    state: Mutex<State>,
}

struct State {
    recorded: Vec<Recorded>,
    /// The ids of all recorded handlers.
    ids: BTreeSet<String>,
    /// Ids that were refused, the first one first.
    refused: VecDeque<String>,
    /// The running handlers; their numbers are the contexts that components see.
    handlers: Slots<Arc<Handler>>,
}

impl Registry {
    pub(crate) fn new() -> Registry {
        let state = State {
            recorded: Vec::new(),
            ids: BTreeSet::new(),
            refused: VecDeque::new(),
            handlers: Slots::new(),
        };
        Registry { state: Mutex::new(state) }
    }

    /// Records a handler. Returns false if its id cannot be used; the refusal is recorded as well.
    pub(crate) fn record(&self, recorded: Recorded) -> bool {
        let mut state = self.state.lock();
        let is_good = !recorded.id.is_empty() && recorded.id.len() <= ID_MAX;
        if !is_good || !state.ids.insert(recorded.id.clone()) {
            state.refused.push_back(recorded.id);
            return false;
        }
        state.recorded.push(recorded);
        true
    }

    /// Takes the handlers that were recorded since the last call.
    ///
    /// # Errors
    /// The first refused id that no call has returned yet. The recorded handlers stay for the next call.
    pub(crate) fn take_recorded(&self) -> Result<Vec<Recorded>, String> {
        let mut state = self.state.lock();
        if let Some(refused) = state.refused.pop_front() {
            return Err(refused);
        }
        Ok(std::mem::take(&mut state.recorded))
    }

    /// Gives a handler the number that its component uses.
    pub(crate) fn add(&self, handler: Arc<Handler>) -> Option<usize> {
        self.state.lock().handlers.add(handler)
    }

    pub(crate) fn get(&self, context: usize) -> Option<Arc<Handler>> {
        self.state.lock().handlers.get(context).cloned()
    }

    /// Removes an ended handler; its id is free again.
    pub(crate) fn remove(&self, context: usize) {
        let mut state = self.state.lock();
        if let Some(handler) = state.handlers.remove(context) {
            state.ids.remove(handler.id());
        }
    }

    /// Returns the kernels of the systems that have handlers.
    pub(crate) fn kernels(&self) -> Vec<KernelHandle> {
        let state = self.state.lock();
        let mut kernels: Vec<KernelHandle> = Vec::new();
        for handler in state.handlers.iter() {
            if !kernels.iter().any(|kernel| kernel.is_same(handler.kernel())) {
                kernels.push(handler.kernel().clone());
            }
        }
        kernels
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn recorded(id: &str) -> Recorded {
        let callbacks = Callbacks { on_created: None, on_message: None, on_request: None, on_removed: None };
        Recorded { id: id.to_owned(), user_data: UserData(std::ptr::null_mut()), callbacks }
    }

    #[test]
    fn refusals_are_reported_in_order() {
        let registry = Registry::new();
        assert!(registry.record(recorded("a")));
        assert!(!registry.record(recorded("")));
        assert!(!registry.record(recorded("a")));
        assert_eq!(registry.take_recorded().err().as_deref(), Some(""));
        assert_eq!(registry.take_recorded().err().as_deref(), Some("a"));
        assert_eq!(registry.take_recorded().map(|taken| taken.len()), Ok(1));
    }
}
