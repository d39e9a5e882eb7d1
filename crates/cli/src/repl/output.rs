//! The output of the code of a session. What background tasks print while a line is typed appears above that line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use lucarne_ports::{Output, StandardOutput, Stream};

use crate::call::editor::Print;
use crate::output::end_after;

pub(crate) struct SessionOutput {
    direct: StandardOutput,
    /// Prints beside the line that is typed, in a terminal.
    beside: Option<Mutex<Print>>,
    is_typing: AtomicBool,
}

impl SessionOutput {
    pub(crate) fn new(beside: Option<Print>) -> SessionOutput {
        let direct = StandardOutput::new().on_failure(end_after);
        SessionOutput { direct, beside: beside.map(Mutex::new), is_typing: AtomicBool::new(false) }
    }

    /// Notes that a line is read from now on.
    pub(crate) fn begin_line(&self) {
        self.direct.flush();
        self.is_typing.store(true, Ordering::Release);
    }

    /// Notes that the line has been read.
    pub(crate) fn end_line(&self) {
        self.is_typing.store(false, Ordering::Release);
    }
}

impl Output for SessionOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        match &self.beside {
            Some(beside) if self.is_typing.load(Ordering::Acquire) => {
                beside.lock().unwrap_or_else(PoisonError::into_inner)(&String::from_utf8_lossy(bytes));
            }
            _ => self.direct.write(stream, bytes),
        }
    }

    fn flush(&self) {
        self.direct.flush();
    }
}
