//! The files of one log: entries in order, the oldest file removed when there is too much.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};

use super::entry::Entry;
use crate::ContainerName;

/// In how many files a log is kept: what goes when it is full is one part in so many.
const PARTS: u64 = 8;

/// The files of a log.
pub(super) struct Files {
    folder: PathBuf,
    limit_bytes: u64,
    segments: VecDeque<Segment>,
    /// How many bytes the files of all logs have together.
    all_bytes: Arc<AtomicU64>,
}

struct Segment {
    /// The number of its first entry, which its name is made of.
    first: u64,
    bytes: u64,
    written_us: i64,
}

/// The containers that have a folder here.
pub(super) fn folders(folder: &Path) -> io::Result<Vec<ContainerName>> {
    let names = entries(folder)?;
    Ok(names.iter().filter_map(|(name, _)| name.parse().ok()).collect())
}

/// The names in a folder that may not be there.
fn entries(folder: &Path) -> io::Result<Vec<(String, fs::DirEntry)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str() {
            found.push((name.to_owned(), entry));
        }
    }
    Ok(found)
}

impl Files {
    /// The files in a folder, and the number of the entry that comes next. What was left of a last
    /// line that was not written to its end is taken away.
    pub(super) fn open(
        folder: PathBuf,
        limit_bytes: u64,
        all_bytes: Arc<AtomicU64>,
    ) -> io::Result<(Files, u64)> {
        let mut segments = Vec::new();
        for (name, entry) in entries(&folder)? {
            let number = name.strip_suffix(".log").and_then(|number| number.parse().ok());
            if let Some(first) = number {
                let metadata = entry.metadata()?;
                let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                let written_us = i64::try_from(written.as_micros()).unwrap_or(i64::MAX);
                segments.push(Segment { first, bytes: metadata.len(), written_us });
            }
        }
        segments.sort_by_key(|segment| segment.first);
        let mut files = Files { folder, limit_bytes, segments: segments.into(), all_bytes };
        let next = files.find_end()?;
        files.all_bytes.fetch_add(files.bytes(), Ordering::Relaxed);
        Ok((files, next))
    }

    fn find_end(&mut self) -> io::Result<u64> {
        let Some(last) = self.segments.back() else { return Ok(0) };
        let path = self.path(last.first);
        let text = fs::read(&path)?;
        let (mut end, mut next, mut at) = (0, last.first, 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            if let Some(entry) = read_line(line) {
                (end, next) = (at, entry.number + 1);
            }
        }
        if end < text.len() {
            OpenOptions::new().write(true).open(path)?.set_len(end as u64)?;
        }
        if let Some(last) = self.segments.back_mut() {
            last.bytes = end as u64;
        }
        Ok(next)
    }

    fn path(&self, first: u64) -> PathBuf {
        self.folder.join(format!("{first:020}.log"))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// When something was written to the oldest file.
    pub(super) fn oldest_us(&self) -> Option<i64> {
        self.segments.front().map(|segment| segment.written_us)
    }

    /// Writes entries behind the others.
    pub(super) fn append(&mut self, entries: &[Arc<Entry>]) -> io::Result<()> {
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let part_bytes = self.limit_bytes / PARTS;
            let room = match self.segments.back() {
                Some(last) if last.bytes < part_bytes => part_bytes - last.bytes,
                _ => {
                    self.segments.push_back(Segment { first: first.number, bytes: 0, written_us: 0 });
                    part_bytes
                }
            };
            let mut text = Vec::new();
            let mut count = 0;
            while count < rest.len() && (text.len() as u64) < room {
                serde_json::to_writer(&mut text, &*rest[count])?;
                text.push(b'\n');
                count += 1;
            }
            self.write(&text, rest[count - 1].time_us)?;
            rest = &rest[count..];
            while self.bytes() > self.limit_bytes && self.segments.len() > 1 {
                self.remove_oldest()?;
            }
        }
        Ok(())
    }

    /// Writes to the last file. It is opened each time: a device has more logs than it may have
    /// files open.
    fn write(&mut self, text: &[u8], time_us: i64) -> io::Result<()> {
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        let path = self.folder.join(format!("{:020}.log", last.first));
        let mut file = open_to_append(&path).or_else(|_| {
            fs::create_dir_all(&self.folder)?;
            open_to_append(&path)
        })?;
        file.write_all(text)?;
        last.bytes += text.len() as u64;
        last.written_us = time_us;
        self.all_bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Removes the oldest file.
    pub(super) fn remove_oldest(&mut self) -> io::Result<()> {
        let Some(oldest) = self.segments.front() else { return Ok(()) };
        let path = self.path(oldest.first);
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.all_bytes.fetch_sub(oldest.bytes, Ordering::Relaxed);
        self.segments.pop_front();
        Ok(())
    }

    /// Removes all of it.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        while !self.segments.is_empty() {
            self.remove_oldest()?;
        }
        match fs::remove_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// At most so many entries from a number on.
    pub(super) fn read(&self, from: u64, count: usize) -> io::Result<Vec<Entry>> {
        let begin = self.segments.partition_point(|segment| segment.first <= from).saturating_sub(1);
        let mut found = Vec::new();
        for segment in self.segments.range(begin..) {
            let text = fs::read(self.path(segment.first))?;
            let entries = text.split_inclusive(|byte| *byte == b'\n').filter_map(read_line);
            found.extend(entries.filter(|entry| entry.number >= from).take(count - found.len()));
            if found.len() == count {
                break;
            }
        }
        Ok(found)
    }
}

fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// The entry in a line; none if it is damaged or has no end.
fn read_line(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}
