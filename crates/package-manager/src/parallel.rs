//! Work that is done side by side.

use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::sync::{Mutex, thread};

/// The maximum number of downloads at a time.
const WORKERS_MAX: usize = 8;

/// Calls `work` with each item, several at a time, and returns the results in the order of the items.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if let [item] = items {
        return vec![work(item)];
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..items.len().min(WORKERS_MAX) {
            scope.spawn(|| {
                loop {
                    // Relaxed: each number is taken once, and the items do not change.
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let result = work(item);
                    results.lock().push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner();
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(
            side_by_side(&items, |item| item * 2),
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert!(side_by_side(&[] as &[u8], |item| *item).is_empty());
    }
}
