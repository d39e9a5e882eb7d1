//! Decides when a container runs: a state machine over commands, ends and times, without threads or clocks.
//!
//! The supervisor reports to a [`Life`] what has happened, and does the [`Action`] that it returns. Runs are numbered, so
//! that the late end of an earlier run is not taken for that of the present one.

use crate::settings::Restart;

/// The time from the first failure of a container to its next start, in microseconds. Each further failure doubles it.
pub(crate) const BACK_OFF_FIRST_US: i64 = 1_000_000;

/// The longest time from a failure to the next start, in microseconds.
pub(crate) const BACK_OFF_MAX_US: i64 = 60_000_000;

/// The duration, in microseconds, from which a run is sound: its end resets the back-off.
pub(crate) const SOUND_RUN_US: i64 = 60_000_000;

/// The life of one container.
#[derive(Debug)]
pub(crate) struct Life {
    restart: Restart,
    interval_us: Option<i64>,
    phase: Phase,
    last_run: u64,
    /// The number of runs in a row that the restart policy has repeated.
    repeats: u32,
    last_start_us: Option<i64>,
}

/// The phase of a container's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It was never started, or it was stopped.
    Stopped,
    /// It runs.
    Running { since_us: i64 },
    /// It has been told to end.
    Stopping { then: Then },
    /// It has ended with this code, and starts again at this time.
    Waiting { until_us: i64, code: i32 },
    /// It has ended by itself with this code.
    Ended { code: i32 },
}

/// The step that follows when a container has been stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Stay,
    Start,
    Remove,
}

/// The next action of the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    /// Start it, and report its end with this number.
    Start {
        run: u64,
    },
    /// Tell it to end.
    End,
    /// Forget it.
    Remove,
}

impl Life {
    pub(crate) fn new(restart: Restart, interval_us: Option<i64>) -> Life {
        Life { restart, interval_us, phase: Phase::Stopped, last_run: 0, repeats: 0, last_start_us: None }
    }

