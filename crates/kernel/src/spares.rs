//! Spare threads: they wait to take over the worker of a thread that announces long work.
//!
//! To start a thread changes the memory map of the OS process, and so waits for threads with long work that change it too.
//! Meanwhile the worker would run no turns. So a thread of its own, the *keeper*, starts the spare threads in advance.
//! It starts with the first long work. Threads inherit their priority of the operating system, so threads with long work
//! cannot start workers.

use std::io;
use std::sync::Arc;

use crate::kernel::Shared;
use crate::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use crate::sync::{Mutex, thread};
use crate::worker;

/// The number of spare threads. Several processes may begin long work before the keeper has started the next ones.
const SPARES: usize = 4;

/// The spare threads of a kernel.
#[derive(Default)]
pub(crate) struct Spares {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Tells each waiting thread the index of its worker.
    waiting: Vec<SyncSender<usize>>,
    /// Asks the keeper to look for missing threads. `None` before the first long work.
    keeper: Option<Sender<()>>,
    is_closed: bool,
}

impl Spares {
    /// Makes a spare thread the worker with this index. Returns false if no spare thread waits.
    pub(crate) fn take_over(&self, shared: &Arc<Shared>, index: usize) -> bool {
        let mut state = self.state.lock();
        let spare = state.waiting.pop();
        let is_asked = state.keeper.as_ref().is_some_and(|keeper| keeper.send(()).is_ok());
        if !is_asked && !state.is_closed {
            // Without a keeper, each successor is started when it is needed.
            state.keeper = start_keeper(shared).ok();
        }
        drop(state);
        spare.is_some_and(|spare| spare.send(index).is_ok())
    }

    /// Ends the keeper and the waiting threads, at the end of the kernel.
    pub(crate) fn close(&self) {
        *self.state.lock() = State { is_closed: true, ..State::default() };
    }

    /// Adds a waiting thread. Returns its end of the channel, or `None` if there are enough.
    fn add(&self) -> Option<Receiver<usize>> {
        let mut state = self.state.lock();
        if state.is_closed || state.waiting.len() >= SPARES {
            return None;
        }
        let (spare, seat) = sync_channel(1);
        state.waiting.push(spare);
        Some(seat)
    }
}

fn start_keeper(shared: &Arc<Shared>) -> io::Result<Sender<()>> {
    let (keeper, requests) = channel();
    let kept = shared.clone();
    let keep = move || {
        while start_missing(&kept).is_ok() && requests.recv().is_ok() {}
    };
    let thread = thread::Builder::new().name("lucarne-keeper".to_owned()).spawn(keep)?;
    shared.threads.lock().push(thread);
    Ok(keeper)
}

/// Starts spare threads until there are enough.
fn start_missing(shared: &Arc<Shared>) -> io::Result<()> {
    while let Some(seat) = shared.spares.add() {
        worker::spawn(shared, "lucarne-spare".to_owned(), move |shared| {
            // The kernel has ended if there is no index.
            if let Ok(index) = seat.recv() {
                worker::serve(shared, index);
            }
        })?;
    }
    Ok(())
}
