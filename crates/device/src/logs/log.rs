//! The log of one container.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::AtomicU64;
use lucarne_ports::Record;
use lucarne_ports::{Output, Stream};

use super::LogLimits;
use super::entry::{Entry, LINE_BYTES_MAX, Partial, Source, bounded, memory_bytes};
use super::files::{Batch, Files, Part};
use super::follower::{self, Follower, Listener};
use super::medium::Medium;
use super::writer::Writer;

/// The log of a container: where its output goes, and where it is read. It can be used on any thread, and
/// writing to it never waits for the disk.
pub struct Log {
    own: Weak<Log>,
    writer: Arc<Writer>,
    waiting_bytes_max: usize,
    clock: Clock,
    /// Never held while the disk is used.
    memory: Mutex<Memory>,
    /// Locked before the memory, where both are needed.
    files: Mutex<Files>,
}

/// Entries that are not in a file yet, and the followers.
#[derive(Default)]
struct Memory {
    /// The entries that have a number and wait to be written.
    waiting: Batch,
    waiting_bytes: usize,
    reports_bytes: usize,
    /// The last lines that did not fit into `waiting`, with the reports among them. They get their numbers when the
    /// waiting entries are written.
    tail: VecDeque<Message>,
    tail_bytes: usize,
    /// The number of lines that were dropped between `waiting` and `tail`.
    dropped: u64,
    /// The number of lines that were dropped since the log was opened.
    dropped_ever: u64,
    out: Partial,
    error: Partial,
    /// The number of the next entry.
    next: u64,
    listeners: Vec<Listener>,
    /// Whether the writer has this log in its queue.
    is_queued: bool,
    is_removed: bool,
}

/// The totals of a log, which never decrease.
pub(crate) struct Counts {
    /// The number of entries, including those from before the device was started.
    pub(crate) lines: u64,
    /// The number of lines that were dropped since the device was started.
    pub(crate) dropped: u64,
}

/// An entry without a number.
struct Message {
    time_us: i64,
    part: Part,
    source: Source,
    level: Option<u8>,
    names: Vec<String>,
    tags: Vec<(String, String)>,
    text: String,
}

/// The memory for reports of the device that wait to be written, in bytes. Further reports are treated as lines.
const REPORTS_BYTES_MAX: usize = 64 << 10;

/// The share of the waiting bytes, as a divisor, that is for the last lines of a flood.
const TAIL_SHARE: usize = 4;

impl Log {
    /// Opens the log in a folder, which may be missing.
    pub(super) fn open(
        folder: String,
        medium: Arc<dyn Medium>,
        limits: &LogLimits,
        clock: Clock,
        writer: &Arc<Writer>,
        all_bytes: &Arc<AtomicU64>,
    ) -> io::Result<Arc<Log>> {
        let (files, next) = Files::open(medium, folder, limits.container_bytes, all_bytes.clone())?;
        Ok(Arc::new_cyclic(|own| Log {
            own: own.clone(),
            writer: writer.clone(),
            waiting_bytes_max: limits.waiting_bytes,
            clock,
            memory: Mutex::new(Memory { next, ..Memory::default() }),
            files: Mutex::new(files),
        }))
    }

    /// Adds a report of the device about the container.
    pub fn system(&self, text: &str) {
        let text = bounded(text);
        self.add(|memory, time_us| {
            let message = Message { part: Part::Reports, ..Message::printed(time_us, Source::System, text) };
            memory.add(self.waiting_bytes_max, message);
        });
    }

    /// Adds a message that the container logs: see [`Entry`]. Text and tags that do not fit into a line are cut.
    pub fn message(&self, level: u8, text: &str, names: &[String], tags: &[(String, String)]) {
        let (names, tags) = fitting(names, tags);
        let (names, tags, text) = (names.to_vec(), tags.to_vec(), bounded(text));
        self.add(|memory, time_us| {
            let printed = Message::printed(time_us, Source::Log, text);
            memory.add(self.waiting_bytes_max, Message { level: Some(level), names, tags, ..printed });
        });
    }

    /// Ends the unfinished lines of both streams, since the container has ended.
    pub fn end_lines(&self) {
        self.add(|memory, time_us| {
            for source in [Source::Out, Source::Error] {
                if let Some(text) = memory.partial(source).end() {
                    memory.add(self.waiting_bytes_max, Message::printed(time_us, source, text));
                }
            }
        });
    }

