//! The output and log messages of containers, in files of bounded size.
//!
//! ```text
//!   Log::write ──> lines that wait ──> the writer, one thread ──> logs/NAME/00000000000000000042.log
//! ```
//!
//! To print, a container only takes a lock that is held for moments. The thread of [`Logs`] writes the waiting lines
//! to files, and sleeps while there are none. A reader of a log first writes the lines of that log that wait. Each
//! entry is a line of JSON in a file. Each log has a few files, named by the number of their first entry. The oldest
//! file is removed when a log is too large, or when all logs together are.
//!
//! The writer may not keep up with a container. Then the first and the last lines of a flood are kept, the lines
//! between them are dropped, and an entry with their number takes their place. Reports of the device about the
//! container, such as its end, have room of their own, in memory and on the disk: lines of the container do not push
//! them out.

mod entry;
mod files;
mod follower;
mod log;
mod medium;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};
use lucarne_kernel::sync::thread::{self, JoinHandle};

pub use entry::{Entry, Source};
pub use follower::{Followed, Follower};
pub use log::Log;

use crate::ContainerName;
use files::Part;
use medium::{Folder, Medium};
use writer::Writer;

#[cfg(test)]
pub(crate) use memory::MemoryFiles;

/// The size limits of logs.
#[derive(Debug, Clone, Copy)]
pub struct LogLimits {
    /// The log of a container, in bytes.
    pub container_bytes: u64,
    /// All logs of a device, in bytes.
    pub device_bytes: u64,
    /// The memory for lines of a container that wait to be written, in bytes. When it is used up, the lines between the
    /// first and the last ones are dropped.
    pub waiting_bytes: usize,
}

impl Default for LogLimits {
    fn default() -> LogLimits {
        LogLimits { container_bytes: 1 << 20, device_bytes: 256 << 20, waiting_bytes: 256 << 10 }
    }
}

/// The logs of a device. Dropping them writes the entries that still wait.
pub struct Logs {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The state that all logs share.
struct Shared {
    medium: Arc<dyn Medium>,
    limits: LogLimits,
    clock: Clock,
    logs: Mutex<BTreeMap<ContainerName, Arc<Log>>>,
    writer: Arc<Writer>,
    /// The size of all files together, in bytes.
    all_bytes: Arc<AtomicU64>,
    /// Held while files of other logs are removed to make room.
    room: Mutex<()>,
}

impl Logs {
    /// Opens the logs in a folder, which is created when the first entry is written.
    ///
    /// # Errors
    /// If the folder cannot be read, or there is no memory for a thread.
    pub fn open(folder: &Path, limits: LogLimits) -> io::Result<Logs> {
        let mut logs = Logs::on(Arc::new(Folder::new(folder)), limits, Clock::real())?;
        let work = logs.shared.clone();
        let builder = thread::Builder::new().name("logs".into());
        logs.thread = Some(builder.spawn(move || work.writer.run(|log| work.write_out(log)))?);
        Ok(logs)
    }

    /// Opens the logs on a medium, without a thread that writes them.
    pub(crate) fn on(medium: Arc<dyn Medium>, limits: LogLimits, clock: Clock) -> io::Result<Logs> {
        let shared = Arc::new(Shared {
            medium,
            limits,
            clock,
            logs: Mutex::default(),
            writer: Arc::default(),
            all_bytes: Arc::default(),
            room: Mutex::new(()),
        });
        for name in shared.medium.folders()?.iter().filter_map(|name| name.parse().ok()) {
            shared.log(&name)?;
        }
        Ok(Logs { shared, thread: None })
    }

    /// Returns the log of a container.
    ///
    /// # Errors
    /// If its files cannot be read.
    pub fn container(&self, name: &ContainerName) -> io::Result<Arc<Log>> {
        self.shared.log(name)
    }

    /// Returns the containers that have a log.
    pub fn names(&self) -> Vec<ContainerName> {
        self.shared.logs.lock().keys().cloned().collect()
    }

    /// Returns the number of bytes that all logs take on the disk.
    pub fn bytes(&self) -> u64 {
        self.shared.all_bytes.load(Ordering::Relaxed)
    }

    /// Removes the log of a container that was uninstalled. Lines that are still written to it are dropped.
    ///
    /// # Errors
    /// If the files cannot be removed.
    pub fn remove(&self, name: &ContainerName) -> io::Result<()> {
        let log = self.shared.logs.lock().remove(name);
        log.map_or(Ok(()), |log| log.remove())
    }

    /// Writes the waiting entries of all queued logs, as the thread does.
    #[cfg(test)]
    pub(crate) fn write_waiting(&self) {
        self.shared.writer.take().iter().for_each(|log| self.shared.write_out(log));
    }

    /// Writes the waiting entries of all logs.
    pub fn flush(&self) {
        self.shared.all().iter().for_each(|log| self.shared.write_out(log));
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.shared.writer.stop();
        if let Some(thread) = self.thread.take() {
            // An error means that the thread has panicked, and the panic was reported.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn log(&self, name: &ContainerName) -> io::Result<Arc<Log>> {
        let mut logs = self.logs.lock();
        if let Some(log) = logs.get(name) {
            return Ok(log.clone());
        }
        let (folder, medium) = (name.to_string(), self.medium.clone());
        let (writer, all_bytes) = (&self.writer, &self.all_bytes);
        let log = Log::open(folder, medium, &self.limits, self.clock.clone(), writer, all_bytes)?;
        logs.insert(name.clone(), log.clone());
        Ok(log)
    }

    fn all(&self) -> Vec<Arc<Log>> {
        self.logs.lock().values().cloned().collect()
    }

    /// Writes the waiting entries of a log, and removes the oldest files of all logs if these are too large together.
    fn write_out(&self, log: &Log) {
        log.write_out();
        let _room = self.room.lock();
        while self.all_bytes.load(Ordering::Relaxed) > self.limits.device_bytes {
            let logs = self.all();
            // Reports are removed only when no lines are left: lines of one container must not push out reports about
            // another container.
            let oldest = [Part::Lines, Part::Reports].into_iter().find_map(|part| {
                let aged = logs.iter().filter_map(|log| Some((log.oldest_us(part)?, log)));
                aged.min_by_key(|(age_us, _)| *age_us).map(|(_, log)| (part, log))
            });
            // If a file cannot be removed now, the next write tries again.
            if oldest.is_none_or(|(part, log)| log.remove_oldest(part).is_err()) {
                break;
            }
        }
    }
}
