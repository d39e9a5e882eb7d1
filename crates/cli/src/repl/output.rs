//! The output of the code of a session. What background tasks print while a line is typed appears above that line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use lucarne_ports::{Output, StandardOutput, Stream};

use crate::call::editor::Print;
use crate::output::end_after;

/// The maximum size of the output that waits while a line is typed, in bytes. The rest is left out: the process
/// must not wait for the terminal, since the next input waits for the process.
const WAITING_MAX: usize = 1 << 20;

pub(crate) struct SessionOutput {
    direct: StandardOutput,
    /// Prints beside the line that is typed, in a terminal.
    beside: Option<Beside>,
    is_typing: AtomicBool,
}

/// Texts that a thread of its own hands to the editor, which makes that thread wait while it reads no line.
struct Beside {
    /// Each with its size before invalid bytes were replaced.
    texts: Sender<(String, usize)>,
    waiting_bytes: Arc<AtomicUsize>,
    left_out: AtomicUsize,
}

impl Beside {
    /// Starts the thread. Returns none if the operating system cannot start one.
    fn start(print: Print) -> Option<Beside> {
        let (texts, waiting) = channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let bytes = waiting_bytes.clone();
        let thread = thread::Builder::new().name("lucarne-printer".to_owned());
        thread.spawn(move || print_all(print, &waiting, &bytes)).ok()?;
        Some(Beside { texts, waiting_bytes, left_out: AtomicUsize::new(0) })
    }

    fn write(&self, bytes: &[u8]) {
        if self.waiting_bytes.fetch_add(bytes.len(), Ordering::Relaxed) > WAITING_MAX {
            self.waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            self.left_out.fetch_add(1, Ordering::Relaxed);
        } else {
            // The thread ends after this sender.
            let _ = self.texts.send((String::from_utf8_lossy(bytes).into_owned(), bytes.len()));
        }
    }
}

fn print_all(mut print: Print, waiting: &Receiver<(String, usize)>, waiting_bytes: &AtomicUsize) {
    for (text, size) in waiting {
        print(&text);
        waiting_bytes.fetch_sub(size, Ordering::Relaxed);
    }
}

impl SessionOutput {
    pub(crate) fn new(beside: Option<Print>) -> SessionOutput {
        let direct = StandardOutput::new().on_failure(end_after);
        SessionOutput { direct, beside: beside.and_then(Beside::start), is_typing: AtomicBool::new(false) }
    }

    /// Notes that a line is read from now on.
    pub(crate) fn begin_line(&self) {
        self.direct.flush();
        self.is_typing.store(true, Ordering::Release);
    }

    /// Notes that the line has been read.
    pub(crate) fn end_line(&self) {
        self.is_typing.store(false, Ordering::Release);
        let left_out = self.beside.as_ref().map_or(0, |beside| beside.left_out.swap(0, Ordering::Relaxed));
        if left_out > 0 {
            let text = format!("note: {left_out} pieces of output were left out while the line was typed\n");
            self.direct.write(Stream::Error, text.as_bytes());
        }
    }
}

impl Output for SessionOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        match &self.beside {
            Some(beside) if self.is_typing.load(Ordering::Acquire) => beside.write(bytes),
            _ => self.direct.write(stream, bytes),
        }
    }

    fn flush(&self) {
        self.direct.flush();
    }
}
