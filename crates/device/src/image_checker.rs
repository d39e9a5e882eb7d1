//! Checks images that clients and programs send, without holding up the workers that receive them.

use std::sync::Arc;

use lucarne_kernel::sync::{Mutex, thread};
use tokio::sync::oneshot;

use crate::control::Refusal;
use crate::{Digest, Image, Store};

/// Checks images one at a time, so that uploads do not take all processors. Clones share the turn.
#[derive(Clone)]
pub(crate) struct ImageChecker {
    store: Arc<Store>,
    turn: Arc<Mutex<()>>,
}

impl ImageChecker {
    pub(crate) fn new(store: Arc<Store>) -> ImageChecker {
        ImageChecker { store, turn: Arc::default() }
    }

    /// Checks an image, and compiles the sources of a Toit program, on a thread of its own.
    ///
    /// # Errors
    /// If the image is refused, or no thread can be started.
    pub(crate) async fn check(&self, bytes: Vec<u8>) -> Result<Image, Refusal> {
        let ImageChecker { store, turn } = self.clone();
        let (reply, answer) = oneshot::channel();
        let check = move || {
            let _turn = turn.lock();
            // An image of the same digest in the store is the same, and was checked.
            let image =
                store.image(Digest::of(&bytes)).or_else(|_| Image::received(bytes).map_err(Refusal::new));
            // A caller that has disconnected needs no answer.
            let _ = reply.send(image);
        };
        thread::Builder::new().name("compiler".to_owned()).spawn(check).map_err(Refusal::new)?;
        answer.await.unwrap_or_else(|_| Err(Refusal::new("the image cannot be checked")))
    }
}
