//! Workers without work: how they fall asleep without missing any.
//!
//! A worker that finds nothing announces itself, looks once more, and sleeps. Whoever makes
//! work available first puts it into a queue and then looks whether somebody sleeps. The two
//! fences make sure that at least one of them sees the other (the pattern of two threads that
//! each write one place and read the other's).
//!
//! If there is a driver, one of the sleepers sits in it. It took that seat before it announced itself, so whoever
//! finds it in the list knows where to wake it. The others are woken first: the one in the driver hears
//! what comes from outside, which nobody else would.
//!
//! To be woken takes longer than most calls. So a worker that has just had work from outside *lingers*
//! before it sleeps: it looks for more, and lets others have the processor in between. Who has
//! work for it then need not wake anybody, by the same argument.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::driver::Driver;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex, thread, wait, wait_timeout};

/// The sleeping workers of a scheduler.
pub(crate) struct Idle {
    /// As long as `sleeping`, for a look without the lock.
    count: AtomicUsize,
    sleeping: Mutex<Vec<usize>>,
    beds: Box<[Bed]>,
    driver: OnceLock<Arc<dyn Driver>>,
    /// The worker in the driver, or [`NOBODY`].
    in_driver: AtomicUsize,
    /// One at a time does.
    is_somebody_lingering: AtomicBool,
}

const NOBODY: usize = usize::MAX;

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
            driver: OnceLock::new(),
            in_driver: AtomicUsize::new(NOBODY),
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
                None => self.beds[worker].lie_down(patience()),
            }
        }
        self.rise(worker);
        if driver.is_some() {
            self.in_driver.store(NOBODY, Ordering::Release);
        }
    }

    /// Takes the seat in the driver, if nobody sits there.
    fn take_driver(&self, worker: usize) -> bool {
        // Acquire pairs with the release of the one who left it.
        self.in_driver.compare_exchange(NOBODY, worker, Ordering::Acquire, Ordering::Relaxed).is_ok()
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
            let worker = self.easiest_to_wake(&mut sleeping);
            self.count.store(sleeping.len(), Ordering::Relaxed);
            worker
        };
        if let Some(worker) = worker {
            self.wake(worker);
        }
    }

    /// The latest to fall asleep, but the one in the driver last of all.
    fn easiest_to_wake(&self, sleeping: &mut Vec<usize>) -> Option<usize> {
        // Whoever is in the list and in the driver was in the driver first, and the list has a lock.
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
            _ => self.beds[worker].shake(),
        }
    }

    /// Wakes all of them, for the end.
    pub(crate) fn wake_all(&self) {
        self.beds.iter().for_each(Bed::shake);
        if let Some(driver) = self.driver() {
            driver.unpark();
        }
    }

    /// What idle workers wait in.
    pub(crate) fn driver(&self) -> Option<&dyn Driver> {
        self.driver.get().map(|driver| &**driver)
    }

    pub(crate) fn set_driver(&self, driver: Arc<dyn Driver>) -> bool {
        self.driver.set(driver).is_ok()
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
