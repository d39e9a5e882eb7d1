//! Lets a provider end a resource that sends no notifications.

use std::sync::{Arc, Weak};

use lucarne_kernel::sync::Mutex;

use crate::container::Shared;

/// Ends a resource of [`Resource::endable`](crate::Resource::endable). The [`Notifier`](crate::Notifier) ends a resource
/// that sends notifications.
///
/// Clones end the same resource. An ender can be used on any thread.
#[derive(Clone)]
pub struct Ender {
    pub(crate) tie: Arc<Tie>,
}

impl Ender {
    /// Ends the resource: closes it, as its client would. The client cannot be told, since nothing is sent to it: its
    /// next call fails with `NO_SUCH_RESOURCE`. Calls that are being answered go on. Does nothing if the resource has
    /// closed.
    ///
    /// If nothing else uses the value of the resource, it is dropped in this call.
    pub fn end(&self) {
        let Some((owner, client, handle)) = self.tie.end_early_or_owner() else { return };
        drop(owner.books.end_resource(client, handle));
    }

    /// Returns whether the resource has closed.
    pub fn is_closed(&self) -> bool {
        match &*self.tie.state.lock() {
            TieState::Early { ends } => *ends,
            TieState::Open { .. } => false,
            TieState::Closed => true,
        }
    }
}

impl std::fmt::Debug for Ender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ender")
    }
}

/// The connection from an [`Ender`] to its resource.
pub(crate) struct Tie {
    state: Mutex<TieState>,
}

enum TieState {
    /// The client does not have the handle yet.
    Early {
        /// Whether the provider has ended the resource.
        ends: bool,
    },
    Open {
        /// The container whose books have the resource.
        owner: Weak<Shared>,
        client: i64,
        handle: i64,
    },
    Closed,
}

impl Default for Tie {
    fn default() -> Tie {
        Tie { state: Mutex::new(TieState::Early { ends: false }) }
    }
}

impl Tie {
    /// Connects the resource to its handle. Returns whether the provider has ended the resource meanwhile.
    pub(crate) fn open(&self, owner: Weak<Shared>, client: i64, handle: i64) -> bool {
        let mut state = self.state.lock();
        let TieState::Early { ends } = *state else { return false };
        *state = TieState::Open { owner, client, handle };
        ends
    }

    pub(crate) fn close(&self) {
        *self.state.lock() = TieState::Closed;
    }

    /// Returns the owner of an open resource, its client and its handle. If the client does not have the handle yet,
    /// marks the resource as ended, and returns none.
    fn end_early_or_owner(&self) -> Option<(Arc<Shared>, i64, i64)> {
        match &mut *self.state.lock() {
            TieState::Early { ends } => {
                *ends = true;
                None
            }
            TieState::Open { owner, client, handle } => Some((owner.upgrade()?, *client, *handle)),
            TieState::Closed => None,
        }
    }
}