    fn add(&self, add: impl FnOnce(&mut Memory, i64)) {
        let mut memory = self.memory.lock();
        if memory.is_removed {
            return;
        }
        add(&mut memory, self.clock.wall_us());
        let is_news = !memory.is_queued && memory.has_news();
        memory.is_queued |= is_news;
        drop(memory);
        if is_news && let Some(own) = self.own.upgrade() {
            self.writer.add(own);
        }
    }

    /// Returns the totals.
    pub(crate) fn counts(&self) -> Counts {
        let memory = self.memory.lock();
        Counts { lines: memory.next, dropped: memory.dropped_ever }
    }

    /// Returns at most `count` of the last entries.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn last(&self, count: usize) -> io::Result<Vec<Entry>> {
        let mut files = self.files.lock();
        let (next, unwritten) = self.settle(&mut files, |memory| memory.next);
        files.read(&unwritten, next.saturating_sub(count as u64), count)
    }

    /// Returns at most `count` entries from a number on. The first one is later if the files before it were removed.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn since(&self, number: u64, count: usize) -> io::Result<Vec<Entry>> {
        let mut files = self.files.lock();
        let ((), unwritten) = self.settle(&mut files, |_| ());
        files.read(&unwritten, number, count)
    }

    /// Returns at most `count` of the last entries, and a follower for all later ones.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn follow(&self, count: usize) -> io::Result<(Vec<Entry>, Follower)> {
        let mut files = self.files.lock();
        let ((next, follower), unwritten) = self.settle(&mut files, |memory| {
            let (listener, follower) = follower::pair(self.own.clone(), memory.next);
            if !memory.is_removed {
                memory.listeners.push(listener);
            }
            (memory.next, follower)
        });
        Ok((files.read(&unwritten, next.saturating_sub(count as u64), count)?, follower))
    }

    /// Writes the waiting entries to the files.
    pub(super) fn write_out(&self) {
        self.settle(&mut self.files.lock(), |_| ());
    }

    /// Writes the waiting entries to the files. Calls `look` at the moment when they are taken, and returns its result,
    /// together with the entries that cannot be written now. Those wait for the next write.
    fn settle<T>(&self, files: &mut Files, look: impl FnOnce(&mut Memory) -> T) -> (T, Batch) {
        let mut memory = self.memory.lock();
        let waiting = memory.take(self.clock.wall_us());
        let seen = look(&mut memory);
        drop(memory);
        let unwritten = files.append(waiting);
        if !unwritten.is_empty() {
            self.memory.lock().put_back(unwritten.clone(), self.waiting_bytes_max);
        }
        (seen, unwritten)
    }

    /// Returns the time of the last write to the oldest file.
    pub(super) fn oldest_us(&self, part: Part) -> Option<i64> {
        self.files.lock().oldest_us(part)
    }

    /// Removes the oldest file.
    pub(super) fn remove_oldest(&self, part: Part) -> io::Result<()> {
        self.files.lock().remove_oldest(part)
    }

    /// Removes all files, and drops further lines.
    pub(super) fn remove(&self) -> io::Result<()> {
        let mut files = self.files.lock();
        *self.memory.lock() = Memory { is_removed: true, ..Memory::default() };
        files.remove()
    }
}

impl Output for Log {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let source = match stream {
            Stream::Out => Source::Out,
            Stream::Error => Source::Error,
        };
        self.add(|memory, time_us| {
            let mut partial = std::mem::take(memory.partial(source));
            partial.add(bytes, |line| {
                memory.add(self.waiting_bytes_max, Message::printed(time_us, source, line));
            });
            *memory.partial(source) = partial;
        });
    }

    fn log(&self, record: &Record) {
        self.message(record.level as u8, &record.message, &record.names, &record.tags);
    }

    /// Does nothing: readers see the waiting entries too.
    fn flush(&self) {}
}

/// Returns as many of the names, and then of the tags, as fit into a line.
fn fitting<'m>(names: &'m [String], tags: &'m [(String, String)]) -> (&'m [String], &'m [(String, String)]) {
    let mut bytes = 0;
    let mut fits = |more: usize| {
        bytes += more;
        bytes <= LINE_BYTES_MAX
    };
    let names = &names[..names.iter().take_while(|name| fits(name.len() + 1)).count()];
    let fitting = tags.iter().take_while(|(key, value)| fits(key.len() + value.len() + 1));
    (names, &tags[..fitting.count()])
}

impl Message {
    fn printed(time_us: i64, source: Source, text: String) -> Message {
        let (names, tags) = (Vec::new(), Vec::new());
        Message { time_us, part: Part::Lines, source, level: None, names, tags, text }
    }

