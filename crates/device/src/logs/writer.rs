//! The thread that writes logs to files: it sleeps while there is nothing to write.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::{Condvar, Mutex, wait, wait_timeout};

use super::Log;

/// The time for which lines are collected after a write, so that many are written at once. The first lines after a
/// pause are written immediately.
const COLLECT: Duration = Duration::from_millis(10);

/// The queue of the logs whose entries are to be written.
#[derive(Default)]
pub(super) struct Writer {
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Default)]
struct Work {
    logs: VecDeque<Arc<Log>>,
    is_stopped: bool,
    /// Whether the thread sleeps until it is notified. Otherwise it looks again by itself.
    is_asleep: bool,
}

impl Writer {
    /// Queues a log, which must not be queued already.
    pub(super) fn add(&self, log: Arc<Log>) {
        let mut work = self.work.lock();
        work.logs.push_back(log);
        if work.is_asleep {
            self.changed.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.work.lock().is_stopped = true;
        self.changed.notify_one();
    }

    /// Writes until it is stopped and nothing is left to write.
    pub(super) fn run(&self, write: impl Fn(&Log)) {
        while let Some(logs) = self.next() {
            logs.iter().for_each(|log| write(log));
            let work = self.work.lock();
            if !work.is_stopped {
                drop(wait_timeout(&self.changed, work, COLLECT));
            }
        }
    }

    /// Takes the logs that wait to be written.
    #[cfg(test)]
    pub(super) fn take(&self) -> VecDeque<Arc<Log>> {
        std::mem::take(&mut self.work.lock().logs)
    }

    fn next(&self) -> Option<VecDeque<Arc<Log>>> {
        let mut work = self.work.lock();
        while work.logs.is_empty() {
            if work.is_stopped {
                return None;
            }
            work.is_asleep = true;
            work = wait(&self.changed, work);
            work.is_asleep = false;
        }
        Some(std::mem::take(&mut work.logs))
    }
}
