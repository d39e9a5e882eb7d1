//! The thread that waits, for all processes of a program, until something outside is ready.
//!
//! It sleeps in one system call over all watched descriptors, and over one more that signals
//! changes of the list. It starts with the first watch and uses no time while nothing happens.
//!
//! No watch is missed: it is entered in the list before the thread is signaled, and the thread
//! resets the signal before it reads the list. And since the call checks the current state, it
//! makes no difference whether something was ready before or becomes ready later.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::{Mutex, thread};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use crate::Error;

/// The id of a watch. It is never used again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct WatchId(u64);

/// The callback of a watch, on the watcher's thread. Returns whether the watch is over; if not, the
/// call was spurious.
type Action = Box<dyn FnMut(WatchId) -> bool + Send>;

/// Runs callbacks when descriptors are ready.
#[derive(Default)]
pub(crate) struct Watcher {
    running: Mutex<Option<Arc<Shared>>>,
}

struct Shared {
    list: Mutex<List>,
    /// Tells the thread to read the list.
    signal: OwnedFd,
    is_over: AtomicBool,
}

#[derive(Default)]
struct List {
    watches: Vec<Watched>,
    next_id: u64,
}

struct Watched {
    id: WatchId,
    /// Shared, so that the descriptor stays open until the thread stops using it.
    source: Arc<dyn AsFd + Send + Sync>,
    interest: PollFlags,
    action: Action,
}

impl Watcher {
    /// Starts a watch: runs a callback when a descriptor is ready, broken or at its end. Returns the id of the watch.
    pub(crate) fn watch(
        &self,
        source: Arc<dyn AsFd + Send + Sync>,
        interest: PollFlags,
        action: Action,
    ) -> Result<WatchId, Error> {
        let shared = self.running()?;
        let id = {
            let mut list = shared.list.lock();
            list.next_id += 1;
            let id = WatchId(list.next_id);
            list.watches.push(Watched { id, source, interest, action });
            id
        };
        shared.tell();
        Ok(id)
    }

    /// Ends a watch. Its callback may still be running.
    pub(crate) fn unwatch(&self, id: WatchId) {
        let Some(shared) = self.running.lock().clone() else { return };
        let removed = shared.list.lock().remove(id);
        if removed.is_some() {
            // The thread may hold the last reference to the descriptor, and must release it.
            shared.tell();
        }
    }

    fn running(&self) -> Result<Arc<Shared>, Error> {
        let mut running = self.running.lock();
        if let Some(shared) = &*running {
            return Ok(shared.clone());
        }
        let signal = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(Error::of_system)?;
        let shared = Arc::new(Shared { list: Mutex::default(), signal, is_over: AtomicBool::new(false) });
        let watching = shared.clone();
        thread::Builder::new()
            .name("watcher".to_string())
            .spawn(move || watching.run())
            .map_err(|error| Error::of_standard(&error))?;
        *running = Some(shared.clone());
        Ok(shared)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Does not wait for the thread: its callback may be the one that drops the last reference
        // to a program.
        if let Some(shared) = self.running.lock().take() {
            // Synchronizes with the load in `run`.
            shared.is_over.store(true, Ordering::Release);
            shared.tell();
        }
    }
}

impl List {
    fn remove(&mut self, id: WatchId) -> Option<Watched> {
        let place = self.watches.iter().position(|watched| watched.id == id)?;
        Some(self.watches.swap_remove(place))
    }
}

impl Shared {
    fn tell(&self) {
        // It can only fail if many signals are pending already.
        let _ = rustix::io::write(&self.signal, &1u64.to_ne_bytes());
    }

    fn run(&self) {
        // Synchronizes with the store in `drop`.
        while !self.is_over.load(Ordering::Acquire) {
            for id in self.wait() {
                // `unwatch` may have removed the watch meanwhile.
                let watched = self.list.lock().remove(id);
                if let Some(mut watched) = watched
                    && !(watched.action)(id)
                {
                    self.list.lock().watches.push(watched);
                }
            }
        }
    }

    /// Sleeps until something is ready, or the list has changed. Returns the ready watches.
    fn wait(&self) -> Vec<WatchId> {
        // Resets the signal before it reads the list, so that a later change signals again.
        let _ = rustix::io::read(&self.signal, &mut [0; 8]);
        let watched: Vec<(WatchId, Arc<dyn AsFd + Send + Sync>, PollFlags)> = {
            let list = self.list.lock();
            let parts = |watched: &Watched| (watched.id, watched.source.clone(), watched.interest);
            list.watches.iter().map(parts).collect()
        };
        let mut asked: Vec<PollFd<'_>> = watched
            .iter()
            .map(|(_, source, interest)| PollFd::from_borrowed_fd(source.as_fd(), *interest))
            .collect();
        asked.push(PollFd::new(&self.signal, PollFlags::IN));
        match poll(&mut asked, None) {
            Ok(_) => {}
            Err(Errno::INTR) => return Vec::new(),
            // There are more descriptors than the system accepts in one call, or it is out of
            // memory. All watches are then checked, which is slow, but none is missed.
            Err(_) => {
                thread::sleep(std::time::Duration::from_millis(10));
                return watched.iter().map(|(id, _, _)| *id).collect();
            }
        }
        let is_ready = |(_, asked): &(_, &PollFd<'_>)| !asked.revents().is_empty();
        watched.iter().zip(&asked).filter(is_ready).map(|((id, _, _), _)| *id).collect()
    }
}
