//! The handlers of this OS process.
//!
//! `toit_msg_add_handler` only records its arguments: it may run while the loader of the operating
//! system holds its lock, before `main`, when nothing else is possible. A system that starts takes
//! the handlers recorded until then, and a system that loads a component takes those that the
//! component has added.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

use lucarne_kernel::KernelHandle;
use lucarne_kernel::sync::{Mutex, OnceLock};

use crate::abi::Callbacks;
use crate::handler::Handler;
use crate::service::containers::Run;
use crate::service::provider::Prepared;
use crate::slots::Slots;
use crate::trace::Report;

/// The maximum length of an id, in bytes.
pub(crate) const ID_MAX: usize = 1_024;

/// A handler that will be started.
pub(crate) struct Recorded {
    pub(crate) id: String,
    /// The library whose constructor has added it. None for a handler that is part of the program.
    pub(crate) file: Option<String>,
    pub(crate) user_data: UserData,
    pub(crate) callbacks: Callbacks,
}

impl Recorded {
    /// Names the handler for display.
    pub(crate) fn describe(&self) -> String {
        match &self.file {
            Some(file) => format!("the handler '{}' of {file}", self.id),
            None => format!("the handler '{}'", self.id),
        }
    }
}

/// A container or a provider that will be started.
pub(crate) struct Added {
    /// The name of the container.
    pub(crate) name: String,
    /// As in [`Recorded`].
    pub(crate) file: Option<String>,
    pub(crate) user_data: UserData,
    pub(crate) plan: Plan,
}

/// What the container does.
pub(crate) enum Plan {
    /// It runs a function.
    Run(Run),
    /// It provides a service.
    Provide(Box<Prepared>),
}

impl Added {
    /// Names the container for display.
    pub(crate) fn describe(&self) -> String {
        described(&self.name, self.file.as_deref())
    }
}

/// Names a container for display.
pub(crate) fn described(name: &str, file: Option<&str>) -> String {
    match file {
        Some(file) => format!("the container '{name}' of {file}"),
        None => format!("the container '{name}'"),
    }
}

/// An id that a handler cannot have, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedId {
    id: String,
    file: Option<String>,
    /// The file of the handler that has the id.
    other: Option<String>,
}

impl fmt::Display for RefusedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "a handler of {file} cannot have the id '{}': ", self.id)?,
            None => write!(f, "a handler cannot have the id '{}': ", self.id)?,
        }
        match (self.id.len(), &self.other) {
            (0, _) => f.write_str("it is empty"),
            (length, _) if length > ID_MAX => write!(f, "it is longer than {ID_MAX} bytes"),
            (_, Some(other)) if self.file.as_ref() != Some(other) => write!(f, "a handler of {other} has it"),
            _ => f.write_str("another handler has it"),
        }
    }
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
    /// Receives the lines about unanswered requests, if they are wanted.
    report: OnceLock<Report>,
}

struct State {
    recorded: Vec<Recorded>,
    added: Vec<Added>,
    /// The ids of all recorded and all running handlers, with their files.
    ids: BTreeMap<String, Option<String>>,
    /// The refused ids, oldest first.
    refused: VecDeque<RefusedId>,
    /// The running handlers; their numbers are the contexts that components see.
    handlers: Slots<Arc<Handler>>,
}

impl Registry {
    pub(crate) fn new() -> Registry {
        let state = State {
            recorded: Vec::new(),
            added: Vec::new(),
            ids: BTreeMap::new(),
            refused: VecDeque::new(),
            handlers: Slots::new(),
        };
        Registry { state: Mutex::new(state), report: OnceLock::new() }
    }

    /// Records a handler. Returns false if its id cannot be used; the refusal is recorded as well.
    pub(crate) fn record(&self, recorded: Recorded) -> bool {
        let mut state = self.state.lock();
        let Recorded { id, file, .. } = &recorded;
        let other = state.ids.get(id).cloned();
        if id.is_empty() || id.len() > ID_MAX || other.is_some() {
            let refused = RefusedId { id: id.clone(), file: file.clone(), other: other.flatten() };
            state.refused.push_back(refused);
            return false;
        }
        state.ids.insert(id.clone(), file.clone());
        state.recorded.push(recorded);
        true
    }

    /// Takes the handlers that were recorded since the last call.
    ///
    /// # Errors
    /// The first refused id that no call has returned yet. The recorded handlers stay for the next call.
    pub(crate) fn take_recorded(&self) -> Result<Vec<Recorded>, RefusedId> {
        let mut state = self.state.lock();
        if let Some(refused) = state.refused.pop_front() {
            return Err(refused);
        }
        Ok(std::mem::take(&mut state.recorded))
    }

    /// Records a container.
    pub(crate) fn add_container(&self, added: Added) {
        self.state.lock().added.push(added);
    }

    /// Takes the containers that were recorded since the last call.
    pub(crate) fn take_added(&self) -> Vec<Added> {
        std::mem::take(&mut self.state.lock().added)
    }

    /// Adds a running handler. Returns the number that its component uses for it; none if the table is full.
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

    /// Sets the receiver of lines about unanswered requests. Returns false if there is a receiver already.
    pub(crate) fn set_report(&self, report: Report) -> bool {
        self.report.set(report).is_ok()
    }

    /// Passes lines about unanswered requests to the receiver, if there is one.
    pub(crate) fn report(&self, lines: &[String]) {
        if let Some(report) = self.report.get() {
            lines.iter().for_each(|line| report(line));
        }
    }

    /// Returns all running handlers.
    pub(crate) fn handlers(&self) -> Vec<Arc<Handler>> {
        self.state.lock().handlers.iter().cloned().collect()
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
        let user_data = UserData(std::ptr::null_mut());
        Recorded { id: id.to_owned(), file: None, user_data, callbacks }
    }

    fn refusal(registry: &Registry) -> Option<String> {
        registry.take_recorded().err().map(|refused| refused.to_string())
    }

    #[test]
    fn refusals_are_reported_in_order() {
        let registry = Registry::new();
        assert!(registry.record(recorded("a")));
        assert!(!registry.record(recorded("")));
        assert!(!registry.record(recorded("a")));
        assert_eq!(refusal(&registry).as_deref(), Some("a handler cannot have the id '': it is empty"));
        let taken = "a handler cannot have the id 'a': another handler has it";
        assert_eq!(refusal(&registry).as_deref(), Some(taken));
        assert_eq!(registry.take_recorded().map(|taken| taken.len()), Ok(1));
    }

    #[test]
    fn a_refusal_names_both_files() {
        let registry = Registry::new();
        let of = |file: &str| Recorded { file: Some(file.to_owned()), ..recorded("a") };
        assert!(registry.record(of("one.so")));
        assert!(!registry.record(of("two.so")));
        assert!(!registry.record(of("one.so")));
        let two = "a handler of two.so cannot have the id 'a': a handler of one.so has it";
        assert_eq!(refusal(&registry).as_deref(), Some(two));
        let one = "a handler of one.so cannot have the id 'a': another handler has it";
        assert_eq!(refusal(&registry).as_deref(), Some(one));
    }
}
