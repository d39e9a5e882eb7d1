//! How rows are measured and printed.

use std::time::{Duration, Instant};

/// Long enough for both sides to be warm, and for some batches that nothing disturbs.
const TIME: Duration = Duration::from_millis(400);
const BATCHES_MIN: usize = 15;

/// Prints what `operation` costs, which is done `count` times in a batch.
pub fn row(name: &str, count: usize, mut operation: impl FnMut()) {
    batches(name, count, || (0..count).for_each(|_| operation()));
}

/// Prints what each of the `count` operations costs that `batch` does.
pub fn batches(name: &str, count: usize, mut batch: impl FnMut()) {
    batch();
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < TIME || times.len() < BATCHES_MIN {
        let start = Instant::now();
        batch();
        times.push(start.elapsed().as_secs_f64() * 1e6 / count as f64);
    }
    times.sort_by(f64::total_cmp);
    print(name, times[0], times[times.len() / 2]);
}

pub fn print(name: &str, best_us: f64, median_us: f64) {
    println!("{name:<52} {best_us:>10.2} {median_us:>10.2} us");
}

/// So many operations in a batch take some milliseconds if one handles `size` bytes.
pub fn batch_of(size: usize) -> usize {
    (2_000_000 / (size + 2_000)).max(4)
}
