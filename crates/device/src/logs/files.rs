//! The files of one log: entries in order. The oldest file is removed when the log is too large.
//!
//! A log has two rows of files, since lines of the container must not push out reports of the device. Readers see the
//! entries of both in the order of their numbers.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};

use super::entry::Entry;
use super::medium::Medium;

/// The number of files in each row of a full log. The oldest file of the row is removed to make room.
const PARTS: u64 = 8;

/// The share of a log, as a divisor, that is for reports.
const REPORTS_SHARE: u64 = 8;

/// A row of files of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Lines of the container, and entries with the number of lines that were dropped.
    Lines,
    /// Reports of the device about the container.
    Reports,
}

/// Entries that are to be written.
#[derive(Clone, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<Arc<Entry>>,
    pub(super) reports: Vec<Arc<Entry>>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.reports.is_empty()
    }
}

/// The files of a log.
pub(super) struct Files {
    lines: Row,
    reports: Row,
}

struct Row {
    part: Part,
    medium: Arc<dyn Medium>,
    folder: String,
    limit_bytes: u64,
    segments: VecDeque<Segment>,
    /// The size of the files of all logs together, in bytes.
    all_bytes: Arc<AtomicU64>,
}

struct Segment {
    /// The number of its first entry, which names the file.
    first: u64,
    bytes: u64,
    written_us: i64,
}

impl Part {
    fn suffix(self) -> &'static str {
        match self {
            Part::Lines => ".log",
            Part::Reports => ".reports",
        }
    }

    /// Returns the name of the file whose first entry has this number.
    fn file_name(self, first: u64) -> String {
        format!("{first:020}{}", self.suffix())
    }
}

impl Files {
    /// Opens the files in a folder, and returns the number of the next entry. Removes an incomplete line at the end of
    /// the last file.
    pub(super) fn open(
        medium: Arc<dyn Medium>,
        folder: String,
        limit_bytes: u64,
        all_bytes: Arc<AtomicU64>,
    ) -> io::Result<(Files, u64)> {
        let reports_bytes = limit_bytes / REPORTS_SHARE;
        let open = |part, limit_bytes| {
            Row::open(part, medium.clone(), folder.clone(), limit_bytes, all_bytes.clone())
        };
        let (lines, next) = open(Part::Lines, limit_bytes - reports_bytes)?;
        let (reports, next_report) = open(Part::Reports, reports_bytes)?;
        Ok((Files { lines, reports }, next.max(next_report)))
    }

    fn row(&mut self, part: Part) -> &mut Row {
        match part {
            Part::Lines => &mut self.lines,
            Part::Reports => &mut self.reports,
        }
    }

    /// Returns the time of the last write to the oldest file.
    pub(super) fn oldest_us(&mut self, part: Part) -> Option<i64> {
        self.row(part).oldest_us()
    }

    /// Appends entries. Returns those that cannot be written now, for example because the disk is full.
    pub(super) fn append(&mut self, batch: Batch) -> Batch {
        let reports = self.reports.append(batch.reports);
        Batch { reports, lines: self.lines.append(batch.lines) }
    }

    /// Removes the oldest file.
    pub(super) fn remove_oldest(&mut self, part: Part) -> io::Result<()> {
        self.row(part).remove_oldest()
    }

    /// Removes all files and the folder.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.lines.remove()?;
        self.reports.remove()?;
        self.lines.medium.remove_folder(&self.lines.folder)
    }

    /// Returns at most `count` entries, from a number on: those of the files, and those that could not be written.
    pub(super) fn read(&self, unwritten: &Batch, from: u64, count: usize) -> io::Result<Vec<Entry>> {
        let mut found = self.lines.read(from, count)?;
        found.extend(self.reports.read(from, count)?);
        let unwritten = unwritten.lines.iter().chain(&unwritten.reports);
        found.extend(unwritten.filter(|entry| entry.number >= from).map(|entry| Entry::clone(entry)));
        found.sort_by_key(|entry| entry.number);
        found.truncate(count);
        Ok(found)
    }
}