    /// Sets the restart policy, also of a running container.
    pub(crate) fn set_policy(&mut self, restart: Restart, interval_us: Option<i64>) {
        (self.restart, self.interval_us, self.repeats) = (restart, interval_us, 0);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the number of the present or last run.
    pub(crate) fn run(&self) -> u64 {
        self.last_run
    }

    /// Returns whether it is about to be removed.
    pub(crate) fn is_leaving(&self) -> bool {
        self.phase == Phase::Stopping { then: Then::Remove }
    }

    /// Returns when [`Life::tick`] is to be called, if it waits for a time.
    pub(crate) fn due_us(&self) -> Option<i64> {
        match self.phase {
            Phase::Waiting { until_us, .. } => Some(until_us),
            _ => None,
        }
    }

    /// Starts it, unless it runs.
    pub(crate) fn start(&mut self, now_us: i64) -> Action {
        match self.phase {
            Phase::Running { .. } => Action::Nothing,
            Phase::Stopping { then: Then::Remove } => Action::Nothing,
            Phase::Stopping { .. } => {
                self.phase = Phase::Stopping { then: Then::Start };
                Action::Nothing
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Ended { .. } => {
                self.repeats = 0;
                self.begin(now_us)
            }
        }
    }

    /// Ends it if it runs, and starts it again.
    pub(crate) fn restart(&mut self, now_us: i64) -> Action {
        if let Phase::Running { .. } = self.phase {
            self.phase = Phase::Stopping { then: Then::Start };
            return Action::End;
        }
        self.start(now_us)
    }

    /// Stops it until it is started again.
    pub(crate) fn stop(&mut self) -> Action {
        self.end(Then::Stay)
    }

    /// Stops it and removes it.
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

    /// Handles the end of a run, or its failure to begin.
    pub(crate) fn ended(&mut self, run: u64, code: i32, now_us: i64) -> Action {
        if run != self.last_run {
            return Action::Nothing;
        }
        match self.phase {
            Phase::Running { since_us } => {
                self.phase = self.after(code, since_us, now_us);
                Action::Nothing
            }
            Phase::Stopping { then: Then::Start } => {
                self.repeats = 0;
                self.begin(now_us)
            }
            Phase::Stopping { then } => {
                self.phase = Phase::Stopped;
                if then == Then::Remove { Action::Remove } else { Action::Nothing }
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Ended { .. } => Action::Nothing,
        }
    }

    /// Starts it if the time that it waits for has come.
    pub(crate) fn tick(&mut self, now_us: i64) -> Action {
        match self.phase {
            Phase::Waiting { until_us, .. } if until_us <= now_us => self.begin(now_us),
            _ => Action::Nothing,
        }
    }

    fn begin(&mut self, now_us: i64) -> Action {
        self.last_run += 1;
        self.last_start_us = Some(now_us);
        self.phase = Phase::Running { since_us: now_us };
        Action::Start { run: self.last_run }
    }

    fn after(&mut self, code: i32, since_us: i64, now_us: i64) -> Phase {
        if now_us - since_us >= SOUND_RUN_US {
            self.repeats = 0;
        }
        let is_repeated = match self.restart {
            Restart::Never => false,
            Restart::OnFailure => code != 0,
            Restart::Always => true,
        };
        let repeated = is_repeated.then(|| self.back_off(now_us));
        // The next of the regular starts. Missed ones are skipped.
        let last_start_us = self.last_start_us.unwrap_or(now_us);
        let regular =
            self.interval_us.map(|interval_us| last_start_us.saturating_add(interval_us).max(now_us));
        match repeated.into_iter().chain(regular).min() {
            Some(until_us) => Phase::Waiting { until_us, code },
            None => Phase::Ended { code },
        }
    }

    fn back_off(&mut self, now_us: i64) -> i64 {
        let doubled_us = BACK_OFF_FIRST_US << self.repeats.min(16);
        self.repeats = self.repeats.saturating_add(1);
        now_us + doubled_us.min(BACK_OFF_MAX_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn waits(life: &Life, now_us: i64) -> Option<i64> {
        life.due_us().map(|until_us| until_us - now_us)
    }

    #[test]
    fn a_container_that_ends_stays_ended_by_default() {
        let (mut life, now_us) = (Life::new(Restart::Never, None), 7);
        assert_eq!(life.start(now_us), Action::Start { run: 1 });
        assert_eq!(life.start(now_us), Action::Nothing);
        assert_eq!(life.ended(1, 3, now_us), Action::Nothing);
        assert_eq!(life.phase(), Phase::Ended { code: 3 });
        assert_eq!(life.start(now_us), Action::Start { run: 2 });
    }

    #[test]
    fn restarts_after_failures_back_off() {
        let (mut life, mut now_us) = (Life::new(Restart::OnFailure, None), 7);
        life.start(now_us);
        let mut waited = Vec::new();
        for run in 1..=9 {
            assert_eq!(life.ended(run, 1, now_us), Action::Nothing);
            let wait = waits(&life, now_us).unwrap();
            waited.push(wait / SECOND_US);
            assert_eq!(life.tick(now_us + wait - 1_000), Action::Nothing);
            now_us += wait;
            assert_eq!(life.tick(now_us), Action::Start { run: run + 1 });
        }
        assert_eq!(waited, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        // A sound run resets the back-off.
        now_us += SOUND_RUN_US;
        life.ended(10, 1, now_us);
        assert_eq!(waits(&life, now_us), Some(SECOND_US));
        // A run that ends without a failure is not repeated.
        life.tick(now_us + SECOND_US);
        life.ended(11, 0, now_us);
        assert_eq!(life.phase(), Phase::Ended { code: 0 });
    }

    #[test]
    fn always_restarts_after_clean_ends_too() {
        let (mut life, now_us) = (Life::new(Restart::Always, None), 7);
        life.start(now_us);
        life.ended(1, 0, now_us);
        assert_eq!(life.phase(), Phase::Waiting { until_us: now_us + SECOND_US, code: 0 });
        assert_eq!(life.stop(), Action::Nothing);
        assert_eq!(life.phase(), Phase::Stopped);
        assert_eq!(life.tick(now_us + SECOND_US), Action::Nothing);
    }

    #[test]
    fn an_interval_counts_from_start_to_start() {
        let (mut life, now_us) = (Life::new(Restart::Never, Some(10 * SECOND_US)), 7);
        life.start(now_us);
        life.ended(1, 0, now_us + 3 * SECOND_US);
        assert_eq!(waits(&life, now_us), Some(10 * SECOND_US));
        assert_eq!(life.tick(now_us + 10 * SECOND_US), Action::Start { run: 2 });
        // If a run takes longer than the interval, the next run starts when it has ended.
        life.ended(2, 0, now_us + 25 * SECOND_US);
        assert_eq!(waits(&life, now_us), Some(25 * SECOND_US));
    }

    #[test]
    fn a_sound_run_makes_up_for_failures_though_it_is_not_repeated() {
        let (mut life, mut now_us) = (Life::new(Restart::OnFailure, Some(100 * SECOND_US)), 7);
        life.start(now_us);
        for run in 1..=3 {
            life.ended(run, 1, now_us);
            now_us = life.due_us().unwrap();
            life.tick(now_us);
        }
        now_us += SOUND_RUN_US;
        life.ended(4, 0, now_us);
        now_us = life.due_us().unwrap();
        life.tick(now_us);
        life.ended(5, 1, now_us);
        assert_eq!(waits(&life, now_us), Some(SECOND_US));
    }

    #[test]
    fn the_last_command_decides_what_follows_a_stop() {
        let (mut life, now_us) = (Life::new(Restart::Always, None), 7);
        life.start(now_us);
        assert_eq!(life.stop(), Action::End);
        assert_eq!(life.start(now_us), Action::Nothing);
        assert_eq!(life.ended(1, -1, now_us), Action::Start { run: 2 });
        assert_eq!(life.restart(now_us), Action::End);
        assert_eq!(life.stop(), Action::Nothing);
        assert_eq!(life.ended(2, -1, now_us), Action::Nothing);
        assert_eq!(life.phase(), Phase::Stopped);
        life.start(now_us);
        assert_eq!(life.remove(), Action::End);
        assert_eq!(life.start(now_us), Action::Nothing, "a container that is being removed is not started");
        assert_eq!(life.ended(3, -1, now_us), Action::Remove);
    }

    #[test]
    fn the_end_of_an_earlier_run_is_ignored() {
        let (mut life, now_us) = (Life::new(Restart::Never, None), 7);
        life.start(now_us);
        life.ended(1, 0, now_us);
        life.start(now_us);
        assert_eq!(life.ended(1, 9, now_us), Action::Nothing);
        assert_eq!(life.phase(), Phase::Running { since_us: now_us });
    }
}
