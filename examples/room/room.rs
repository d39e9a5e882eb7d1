//! The service interface `Room`, as one writes it by hand (`room.toit` is its definition for Toit), and `Hall`, its implementation.
#![allow(dead_code, reason = "not every program that includes this file provides the service")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lucarne::prelude::*;

/// A room: each visitor hears what the others say.
#[lucarne::service(uuid = "6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55", version = "1.0")]
pub(crate) trait Room {
    /// A place in the room.
    type Seat: Seat;
    /// Enters under a name. From then on, the seat receives the texts of the other visitors.
    #[index(0)]
    async fn enter(&self, name: String) -> Resource<Self::Seat>;
}

/// A place in the room, until it is closed.
#[lucarne::resource(notifies = String)]
pub(crate) trait Seat {
    /// Sends a text to all other visitors. Returns the number of visitors whose queue had room for it.
    #[index(1)]
    async fn say(&self, text: String) -> i64;
}

/// The provider's implementation of `Room`.
#[derive(Default)]
pub(crate) struct Hall {
    chairs: Chairs,
    entered: AtomicU64,
}

/// The visitors in the room: the number of each and the notifier of its seat.
type Chairs = Arc<Mutex<Vec<(u64, Notifier<String>)>>>;

/// The provider's implementation of `Seat`.
pub(crate) struct Chair {
    number: u64,
    name: String,
    all: Chairs,
}

impl Room for Hall {
    type Seat = Chair;

    async fn enter(&self, name: String) -> Resource<Chair> {
        let number = self.entered.fetch_add(1, Ordering::Relaxed);
        let all = self.chairs.clone();
        Chair::resource(|notifier| {
            all.lock().unwrap_or_else(PoisonError::into_inner).push((number, notifier));
            Chair { number, name, all }
        })
    }
}

impl Seat for Chair {
    async fn say(&self, text: String) -> i64 {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let others = all.iter().filter(|(number, _)| *number != self.number);
        // A visitor whose queue is full does not receive this text.
        let got_it = others.filter(|(_, other)| other.try_send(format!("{}: {text}", self.name)).is_ok());
        i64::try_from(got_it.count()).unwrap_or(i64::MAX)
    }
}

impl Drop for Chair {
    /// Removes the seat. Called when the visitor closes it and when the visitor's process ends.
    fn drop(&mut self) {
        let number = self.number;
        self.all.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != number);
    }
}