impl Row {
    fn open(
        part: Part,
        medium: Arc<dyn Medium>,
        folder: String,
        limit_bytes: u64,
        all_bytes: Arc<AtomicU64>,
    ) -> io::Result<(Row, u64)> {
        let mut segments = Vec::new();
        for file in medium.files(&folder)? {
            let number = file.name.strip_suffix(part.suffix()).and_then(|number| number.parse().ok());
            if let Some(first) = number {
                segments.push(Segment { first, bytes: file.bytes, written_us: file.written_us });
            }
        }
        segments.sort_by_key(|segment| segment.first);
        let mut row = Row { part, medium, folder, limit_bytes, segments: segments.into(), all_bytes };
        let next = row.find_end()?;
        row.all_bytes.fetch_add(row.bytes(), Ordering::Relaxed);
        Ok((row, next))
    }

    fn find_end(&mut self) -> io::Result<u64> {
        let Some(last) = self.segments.back() else { return Ok(0) };
        let file = self.part.file_name(last.first);
        let text = self.medium.read(&self.folder, &file)?;
        let (mut end, mut next, mut at) = (0, last.first, 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            if let Some(entry) = read_line(line) {
                (end, next) = (at, entry.number + 1);
            }
        }
        if end < text.len() {
            self.medium.truncate(&self.folder, &file, end as u64)?;
        }
        if let Some(last) = self.segments.back_mut() {
            last.bytes = end as u64;
        }
        Ok(next)
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn oldest_us(&self) -> Option<i64> {
        self.segments.front().map(|segment| segment.written_us)
    }

    /// Appends entries. Returns those that cannot be written.
    fn append(&mut self, mut entries: Vec<Arc<Entry>>) -> Vec<Arc<Entry>> {
        while !entries.is_empty() {
            let Ok(count) = self.append_some(&entries) else { break };
            entries.drain(..count);
            // If a file cannot be removed now, the next write tries again.
            while self.bytes() > self.limit_bytes && self.segments.len() > 1 && self.remove_oldest().is_ok() {
            }
        }
        entries
    }

    /// Appends as many of the entries as go into one file, and returns their number.
    fn append_some(&mut self, entries: &[Arc<Entry>]) -> io::Result<usize> {
        let part_bytes = self.limit_bytes / PARTS;
        let begun = self.segments.back().filter(|last| last.bytes < part_bytes).map(|last| last.bytes);
        let room = part_bytes - begun.unwrap_or(0);
        let (mut text, mut count) = (Vec::new(), 0);
        while count < entries.len() && (text.len() as u64) < room {
            serde_json::to_writer(&mut text, &*entries[count])?;
            text.push(b'\n');
            count += 1;
        }
        let begun = begun.and_then(|_| self.segments.pop_back());
        let is_new = begun.is_none();
        let mut segment = begun.unwrap_or(Segment { first: entries[0].number, bytes: 0, written_us: 0 });
        let written = self.write(&mut segment, &text, entries[count - 1].time_us);
        if written.is_ok() || !is_new {
            self.segments.push_back(segment);
        }
        written.map(|()| count)
    }

    /// Writes to a file: all of a text, or nothing.
    fn write(&self, segment: &mut Segment, text: &[u8], time_us: i64) -> io::Result<()> {
        let file = self.part.file_name(segment.first);
        if let Err(error) = self.medium.append(&self.folder, &file, text) {
            // The entries are written again later. If the file cannot be cut, readers skip half a line.
            let _ = match segment.bytes {
                0 => self.medium.remove(&self.folder, &file),
                bytes => self.medium.truncate(&self.folder, &file, bytes),
            };
            return Err(error);
        }
        segment.bytes += text.len() as u64;
        segment.written_us = time_us;
        self.all_bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn remove_oldest(&mut self) -> io::Result<()> {
        let Some(oldest) = self.segments.front() else { return Ok(()) };
        self.medium.remove(&self.folder, &self.part.file_name(oldest.first))?;
        self.all_bytes.fetch_sub(oldest.bytes, Ordering::Relaxed);
        self.segments.pop_front();
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        while !self.segments.is_empty() {
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn read(&self, from: u64, count: usize) -> io::Result<Vec<Entry>> {
        let begin = self.segments.partition_point(|segment| segment.first <= from).saturating_sub(1);
        let mut found = Vec::new();
        for segment in self.segments.range(begin..) {
            let text = self.medium.read(&self.folder, &self.part.file_name(segment.first))?;
            let entries = text.split_inclusive(|byte| *byte == b'\n').filter_map(read_line);
            found.extend(entries.filter(|entry| entry.number >= from).take(count - found.len()));
            if found.len() == count {
                break;
            }
        }
        Ok(found)
    }
}

/// Reads the entry in a line. None if it is damaged or has no end.
fn read_line(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}
