//! A line of a log, and how bytes become lines.

use serde::{Deserialize, Serialize};

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the entry. The entries of a log are counted from 0.
    #[serde(rename = "n")]
    pub number: u64,
    /// The time of the entry, in microseconds since 1970.
    pub time_us: i64,
    /// The source of the line.
    pub source: Source,
    /// The level of a log message, from 0 (trace) to 5 (fatal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// The names of the logger that a log message came through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The tags of a log message: keys and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// The text, without the end of the line.
    pub text: String,
}

/// The source of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The container has printed it.
    Out,
    /// The container has written it to its standard error, or it is part of the trace of an exception.
    Error,
    /// The container has logged it.
    Log,
    /// The device reports it about the container.
    System,
}

/// The longest line, in bytes. The rest is cut off.
pub(super) const LINE_BYTES_MAX: usize = 16 << 10;

/// The unfinished line of a stream.
#[derive(Debug, Default)]
pub(super) struct Partial {
    bytes: Vec<u8>,
    cut: usize,
}

impl Partial {
    /// Takes more of the stream, and passes on each complete line.
    pub(super) fn add(&mut self, bytes: &[u8], mut line: impl FnMut(String)) {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.extend(piece);
            line(self.take());
        }
        self.extend(last);
    }

    /// Ends the unfinished line, and returns it if there is one.
    pub(super) fn end(&mut self) -> Option<String> {
        if self.bytes.is_empty() { None } else { Some(self.take()) }
    }

    fn extend(&mut self, piece: &[u8]) {
        let room = LINE_BYTES_MAX - self.bytes.len();
        let (kept, cut) = piece.split_at(piece.len().min(room));
        self.bytes.extend_from_slice(kept);
        self.cut += cut.len();
    }

    fn take(&mut self) -> String {
        if self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        let text = text(&self.bytes, std::mem::take(&mut self.cut));
        self.bytes.clear();
        // Frees the memory of a long line.
        self.bytes.shrink_to(256);
        text
    }
}

/// Cuts a text that is too long.
pub(super) fn bounded(text: &str) -> String {
    let (kept, cut) = text.as_bytes().split_at(text.len().min(LINE_BYTES_MAX));
    self::text(kept, cut.len())
}

fn text(kept: &[u8], cut: usize) -> String {
    if cut == 0 {
        return String::from_utf8_lossy(kept).into_owned();
    }
    // A character at the cut is left out entirely.
    let whole = match std::str::from_utf8(kept) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => kept.len(),
    };
    let cut = cut + kept.len() - whole;
    format!("{} [{cut} bytes cut]", String::from_utf8_lossy(&kept[..whole]))
}

impl Entry {
    /// Returns the approximate memory that it takes, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        memory_bytes(&self.names, &self.tags, &self.text)
    }
}

/// Returns the approximate memory that an entry with these parts takes, in bytes.
pub(super) fn memory_bytes(names: &[String], tags: &[(String, String)], text: &str) -> usize {
    let tags: usize = tags.iter().map(|(key, value)| key.len() + value.len() + 64).sum();
    let names: usize = names.iter().map(|name| name.len() + 32).sum();
    size_of::<Entry>() + text.len() + tags + names
}
