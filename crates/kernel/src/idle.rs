//! Idle workers: how they fall asleep without missing work.
//!
//! A worker that finds no work enters the list of sleepers, checks for work once more, and sleeps. A thread that makes
//! work available first puts it into a queue and then checks the list of sleepers. Each of the two writes one place and
//! then reads the place that the other writes. The fences between make sure that the worker finds the work, or the
//! thread finds the worker.
//!
//! If there is a driver, one of the sleepers waits in the driver. This worker is recorded in `in_driver` before it
//! enters the list, so a thread that finds a worker in the list knows whether to wake it in the driver. The other
//! workers are woken first: only the worker in the driver notices events from outside.
//!
//! A wake-up takes longer than most calls. So a worker that has just had work from outside *lingers* before it sleeps:
//! it looks for more work for a short time, and yields the processor in between. While a worker lingers, a thread that
//! makes work available does not wake a worker. No work is missed, by the same argument.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Driver;
use crate::sync::OnceLock;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex, thread, wait, wait_timeout};

/// The sleeping workers of a scheduler.
pub(crate) struct Idle {
    /// The length of `sleeping`, readable without the lock.
    count: AtomicUsize,
    sleeping: Mutex<Vec<usize>>,
    parkers: Box<[Parker]>,
    driver: OnceLock<Arc<dyn Driver>>,
    /// The worker in the driver, or [`NO_WORKER`].
    in_driver: AtomicUsize,
    /// Whether a worker lingers. At most one worker does so at a time.
    is_worker_lingering: AtomicBool,
}

const NO_WORKER: usize = usize::MAX;

#[derive(Default)]
struct Parker {
    woken: Mutex<bool>,
    signal: Condvar,
}

impl Idle {
    pub(crate) fn new(workers: usize) -> Idle {
        Idle {
            count: AtomicUsize::new(0),
            sleeping: Mutex::new(Vec::with_capacity(workers)),
            parkers: (0..workers).map(|_| Parker::default()).collect(),
            driver: OnceLock::new(),
            in_driver: AtomicUsize::new(NO_WORKER),
            is_worker_lingering: AtomicBool::new(false),
        }
    }

    /// Waits until `has_work` or `over` returns true. Returns at once if another worker lingers. The caller must then
    /// check for work once more, and wake a worker if there is more work than the caller takes.
    pub(crate) fn linger(&self, has_work: impl Fn() -> bool, over: impl Fn() -> bool) {
        if self.is_worker_lingering.swap(true, Ordering::Relaxed) {
            return;
        }
        while !has_work() && !over() {
            thread::yield_now();
        }
        self.is_worker_lingering.store(false, Ordering::Relaxed);
        // Pairs with the fence in `wake_one_unless_lingering`.
        fence(Ordering::SeqCst);
    }

    /// Wakes a sleeping worker, if there is one and no worker lingers. Call this after putting work
    /// into a queue that all workers check.
    pub(crate) fn wake_one_unless_lingering(&self) {
        // Pairs with the fence in `linger`.
        fence(Ordering::SeqCst);
        if !self.is_worker_lingering.load(Ordering::Relaxed) {
            self.wake_one();
        }
    }

    /// Sleeps until woken or for `patience()`, unless `has_work` returns true at the second check.
    pub(crate) fn sleep(
        &self,
        worker: usize,
        has_work: impl Fn() -> bool,
        patience: impl FnOnce() -> Option<Duration>,
    ) {
        let driver = self.driver().filter(|_| self.take_driver(worker));
        {
            let mut sleeping = self.sleeping.lock();
            sleeping.push(worker);
            self.count.store(sleeping.len(), Ordering::Relaxed);
        }
        // Pairs with the fence in `wake_one`.
        fence(Ordering::SeqCst);
        if !has_work() {
            match driver {
                Some(driver) => driver.wait(&has_work, patience()),
                None => self.parkers[worker].park(patience()),
            }
        }
        self.deregister(worker);
        if driver.is_some() {
            self.in_driver.store(NO_WORKER, Ordering::Release);
        }
    }

    /// Records that `worker` waits in the driver, unless another worker does. Returns whether it is recorded.
    fn take_driver(&self, worker: usize) -> bool {
        // Acquire pairs with the release store of the worker that has left the driver.
        self.in_driver.compare_exchange(NO_WORKER, worker, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Wakes a sleeping worker, if there is one. Call this after putting work into a queue.
    pub(crate) fn wake_one(&self) {
        // Pairs with the fence in `sleep`.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let worker = {
            let mut sleeping = self.sleeping.lock();
            let worker = self.easiest_to_wake(&mut sleeping);
            self.count.store(sleeping.len(), Ordering::Relaxed);
            worker
        };
        if let Some(worker) = worker {
            self.wake(worker);
        }
    }

    /// Takes the worker that fell asleep last off the list. Takes the worker in the driver only if no other one sleeps.
    fn easiest_to_wake(&self, sleeping: &mut Vec<usize>) -> Option<usize> {
        // A worker stores `in_driver` before it enters the list, so the lock of the list makes that store visible here.
        let in_driver = self.in_driver.load(Ordering::Relaxed);
        let position = sleeping.iter().rposition(|&worker| worker != in_driver);
        match position {
            Some(position) => Some(sleeping.remove(position)),
            None => sleeping.pop(),
        }
    }

    fn wake(&self, worker: usize) {
        match self.driver() {
            Some(driver) if self.in_driver.load(Ordering::Relaxed) == worker => driver.unpark(),
            _ => self.parkers[worker].unpark(),
        }
    }

    /// Wakes all workers, at the end of the kernel.
    pub(crate) fn wake_all(&self) {
        self.parkers.iter().for_each(Parker::unpark);
        if let Some(driver) = self.driver() {
            driver.unpark();
        }
    }

    /// Returns the driver of idle workers.
    pub(crate) fn driver(&self) -> Option<&dyn Driver> {
        self.driver.get().map(|driver| &**driver)
    }

    pub(crate) fn set_driver(&self, driver: Arc<dyn Driver>) -> bool {
        self.driver.set(driver).is_ok()
    }

    /// Returns whether any worker sleeps. The answer may be out of date.
    pub(crate) fn is_any_asleep(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Returns whether all workers sleep or are about to.
    pub(crate) fn are_all_asleep(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= self.parkers.len()
    }

    /// Takes the worker off the list if it is still there, and clears its wake-up.
    fn deregister(&self, worker: usize) {
        let mut sleeping = self.sleeping.lock();
        sleeping.retain(|&other| other != worker);
        self.count.store(sleeping.len(), Ordering::Relaxed);
        drop(sleeping);
        *self.parkers[worker].woken.lock() = false;
    }
}

impl Parker {
    fn park(&self, patience: Option<Duration>) {
        let mut woken = self.woken.lock();
        match patience {
            None => {
                while !*woken {
                    woken = wait(&self.signal, woken);
                }
            }
            // One wait is enough: a worker that wakes early just checks again.
            Some(patience) if !*woken => drop(wait_timeout(&self.signal, woken, patience)),
            Some(_) => {}
        }
    }

    fn unpark(&self) {
        *self.woken.lock() = true;
        self.signal.notify_one();
    }
}