    fn memory_bytes(&self) -> usize {
        memory_bytes(&self.names, &self.tags, &self.text)
    }
}

impl Memory {
    fn partial(&mut self, source: Source) -> &mut Partial {
        if source == Source::Error { &mut self.error } else { &mut self.out }
    }

    fn has_news(&self) -> bool {
        !self.waiting.is_empty() || !self.tail.is_empty() || self.dropped > 0
    }

    /// Adds an entry. If too much waits, it may push out the oldest line of the tail.
    fn add(&mut self, waiting_bytes_max: usize, message: Message) {
        let bytes = message.memory_bytes();
        let has_own_room = message.part == Part::Reports && self.reports_bytes < REPORTS_BYTES_MAX;
        let is_full = !has_own_room && self.waiting_bytes >= waiting_bytes_max;
        // If there is a tail, or lines were dropped, the message goes to the end of the tail, to keep the order.
        if self.tail.is_empty() && self.dropped == 0 && !is_full {
            return self.push(message);
        }
        if has_own_room {
            self.reports_bytes += bytes;
        } else {
            self.tail_bytes += bytes;
        }
        self.tail
            .push_back(Message { part: if has_own_room { Part::Reports } else { Part::Lines }, ..message });
        while self.tail_bytes > waiting_bytes_max / TAIL_SHARE {
            let Some(oldest) = self.tail.iter().position(|message| message.part == Part::Lines) else {
                break;
            };
            let Some(dropped) = self.tail.remove(oldest) else { break };
            self.tail_bytes -= dropped.memory_bytes();
            self.drop_lines(1);
        }
    }

    fn drop_lines(&mut self, count: u64) {
        self.dropped += count;
        self.dropped_ever += count;
    }

    /// Gives an entry its number.
    fn push(&mut self, message: Message) {
        let Message { time_us, part, source, level, names, tags, text } = message;
        let entry = Arc::new(Entry { number: self.next, time_us, source, level, names, tags, text });
        self.next += 1;
        self.listeners.retain(|listener| listener.pass(&entry));
        let bytes = entry.memory_bytes();
        match part {
            Part::Lines => {
                self.waiting_bytes += bytes;
                self.waiting.lines.push(entry);
            }
            Part::Reports => {
                self.reports_bytes += bytes;
                self.waiting.reports.push(entry);
            }
        }
    }

    /// Puts back entries that could not be written: they come before all waiting entries. Keeps the last of them, up to
    /// the limits, and drops the others.
    fn put_back(&mut self, mut unwritten: Batch, waiting_bytes_max: usize) {
        let (lines_bytes, lost_lines) = keep_last(&mut unwritten.lines, waiting_bytes_max);
        let (reports_bytes, lost_reports) = keep_last(&mut unwritten.reports, REPORTS_BYTES_MAX);
        self.drop_lines(lost_lines + lost_reports);
        self.waiting_bytes += lines_bytes;
        self.reports_bytes += reports_bytes;
        self.waiting.lines.splice(..0, unwritten.lines);
        self.waiting.reports.splice(..0, unwritten.reports);
    }

    /// Takes all waiting entries. Adds an entry with the number of dropped lines at their place, before the tail.
    fn take(&mut self, time_us: i64) -> Batch {
        if self.dropped > 0 {
            let count = std::mem::take(&mut self.dropped);
            let text =
                if count == 1 { "1 line dropped".to_owned() } else { format!("{count} lines dropped") };
            // A container can cause any number of these entries, so they are lines, and not reports.
            let time_us = self.tail.front().map_or(time_us, |message| message.time_us);
            self.push(Message::printed(time_us, Source::System, text));
        }
        for message in std::mem::take(&mut self.tail) {
            self.push(message);
        }
        self.is_queued = false;
        (self.waiting_bytes, self.reports_bytes, self.tail_bytes) = (0, 0, 0);
        std::mem::take(&mut self.waiting)
    }
}

/// Removes entries from the beginning until the others take at most `bytes_max` of memory. Returns the memory of the
/// others, and the number of removed entries.
fn keep_last(entries: &mut Vec<Arc<Entry>>, bytes_max: usize) -> (usize, u64) {
    let mut bytes = 0;
    let kept = entries.iter().rev().take_while(|entry| {
        let fits = bytes + entry.memory_bytes() <= bytes_max;
        bytes += if fits { entry.memory_bytes() } else { 0 };
        fits
    });
    let lost = entries.len() - kept.count();
    entries.drain(..lost);
    (bytes, lost as u64)
}
