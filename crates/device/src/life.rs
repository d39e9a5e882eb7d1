//! When a container runs: what follows from commands, ends and times, decided without threads or clocks.
//!
//! The supervisor tells a [`Life`] what has happened and does what it is told in return. Each run has a number, so that
//! the end of an earlier one, which comes late, is not taken for that of the present one.

use std::time::{Duration, Instant};

use crate::settings::Restart;

/// How long after its first failure a container is started again. Each further one doubles it.
pub(crate) const BACK_OFF_FIRST: Duration = Duration::from_secs(1);

/// What the time between failures grows to.
pub(crate) const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// A run that lasted as long makes up for all failures before it.
pub(crate) const SOUND_RUN: Duration = Duration::from_secs(60);

/// The life of one container.
#[derive(Debug)]
pub(crate) struct Life {
    restart: Restart,
    interval: Option<Duration>,
    phase: Phase,
    last_run: u64,
    /// How many runs in a row were followed by a start of the restart policy.
    repeats: u32,
    last_start: Option<Instant>,
}

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody has started it, or somebody has stopped it.
    Stopped,
    /// It runs.
    Running { since: Instant },
    /// It has been told to end.
    Stopping { then: Then },
    /// It has ended, with this code, and is to be started at a time.
    Waiting { until: Instant, code: i32 },
    /// It has ended by itself, with this code.
    Ended { code: i32 },
}

/// What follows when a container has been stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Stay,
    Start,
    Remove,
}

/// What the supervisor is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    /// Start it; its end is to come with this number.
    Start {
        run: u64,
    },
    /// Tell it to end.
    End,
    /// Forget it.
    Remove,
}

impl Life {
    pub(crate) fn new(restart: Restart, interval: Option<Duration>) -> Life {
        Life { restart, interval, phase: Phase::Stopped, last_run: 0, repeats: 0, last_start: None }
    }

