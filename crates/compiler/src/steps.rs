//! Counts the steps of work that grows with the source, so that tests can check that the work stays in
//! proportion to the source. Outside of tests nothing is counted.

#[cfg(test)]
thread_local! {
    static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts steps of this thread.
#[inline]
pub(crate) fn count(steps: usize) {
    #[cfg(test)]
    TAKEN.with(|taken| taken.set(taken.get() + steps));
    let _ = steps;
}

/// Returns the steps of this thread since the last call.
pub(crate) fn take() -> usize {
    #[cfg(test)]
    return TAKEN.with(|taken| taken.replace(0));
    #[cfg(not(test))]
    0
}
