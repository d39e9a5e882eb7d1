//! The thread that waits, for all processes of a program, until something outside is ready.
//!
//! It sleeps in one system call over all descriptors that are watched, and over one more by which it
//! is told that these have changed. It starts with the first watch; while nothing happens it costs
//! nothing.
//!
//! No watch is missed: it is entered in the list before the thread is told, and the thread takes
//! back what it was told before it reads the list. And since the call looks at how things are, it
//! makes no difference whether something was ready before or becomes so later.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::{Mutex, thread};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use crate::Error;

/// A watch. There is never another one of the same name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct WatchId(u64);

/// What a watch leads to, in the watcher's thread. Returns whether the watch is over; if not, it was
/// called for nothing.
type Action = Box<dyn FnMut(WatchId) -> bool + Send>;

/// Has things done when descriptors are ready.
#[derive(Default)]
pub(crate) struct Watcher {
    running: Mutex<Option<Arc<Shared>>>,
}

struct Shared {
    list: Mutex<List>,
    /// Tells the thread to look at the list.
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
    /// Shared, so that what the thread looks at stays open until it looks away.
    source: Arc<dyn AsFd + Send + Sync>,
    interest: PollFlags,
    action: Action,
}

impl Watcher {
    /// Has something done when a descriptor is ready, broken or at its end.
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

    /// Ends a watch. Its action may still be under way.
    pub(crate) fn unwatch(&self, id: WatchId) {
        let Some(shared) = self.running.lock().clone() else { return };
        let removed = shared.list.lock().remove(id);
        if removed.is_some() {
            // The thread may be the last that has the descriptor, and is to let go of it.
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
        // The thread is not waited for: what it does can be what drops the last of a program.
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
        // It can only fail if it was told very often already.
        let _ = rustix::io::write(&self.signal, &1u64.to_ne_bytes());
    }

    fn run(&self) {
        // Synchronizes with the store in `drop`.
        while !self.is_over.load(Ordering::Acquire) {
            for id in self.wait() {
                // Who ends a watch meanwhile is first, or too late.
                let watched = self.list.lock().remove(id);
                if let Some(mut watched) = watched
                    && !(watched.action)(id)
                {
                    self.list.lock().watches.push(watched);
                }
            }
        }
    }

    /// Sleeps until something is ready, or the list has changed. Returns what is ready.
    fn wait(&self) -> Vec<WatchId> {
        // In this order: what is entered from now on tells again.
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
            // There are more descriptors than the system looks at in one call, or it is out of memory.
            // All look for themselves then, which is slow, but no one is forgotten.
            Err(_) => {
                thread::sleep(std::time::Duration::from_millis(10));
                return watched.iter().map(|(id, _, _)| *id).collect();
            }
        }
        let is_ready = |(_, asked): &(_, &PollFd<'_>)| !asked.revents().is_empty();
        watched.iter().zip(&asked).filter(is_ready).map(|((id, _, _), _)| *id).collect()
    }
}
