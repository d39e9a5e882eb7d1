//! Tells a provider that an answer was not used: its caller gave the call up when the answer was already on the way.

use std::sync::{Arc, Weak};

use lucarne_kernel::{Pid, RequestId};

use crate::container::Shared;
use crate::handler::Call;

/// The action of a provider if an answer is not used.
pub(crate) type Action = Box<dyn FnOnce() + Send>;

/// Keeps an action for the case that an answer is not used: see [`Call::if_unused`]. Dropping this value drops the
/// action.
#[must_use = "dropping it forgets the action"]
pub struct IfUnused {
    shared: Weak<Shared>,
    request: (Pid, RequestId),
}

impl Call {
    /// Sets an action for the case that the caller does not use the answer of this call: the answer is an error, or the
    /// caller gives the call up while the answer is on its way. The action can put back what it has taken out of a queue
    /// for the answer.
    ///
    /// The action runs in the provider's container, before any later call of the same task of the client is handled. The
    /// provider is not told of answers that are used. So keep the [`IfUnused`] until a later call shows that the answer
    /// was used, or the client closes. A second action for the same call replaces the first one.
    pub fn if_unused(&self, action: impl FnOnce() + Send + 'static) -> IfUnused {
        let (shared, request) = (&self.caller.offered.shared, (self.caller.pid, self.caller.request));
        drop(shared.books.set_if_unused(request, Box::new(action)));
        IfUnused { shared: Arc::downgrade(shared), request }
    }
}

impl Drop for IfUnused {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            drop(shared.books.forget_if_unused(self.request));
        }
    }
}

impl std::fmt::Debug for IfUnused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IfUnused")
    }
}
