//! Accepted connections that their clients did not get.
//!
//! A client can give an accept up when the connection is already on its way to it. The provider learns of it before the
//! client's next accept. It then puts the connection in front of those that wait, so that its peer is not cut off.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use lucarne_kernel::sync::Mutex;
use lucarne_services::{Call, IfUnused, Thrown};

/// The maximum number of connections that a listener keeps. Beyond it, they are closed.
const KEPT_MAX: usize = 64;

/// The connections that were given back to a listener.
pub(super) struct GivenBack<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    connections: VecDeque<Arc<T>>,
    /// The accepts that wait.
    acceptors: Vec<Waker>,
}

impl<T> Default for GivenBack<T> {
    fn default() -> GivenBack<T> {
        GivenBack(Arc::new(Mutex::new(State { connections: VecDeque::new(), acceptors: Vec::new() })))
    }
}

impl<T: Send + Sync + 'static> GivenBack<T> {
    /// Answers an accept with a connection that was given back, or else with the one that arrives. Gives it back if the
    /// answer is not used. Keep the [`IfUnused`] with the connection.
    pub(super) async fn accept(
        &self,
        call: &Call,
        arriving: impl Future<Output = Result<T, Thrown>>,
    ) -> Result<(Arc<T>, IfUnused), Thrown> {
        let (mut arriving, mut is_waiting) = (pin!(arriving), false);
        let connection = poll_fn(|polled| {
            if let Some(connection) = self.0.lock().connections.pop_front() {
                return Poll::Ready(Ok(connection));
            }
            let poll = arriving.as_mut().poll(polled);
            if poll.is_pending() || is_waiting {
                is_waiting = self.set_waiting(polled.waker(), poll.is_pending());
            }
            poll.map_ok(Arc::new)
        })
        .await?;
        let (state, given) = (Arc::downgrade(&self.0), Arc::downgrade(&connection));
        Ok((connection, call.if_unused(move || give_back(&state, &given))))
    }

    /// Adds or removes an accept that waits. Returns whether it waits.
    fn set_waiting(&self, waker: &Waker, is_waiting: bool) -> bool {
        let mut state = self.0.lock();
        state.acceptors.retain(|other| !other.will_wake(waker));
        if is_waiting {
            state.acceptors.push(waker.clone());
        }
        is_waiting
    }
}

/// Gives a connection back to its listener, unless one of them is closed.
fn give_back<T>(state: &Weak<Mutex<State<T>>>, connection: &Weak<T>) {
    let (Some(state), Some(connection)) = (state.upgrade(), connection.upgrade()) else { return };
    let mut state = state.lock();
    if state.connections.len() >= KEPT_MAX {
        return;
    }
    state.connections.push_back(connection);
    let acceptors = std::mem::take(&mut state.acceptors);
    drop(state);
    acceptors.into_iter().for_each(Waker::wake);
}
