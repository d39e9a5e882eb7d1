//! Workers without work: how they fall asleep without missing any.
//!
//! A worker that finds nothing announces itself, looks once more, and sleeps. Whoever makes
//! work available first puts it into a queue and then looks whether somebody sleeps. The two
//! fences make sure that at least one of them sees the other (the pattern of two threads that
//! each write one place and read the other's).
//!
//! To be woken takes longer than most calls. So a worker that has just had work from outside *lingers*
//! before it sleeps: it looks for more, and lets others have the processor in between. Who has
//! work for it then need not wake anybody, by the same argument.

use std::time::Duration;

use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex, thread, wait, wait_timeout};

/// The sleeping workers of a scheduler.
pub(crate) struct Idle {
    /// As long as `sleeping`, for a look without the lock.
    count: AtomicUsize,
    sleeping: Mutex<Vec<usize>>,
    beds: Box<[Bed]>,
    /// One at a time does.
    is_somebody_lingering: AtomicBool,
}

#[derive(Default)]
struct Bed {
    woken: Mutex<bool>,
    signal: Condvar,
}

impl Idle {
    pub(crate) fn new(workers: usize) -> Idle {
        Idle {
            count: AtomicUsize::new(0),
            sleeping: Mutex::new(Vec::with_capacity(workers)),
            beds: (0..workers).map(|_| Bed::default()).collect(),
            is_somebody_lingering: AtomicBool::new(false),
        }
    }

    /// Looks for work until there is some or patience is `over`. The caller looks once more after this, and
    /// leaves none behind without waking somebody.
    pub(crate) fn linger(&self, has_work: impl Fn() -> bool, over: impl Fn() -> bool) {
        if self.is_somebody_lingering.swap(true, Ordering::Relaxed) {
            return;
        }
        while !has_work() && !over() {
            thread::yield_now();
        }
        self.is_somebody_lingering.store(false, Ordering::Relaxed);
        // Pairs with the fence in `wake_one_unless_lingering`.
        fence(Ordering::SeqCst);
    }

    /// Wakes a sleeping worker if there is one and nobody lingers. To be called after work was put into a queue
    /// that all look at.
    pub(crate) fn wake_one_unless_lingering(&self) {
        // Pairs with the fence in `linger`.
        fence(Ordering::SeqCst);
        if !self.is_somebody_lingering.load(Ordering::Relaxed) {
            self.wake_one();
        }
    }

    /// Sleeps until woken or for `patience()`, unless `has_work` finds something at the second look.
    pub(crate) fn sleep(
        &self,
        worker: usize,
        has_work: impl FnOnce() -> bool,
        patience: impl FnOnce() -> Option<Duration>,
    ) {
        {
            let mut sleeping = self.sleeping.lock();
            sleeping.push(worker);
            self.count.store(sleeping.len(), Ordering::Relaxed);
        }
        // Pairs with the fence in `wake_one`.
        fence(Ordering::SeqCst);
        if !has_work() {
            self.beds[worker].lie_down(patience());
        }
        self.rise(worker);
    }

    /// Wakes a sleeping worker if there is one. To be called after work was put into a queue.
    pub(crate) fn wake_one(&self) {
        // Pairs with the fence in `sleep`.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let worker = {
            let mut sleeping = self.sleeping.lock();
            let worker = sleeping.pop();
            self.count.store(sleeping.len(), Ordering::Relaxed);
            worker
        };
        if let Some(worker) = worker {
            self.beds[worker].shake();
        }
    }

    /// Wakes all of them, for the end.
    pub(crate) fn wake_all(&self) {
        self.beds.iter().for_each(Bed::shake);
    }

    /// Whether anybody sleeps, at some moment near now.
    pub(crate) fn anybody(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Whether everybody sleeps or is about to.
    pub(crate) fn everybody(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= self.beds.len()
    }

    /// Takes the worker off the list if nobody did, and forgets that it was woken.
    fn rise(&self, worker: usize) {
        let mut sleeping = self.sleeping.lock();
        sleeping.retain(|&other| other != worker);
        self.count.store(sleeping.len(), Ordering::Relaxed);
        drop(sleeping);
        *self.beds[worker].woken.lock() = false;
    }
}

impl Bed {
    fn lie_down(&self, patience: Option<Duration>) {
        let mut woken = self.woken.lock();
        match patience {
            None => {
                while !*woken {
                    woken = wait(&self.signal, woken);
                }
            }
            // Once is enough: whoever rises early just looks around and lies down again.
            Some(patience) if !*woken => drop(wait_timeout(&self.signal, woken, patience)),
            Some(_) => {}
        }
    }

    fn shake(&self) {
        *self.woken.lock() = true;
        self.signal.notify_one();
    }
}
