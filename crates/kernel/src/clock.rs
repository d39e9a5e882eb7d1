//! The only place that reads the clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::sync::atomic::{AtomicI64, Ordering};

/// Measures the microseconds since the kernel started, and the time of day.
#[derive(Debug)]
pub struct Clock(Source);

#[derive(Debug)]
enum Source {
    Real { start: Instant },
    Virtual { now_us: AtomicI64 },
}

/// The start of virtual time: 2025-01-01 00:00:00 UTC.
const VIRTUAL_EPOCH_US: i64 = 1_735_689_600_000_000;

impl Clock {
    /// Returns the machine's clock.
    pub fn real() -> Clock {
        Clock(Source::Real { start: Instant::now() })
    }

    /// Returns a clock that stands still until it is advanced.
    pub fn simulated() -> Clock {
        Clock(Source::Virtual { now_us: AtomicI64::new(0) })
    }

    /// Returns the microseconds since the start. They never go back.
    pub fn now_us(&self) -> i64 {
        match &self.0 {
            Source::Real { start } => i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX),
            Source::Virtual { now_us } => now_us.load(Ordering::Relaxed),
        }
    }

    /// Returns the nanoseconds since the start, at the machine's precision. For measuring short
    /// times.
    pub fn now_ns(&self) -> i64 {
        match &self.0 {
            Source::Real { start } => i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX),
            Source::Virtual { now_us } => now_us.load(Ordering::Relaxed).saturating_mul(1_000),
        }
    }

    /// Returns the microseconds since 1970, according to the machine.
    pub fn wall_us(&self) -> i64 {
        match &self.0 {
            Source::Real { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Source::Virtual { now_us } => VIRTUAL_EPOCH_US + now_us.load(Ordering::Relaxed),
        }
    }

    /// Advances virtual time. A real clock ignores this.
    pub(crate) fn advance_to(&self, time_us: i64) {
        if let Source::Virtual { now_us } = &self.0 {
            now_us.fetch_max(time_us, Ordering::Relaxed);
        }
    }
}
