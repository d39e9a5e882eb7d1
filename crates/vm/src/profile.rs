//! Where a program's time goes: the stacks of its tasks, with the time spent in each.
//!
//! A sample is taken where a slice of the budget ends, if [`INTERVAL`] has passed since the last one. It counts for all the time since then,
//! garbage collections included. A native that takes as long is a sample of its own. So no thread interrupts
//! the program, and a program that is not profiled pays nothing but a test for each slice and native.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use lucarne_compiler::program::Program;
use lucarne_kernel::Pid;
use lucarne_kernel::sync::Mutex;

/// The shortest time between two samples.
pub(crate) const INTERVAL: Duration = Duration::from_micros(50);
/// The most calls of a stack that are noted, from the innermost on.
pub(crate) const CALLS_MAX: usize = 128;
/// The most different stacks. The time of further ones is added up.
const STACKS_MAX: usize = 50_000;

/// The time that a program has spent, by stacks. All its processes add to it.
#[derive(Default)]
pub struct Profile(Mutex<Stacks>);

#[derive(Default)]
struct Stacks {
    times: HashMap<Stack, Duration>,
    /// The time in stacks beyond the most that are kept.
    others: Duration,
}

/// The calls of a task, innermost first: the address of the instruction in each.
#[derive(PartialEq, Eq, Hash)]
struct Stack {
    process: Pid,
    task: i64,
    addresses: Vec<u32>,
}

/// The time that a process has run and that no sample has counted yet.
pub(crate) struct Clock {
    /// The time of earlier slices.
    rest: Duration,
    /// The start of the slice, or the last sample in it.
    since: Instant,
}

impl Clock {
    /// Starts at the beginning of a slice, with what the last one has left.
    pub(crate) fn start(rest: Duration) -> Clock {
        Clock { rest, since: Instant::now() }
    }

    /// Returns the time since the last sample, and starts anew, if a sample is due.
    pub(crate) fn take_if_due(&mut self) -> Option<Duration> {
        let passed = self.rest();
        if passed < INTERVAL {
            return None;
        }
        *self = Clock::start(Duration::ZERO);
        Some(passed)
    }

    /// Takes the time of a part that has just ended out of the time since the last sample, if the part is long enough for a sample of its
    /// own. Returns whether it is.
    pub(crate) fn take_part(&mut self, time: Duration) -> bool {
        let is_long = time >= INTERVAL;
        if is_long {
            *self = Clock::start(self.rest().saturating_sub(time));
        }
        is_long
    }

    /// Returns the time since the last sample.
    pub(crate) fn rest(&self) -> Duration {
        self.rest + self.since.elapsed()
    }
}

impl Profile {
    /// Adds the time that a task has spent in its current stack.
    pub(crate) fn add(&self, process: Pid, task: i64, addresses: Vec<u32>, time: Duration) {
        let mut stacks = self.0.lock();
        let stack = Stack { process, task, addresses };
        if stacks.times.len() >= STACKS_MAX && !stacks.times.contains_key(&stack) {
            stacks.others += time;
        } else {
            *stacks.times.entry(stack).or_default() += time;
        }
    }

    /// Returns the stacks as lines `FRAME;FRAME;... MICROSECONDS`, outermost call first, below frames for the process and the task: the
    /// input of tools that draw flame graphs. They are sorted.
    pub fn lines(&self, program: &Program) -> Vec<String> {
        let stacks = self.0.lock();
        let mut merged: HashMap<String, u128> = HashMap::new();
        for (stack, time) in &stacks.times {
            *merged.entry(stack.frames(program)).or_default() += time.as_micros();
        }
        if !stacks.others.is_zero() {
            merged.insert("(other stacks)".to_owned(), stacks.others.as_micros());
        }
        let mut lines: Vec<String> =
            merged.into_iter().map(|(stack, time)| format!("{stack} {time}")).collect();
        lines.sort_unstable();
        lines
    }
}

impl Stack {
    fn frames(&self, program: &Program) -> String {
        let mut frames = vec![format!("process {}", self.process), format!("task {}", self.task)];
        if self.addresses.len() >= CALLS_MAX {
            frames.push("(calls left out)".to_owned());
        }
        for address in self.addresses.iter().rev() {
            let mut calls = crate::trace::calls_at(program, *address);
            calls.reverse();
            frames.extend(calls.into_iter().map(|(name, source)| frame(program, name, source)));
        }
        frames.join(";")
    }
}

/// Returns the name of a frame. The separator of frames does not occur in it.
fn frame(program: &Program, name: &str, source: u32) -> String {
    let path = program.sources.get(source as usize).map_or("", |source| &source.path);
    format!("{name} ({path})").replace(';', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_stacks_are_added_up() {
        let profile = Profile::default();
        let time = Duration::from_micros(2);
        for address in 0..STACKS_MAX as u32 + 3 {
            profile.add(Pid::SYSTEM, 0, vec![address], time);
        }
        profile.add(Pid::SYSTEM, 0, vec![7], time);
        let lines = profile.lines(&Program::default());
        assert_eq!(lines[0], "(other stacks) 6");
        let of_process = format!("process -1;task 0;? () {}", 2 * (STACKS_MAX + 1));
        assert_eq!(lines[1..], [of_process]);
    }
}
