//! Shows the progress of long work on one line of a terminal, and removes the line at the end.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of some work.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// The files whose work has begun and not ended, in the order in which it has begun.
    under_way: Mutex<Vec<PathBuf>>,
}

impl Progress {
    /// Starts to show progress. Shows nothing if `is_quiet` or if standard error is not a terminal.
    pub(crate) fn new(count: usize, is_quiet: bool) -> Progress {
        // The library draws nothing if standard error is not a terminal.
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        let style = ProgressStyle::with_template("{pos}/{len} {wide_msg} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Progress { bar, under_way: Mutex::default() }
    }

    /// Notes that work on a file begins.
    pub(crate) fn begin(&self, file: &Path) {
        let mut under_way = self.under_way();
        under_way.push(file.to_owned());
        self.show(&under_way);
    }

    /// Notes that work on a file is done.
    pub(crate) fn end(&self, file: &Path) {
        let mut under_way = self.under_way();
        under_way.retain(|other| other != file);
        self.bar.inc(1);
        self.show(&under_way);
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the file whose work began first, and the number of other files.
    fn show(&self, under_way: &[PathBuf]) {
        let text = match under_way {
            [] => String::new(),
            [one] => one.display().to_string(),
            [first, rest @ ..] => format!("{} and {} more", first.display(), rest.len()),
        };
        self.bar.set_message(text);
    }

    /// Hides the line while `print` runs.
    pub(crate) fn interrupted<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
