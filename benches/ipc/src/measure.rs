//! Measures operations, and prints a row for each.

use std::time::{Duration, Instant};

/// The time for which a row is measured: long enough to warm up both sides, and for some undisturbed batches.
const TIME: Duration = Duration::from_millis(400);
const BATCHES_MIN: usize = 15;

/// Prints the cost of `operation`. It runs `count` times in a batch.
pub fn row(name: &str, count: usize, mut operation: impl FnMut()) {
    batches(name, count, || (0..count).for_each(|_| operation()));
}

/// Prints the cost of each of the `count` operations in `batch`.
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

/// Returns a number of operations that takes some milliseconds if each handles `size` bytes.
pub fn batch_of(size: usize) -> usize {
    (2_000_000 / (size + 2_000)).max(4)
}