    /// What holds for it from now on, also if it is running.
    pub(crate) fn set_policy(&mut self, restart: Restart, interval: Option<Duration>) {
        (self.restart, self.interval, self.repeats) = (restart, interval, 0);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether it is about to be removed.
    pub(crate) fn is_leaving(&self) -> bool {
        self.phase == Phase::Stopping { then: Then::Remove }
    }

    /// When it is to be told of the time, if it waits for one.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Somebody wants it to run. One that runs goes on.
    pub(crate) fn start(&mut self, now: Instant) -> Action {
        match self.phase {
            Phase::Running { .. } => Action::Nothing,
            Phase::Stopping { then: Then::Remove } => Action::Nothing,
            Phase::Stopping { .. } => {
                self.phase = Phase::Stopping { then: Then::Start };
                Action::Nothing
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Ended { .. } => {
                self.repeats = 0;
                self.begin(now)
            }
        }
    }

    /// Somebody wants it to run anew.
    pub(crate) fn restart(&mut self, now: Instant) -> Action {
        if let Phase::Running { .. } = self.phase {
            self.phase = Phase::Stopping { then: Then::Start };
            return Action::End;
        }
        self.start(now)
    }

    /// Somebody wants it not to run.
    pub(crate) fn stop(&mut self) -> Action {
        self.end(Then::Stay)
    }

    /// It is not wanted any more.
    pub(crate) fn remove(&mut self) -> Action {
        self.end(Then::Remove)
    }

    fn end(&mut self, then: Then) -> Action {
        match self.phase {
            Phase::Running { .. } => {
                self.phase = Phase::Stopping { then };
                Action::End
            }
            Phase::Stopping { then: Then::Remove } => Action::Nothing,
            Phase::Stopping { .. } => {
                self.phase = Phase::Stopping { then };
                Action::Nothing
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Ended { .. } => {
                self.phase = Phase::Stopped;
                if then == Then::Remove { Action::Remove } else { Action::Nothing }
            }
        }
    }

    /// A run has ended, or could not begin.
    pub(crate) fn ended(&mut self, run: u64, code: i32, now: Instant) -> Action {
        if run != self.last_run {
            return Action::Nothing;
        }
        match self.phase {
            Phase::Running { since } => {
                self.phase = self.after(code, since, now);
                Action::Nothing
            }
            Phase::Stopping { then: Then::Start } => {
                self.repeats = 0;
                self.begin(now)
            }
            Phase::Stopping { then } => {
                self.phase = Phase::Stopped;
                if then == Then::Remove { Action::Remove } else { Action::Nothing }
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Ended { .. } => Action::Nothing,
        }
    }

    /// The time has come that it waited for, unless something else came first.
    pub(crate) fn tick(&mut self, now: Instant) -> Action {
        match self.phase {
            Phase::Waiting { until, .. } if until <= now => self.begin(now),
            _ => Action::Nothing,
        }
    }

    fn begin(&mut self, now: Instant) -> Action {
        self.last_run += 1;
        self.last_start = Some(now);
        self.phase = Phase::Running { since: now };
        Action::Start { run: self.last_run }
    }

    fn after(&mut self, code: i32, since: Instant, now: Instant) -> Phase {
        let is_repeated = match self.restart {
            Restart::Never => false,
            Restart::OnFailure => code != 0,
            Restart::Always => true,
        };
        let repeated = is_repeated.then(|| self.back_off(since, now));
        // The next of the regular starts: one that was missed is not made up for.
        let regular = self.interval.map(|interval| (self.last_start.unwrap_or(now) + interval).max(now));
        match repeated.into_iter().chain(regular).min() {
            Some(until) => Phase::Waiting { until, code },
            None => Phase::Ended { code },
        }
    }

    fn back_off(&mut self, since: Instant, now: Instant) -> Instant {
        if now.duration_since(since) >= SOUND_RUN {
            self.repeats = 0;
        }
        let doubled = BACK_OFF_FIRST.saturating_mul(1 << self.repeats.min(16));
        self.repeats = self.repeats.saturating_add(1);
        now + doubled.min(BACK_OFF_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waits(life: &Life, now: Instant) -> Option<Duration> {
        life.due().map(|until| until - now)
    }

    #[test]
    fn a_container_that_ends_stays_that_way_by_default() {
        let (mut life, now) = (Life::new(Restart::Never, None), Instant::now());
        assert_eq!(life.start(now), Action::Start { run: 1 });
        assert_eq!(life.start(now), Action::Nothing);
        assert_eq!(life.ended(1, 3, now), Action::Nothing);
        assert_eq!(life.phase(), Phase::Ended { code: 3 });
        assert_eq!(life.start(now), Action::Start { run: 2 });
    }

    #[test]
    fn failures_are_followed_by_starts_that_come_later_and_later() {
        let (mut life, mut now) = (Life::new(Restart::OnFailure, None), Instant::now());
        life.start(now);
        let mut waited = Vec::new();
        for run in 1..=9 {
            assert_eq!(life.ended(run, 1, now), Action::Nothing);
            let wait = waits(&life, now).unwrap();
            waited.push(wait.as_secs());
            assert_eq!(life.tick(now + wait - Duration::from_millis(1)), Action::Nothing);
            now += wait;
            assert_eq!(life.tick(now), Action::Start { run: run + 1 });
        }
        assert_eq!(waited, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        // A sound run makes up for them.
        now += SOUND_RUN;
        life.ended(10, 1, now);
        assert_eq!(waits(&life, now), Some(SECOND));
        // And an end without a failure is one.
        life.tick(now + SECOND);
        life.ended(11, 0, now);
        assert_eq!(life.phase(), Phase::Ended { code: 0 });
    }

    #[test]
    fn always_is_for_clean_ends_too() {
        let (mut life, now) = (Life::new(Restart::Always, None), Instant::now());
        life.start(now);
        life.ended(1, 0, now);
        assert_eq!(life.phase(), Phase::Waiting { until: now + SECOND, code: 0 });
        assert_eq!(life.stop(), Action::Nothing);
        assert_eq!(life.phase(), Phase::Stopped);
        assert_eq!(life.tick(now + SECOND), Action::Nothing);
    }

    #[test]
    fn an_interval_counts_from_start_to_start() {
        let (mut life, now) = (Life::new(Restart::Never, Some(10 * SECOND)), Instant::now());
        life.start(now);
        life.ended(1, 0, now + 3 * SECOND);
        assert_eq!(waits(&life, now), Some(10 * SECOND));
        assert_eq!(life.tick(now + 10 * SECOND), Action::Start { run: 2 });
        // One that takes longer than the interval is started when it has ended.
        life.ended(2, 0, now + 25 * SECOND);
        assert_eq!(waits(&life, now), Some(25 * SECOND));
    }

    #[test]
    fn what_is_to_follow_a_stop_is_what_was_said_last() {
        let (mut life, now) = (Life::new(Restart::Always, None), Instant::now());
        life.start(now);
        assert_eq!(life.stop(), Action::End);
        assert_eq!(life.start(now), Action::Nothing);
        assert_eq!(life.ended(1, -1, now), Action::Start { run: 2 });
        assert_eq!(life.restart(now), Action::End);
        assert_eq!(life.stop(), Action::Nothing);
        assert_eq!(life.ended(2, -1, now), Action::Nothing);
        assert_eq!(life.phase(), Phase::Stopped);
        life.start(now);
        assert_eq!(life.remove(), Action::End);
        assert_eq!(life.start(now), Action::Nothing, "what is to be removed does not come back");
        assert_eq!(life.ended(3, -1, now), Action::Remove);
    }

    #[test]
    fn the_end_of_an_earlier_run_is_no_end() {
        let (mut life, now) = (Life::new(Restart::Never, None), Instant::now());
        life.start(now);
        life.ended(1, 0, now);
        life.start(now);
        assert_eq!(life.ended(1, 9, now), Action::Nothing);
        assert_eq!(life.phase(), Phase::Running { since: now });
    }
}
