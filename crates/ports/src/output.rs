//! Where text for people goes.

use std::io::{IsTerminal, Write};

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;

use crate::Record;

/// One of the two streams of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What the program is for.
    Out,
    /// What went wrong.
    Error,
}

/// Takes text from many processes at once. A write is never mixed with another.
pub trait Output: Send + Sync {
    /// Writes all bytes; where that fails (a closed pipe) they are lost.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// Takes what a program logs: as a line of what it prints, where nothing better is known.
    fn log(&self, record: &Record) {
        self.write(Stream::Out, format!("{record}\n").as_bytes());
    }

    /// Makes sure that everything written so far can be seen.
    fn flush(&self);
}

/// The streams of this OS process.
///
/// On a terminal each write is seen at once. Into a pipe or file, standard output is collected,
/// so that programs that print much are fast; who follows the output still sees it as it comes:
/// it is written when there is enough of it, when the last time was 10 ms ago, when a process ends, when
/// the system has nothing else to do, before anything goes to standard error, and at the end.
pub struct StandardOutput {
    collected: Mutex<Collected>,
    collect: bool,
    clock: Clock,
}

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    written_us: i64,
}

/// How much is collected at most before it is written.
const COLLECT_BYTES: usize = 32 << 10;

/// How long a program that goes on printing collects at most.
const COLLECT_US: i64 = 10_000;

impl StandardOutput {
    /// The streams of this OS process, collected if standard output is no terminal.
    pub fn new() -> StandardOutput {
        let collect = !std::io::stdout().is_terminal();
        StandardOutput { collected: Mutex::default(), collect, clock: Clock::real() }
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
        // A reader who has gone does not want the rest; that is no fault of the programs.
        let _ = out.write_all(&collected.bytes).and_then(|()| out.flush());
        collected.bytes.clear();
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

/// Keeps what is written, for tests and other hosts.
#[derive(Debug, Default)]
pub struct CapturedOutput {
    out: Mutex<Vec<u8>>,
    error: Mutex<Vec<u8>>,
}

impl CapturedOutput {
    /// What was written so far, as text.
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
