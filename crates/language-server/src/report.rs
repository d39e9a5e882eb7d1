//! Reports of a request to the client before its answer: messages, and the progress of long work.

use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use serde_json::{Value, json};

use crate::wire;

/// Sends a message to the client.
pub type Sender = Arc<dyn Fn(&Value) + Send + Sync>;

/// Tells the client about one request. The default is silent.
#[derive(Clone, Default)]
pub struct Reporter(Option<Arc<Shared>>);

struct Shared {
    send: Sender,
    /// The token by which the client tells progress apart; none if it shows no progress.
    token: Option<Value>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    has_begun: bool,
    is_over: bool,
    percentage: Option<u64>,
}

impl Reporter {
    /// Makes a reporter. `token` is the token of the client for the progress of the request, if it shows any.
    pub fn new(send: Sender, token: Option<Value>) -> Reporter {
        Reporter(Some(Arc::new(Shared { send, token, state: Mutex::default() })))
    }

    /// Shows a warning to the user.
    pub fn warn(&self, message: &str) {
        if let Some(shared) = &self.0 {
            (shared.send)(&wire::notification(
                "window/showMessage",
                json!({ "type": 2, "message": message }),
            ));
        }
    }

    /// Tells how much of the work is done. The first call begins the progress with a title.
    pub fn progress(&self, title: &str, done: usize, all: usize) {
        let Some(shared) = &self.0 else { return };
        let Some(token) = &shared.token else { return };
        let mut state = shared.state.lock();
        let percentage = (done * 100 / all.max(1)) as u64;
        if state.is_over || state.percentage >= Some(percentage) {
            return;
        }
        state.percentage = Some(percentage);
        let value = match std::mem::replace(&mut state.has_begun, true) {
            false => json!({ "kind": "begin", "title": title, "percentage": percentage }),
            true => json!({ "kind": "report", "percentage": percentage }),
        };
        // Under the lock, so that the order is that of the work.
        (shared.send)(&wire::notification("$/progress", json!({ "token": token, "value": value })));
    }

    /// Ends the progress, if there was any. The token is valid until the answer.
    pub fn finish(&self) {
        let Some(shared) = &self.0 else { return };
        let mut state = shared.state.lock();
        let was_over = std::mem::replace(&mut state.is_over, true);
        if let (Some(token), true, false) = (&shared.token, state.has_begun, was_over) {
            let params = json!({ "token": token, "value": { "kind": "end" } });
            (shared.send)(&wire::notification("$/progress", params));
        }
    }
}
