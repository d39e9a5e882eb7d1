//! Where text for people goes.

use std::io::{IsTerminal, Write};

use lucarne_kernel::sync::Mutex;

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

    /// Makes sure that everything written so far can be seen.
    fn flush(&self);
}

/// The streams of this OS process.
///
/// On a terminal each write is seen at once. Into a pipe or file, standard output is collected
/// and written when there is enough of it, when the system has nothing else to do, before
/// anything goes to standard error, and at the end: programs that print much are fast, and
/// who follows the output still sees it as it comes.
pub struct StandardOutput {
    buffered: Mutex<Vec<u8>>,
    collect: bool,
}

/// How much is collected at most before it is written.
const COLLECT_BYTES: usize = 32 << 10;

impl StandardOutput {
    /// The streams of this OS process, collected if standard output is no terminal.
    pub fn new() -> StandardOutput {
        StandardOutput { buffered: Mutex::default(), collect: !std::io::stdout().is_terminal() }
    }

    fn write_out(buffered: &mut Vec<u8>) {
        if buffered.is_empty() {
            return;
        }
        let mut out = std::io::stdout().lock();
        // A reader who has gone does not want the rest; that is no fault of the programs.
        let _ = out.write_all(buffered).and_then(|()| out.flush());
        buffered.clear();
    }
}

impl Default for StandardOutput {
    fn default() -> StandardOutput {
        StandardOutput::new()
    }
}

impl Output for StandardOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut buffered = self.buffered.lock();
        match stream {
            Stream::Out => {
                buffered.extend_from_slice(bytes);
                if !self.collect || buffered.len() >= COLLECT_BYTES {
                    StandardOutput::write_out(&mut buffered);
                }
            }
            Stream::Error => {
                StandardOutput::write_out(&mut buffered);
                let _ = std::io::stderr().lock().write_all(bytes);
            }
        }
    }

    fn flush(&self) {
        StandardOutput::write_out(&mut self.buffered.lock());
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
