//! Output of text: standard output, standard error, and the like.

use std::io::{self, IsTerminal, Write};

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;

use crate::Record;

/// One of the two streams of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: the results of the program.
    Out,
    /// Standard error: messages about failures.
    Error,
}

/// Takes text from many processes at once. Writes are never interleaved.
pub trait Output: Send + Sync {
    /// Writes all bytes. If that fails, for example because a pipe is closed, they are lost.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// Takes a log record. By default, prints it as a line.
    fn log(&self, record: &Record) {
        self.write(Stream::Out, format!("{record}\n").as_bytes());
    }

    /// Writes all text that was collected so far.
    fn flush(&self);
}

/// The streams of this OS process.
///
/// On a terminal, each write appears at once. For a pipe or file, standard output is collected, so that programs that
/// print much are fast. A reader still sees it soon: the collected text is written when it has reached 32 KiB, with
/// the first text that comes 10 ms or more after the last write, when a process ends, when the system has nothing
/// else to do, before a write to standard error, and at the end.
pub struct StandardOutput {
    collected: Mutex<Collected>,
    collect: bool,
    clock: Clock,
    failed: Option<Failed>,
}

/// Called with the reason why standard output cannot be written.
type Failed = Box<dyn Fn(&io::Error) + Send + Sync>;

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    written_us: i64,
}

/// The number of bytes that are collected before they are written.
const COLLECT_BYTES: usize = 32 << 10;

/// The longest time for which the text of a program that keeps printing is collected, in µs.
const COLLECT_US: i64 = 10_000;

impl StandardOutput {
    /// Returns the streams of this OS process. Collects standard output if it is not a terminal.
    pub fn new() -> StandardOutput {
        let collect = !std::io::stdout().is_terminal();
        StandardOutput { collected: Mutex::default(), collect, clock: Clock::real(), failed: None }
    }

    /// Calls `failed` each time that standard output cannot be written. By default the text is lost silently.
    pub fn on_failure(mut self, failed: impl Fn(&io::Error) + Send + Sync + 'static) -> StandardOutput {
        self.failed = Some(Box::new(failed));
        self
    }

    fn is_due(&self, collected: &Collected) -> bool {
        !self.collect
            || collected.bytes.len() >= COLLECT_BYTES
            || self.clock.now_us() - collected.written_us >= COLLECT_US
    }

    fn write_out(&self, collected: &mut Collected) {
        if collected.bytes.is_empty() {
            return;
        }
        let mut out = std::io::stdout().lock();
        let written = out.write_all(&collected.bytes).and_then(|()| out.flush());
        drop(out);
        collected.bytes.clear();
        // A failed write is not a fault of the programs, so it is not reported to them.
        if let (Err(error), Some(failed)) = (written, &self.failed) {
            failed(&error);
        }
        collected.written_us = self.clock.now_us();
    }
}

impl Default for StandardOutput {
    fn default() -> StandardOutput {
        StandardOutput::new()
    }
}

impl Output for StandardOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut collected = self.collected.lock();
        match stream {
            Stream::Out => {
                collected.bytes.extend_from_slice(bytes);
                if self.is_due(&collected) {
                    self.write_out(&mut collected);
                }
            }
            Stream::Error => {
                self.write_out(&mut collected);
                let _ = std::io::stderr().lock().write_all(bytes);
            }
        }
    }

    fn flush(&self) {
        self.write_out(&mut self.collected.lock());
    }
}

impl Drop for StandardOutput {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Keeps all text in memory, for tests and other hosts.
#[derive(Debug, Default)]
pub struct CapturedOutput {
    out: Mutex<Vec<u8>>,
    error: Mutex<Vec<u8>>,
}

impl CapturedOutput {
    /// Returns the text that was written so far.
    pub fn text(&self, stream: Stream) -> String {
        String::from_utf8_lossy(&self.stream(stream).lock()).into_owned()
    }

    fn stream(&self, stream: Stream) -> &Mutex<Vec<u8>> {
        match stream {
            Stream::Out => &self.out,
            Stream::Error => &self.error,
        }
    }
}

impl Output for CapturedOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        self.stream(stream).lock().extend_from_slice(bytes);
    }

    fn flush(&self) {}
}
