//! The only place that reads the operating system's clock.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::sync::atomic::{AtomicI64, Ordering};

/// The time for which a thread polls for work before it sleeps, in microseconds: about as long as a wake-up takes. In a
/// loom model a thread sleeps at once, since time does not pass there.
pub const PATIENCE_US: i64 = if cfg!(loom) { 0 } else { 20 };

/// Measures the time since it was started, and tells the time of day. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Real { start: Instant },
    Virtual(Arc<Virtual>),
}

#[derive(Debug)]
struct Virtual {
    now_us: AtomicI64,
    /// The wall clock at time 0 of this clock.
    epoch_us: AtomicI64,
}

/// The wall clock when virtual time begins: 2025-01-01 00:00:00 UTC.
const VIRTUAL_EPOCH_US: i64 = 1_735_689_600_000_000;

impl Clock {
    /// Starts a clock that shows the machine's time.
    pub fn real() -> Clock {
        Clock(Source::Real { start: Instant::now() })
    }

    /// Starts a clock that stands still until it is advanced.
    pub fn simulated() -> Clock {
        let (now_us, epoch_us) = (AtomicI64::new(0), AtomicI64::new(VIRTUAL_EPOCH_US));
        Clock(Source::Virtual(Arc::new(Virtual { now_us, epoch_us })))
    }

    /// Returns the microseconds since the start. They never go back.
    pub fn now_us(&self) -> i64 {
        match &self.0 {
            Source::Real { start } => i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX),
            Source::Virtual(time) => time.now_us.load(Ordering::Relaxed),
        }
    }

    /// Returns the nanoseconds since the start, as exactly as the machine can measure them. Use this to measure short
    /// times.
    pub fn now_ns(&self) -> i64 {
        match &self.0 {
            Source::Real { start } => i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX),
            Source::Virtual(time) => time.now_us.load(Ordering::Relaxed).saturating_mul(1_000),
        }
    }

    /// Returns the microseconds since 1970 by the machine's wall clock, which can be set and so may go back.
    pub fn wall_us(&self) -> i64 {
        match &self.0 {
            Source::Real { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Source::Virtual(time) => {
                time.epoch_us.load(Ordering::Relaxed) + time.now_us.load(Ordering::Relaxed)
            }
        }
    }

    /// Moves virtual time on to `time_us`, never back. A real clock ignores it.
    pub fn advance_to(&self, time_us: i64) {
        if let Source::Virtual(time) = &self.0 {
            time.now_us.fetch_max(time_us, Ordering::Relaxed);
        }
    }

    /// Sets the virtual wall clock forward or back by `shift_us`. A real clock ignores it.
    pub fn shift_wall(&self, shift_us: i64) {
        if let Source::Virtual(time) = &self.0 {
            time.epoch_us.fetch_add(shift_us, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_advances_and_the_wall_clock_shifts() {
        let clock = Clock::simulated();
        let same = clock.clone();
        clock.advance_to(5);
        clock.advance_to(3);
        assert_eq!((same.now_us(), same.now_ns()), (5, 5_000));
        clock.shift_wall(-10);
        assert_eq!(same.wall_us(), VIRTUAL_EPOCH_US - 5);
        assert_eq!(same.now_us(), 5);
    }
}
