//! Where a program's time goes: the stacks of its tasks, with the time spent in each.
//!
//! A sample is taken at the end of a slice of the budget, if [`INTERVAL_US`] have passed since the last sample. It
//! counts for all the time since then, garbage collections included. A native that takes that long is a sample of its
//! own. So no thread interrupts the program, and a program that is not profiled pays only for one check for each slice
//! and each native.

use std::collections::HashMap;

use lucarne_compiler::program::Program;
use lucarne_kernel::Pid;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;

/// The minimum time between two samples, in microseconds.
const INTERVAL_US: i64 = 50;
/// The maximum number of calls of a stack that are recorded: the innermost ones.
const CALLS_MAX: usize = 128;
/// The maximum number of different stacks. The times of further stacks are added to one sum.
const STACKS_MAX: usize = 50_000;

/// The time that a program has spent, by stacks. All its processes add to it.
pub struct Profile {
    clock: Clock,
    stacks: Mutex<Stacks>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile { clock: Clock::real(), stacks: Mutex::default() }
    }
}

#[derive(Default)]
struct Stacks {
    times_us: HashMap<Stack, i64>,
    /// The time in stacks beyond [`STACKS_MAX`], in microseconds.
    others_us: i64,
}

/// The calls of a task, innermost first: the address of the instruction in each.
#[derive(PartialEq, Eq, Hash)]
struct Stack {
    process: Pid,
    task: i64,
    addresses: Vec<u32>,
}

/// Takes the samples of one slice of a task.
pub(crate) struct Sampler<'p> {
    profile: &'p Profile,
    process: Pid,
    task: i64,
    /// The time of earlier slices that no sample has counted yet, in microseconds.
    rest_us: i64,
    /// The time of the last sample in the slice, or of the start of the slice.
    since_us: i64,
}

impl<'p> Sampler<'p> {
    /// Creates a sampler at the beginning of a slice. `rest_us` is the time of earlier slices that no sample has
    /// counted yet.
    pub(crate) fn new(profile: &'p Profile, rest_us: i64, process: Pid, task: i64) -> Sampler<'p> {
        Sampler { profile, process, task, rest_us, since_us: profile.clock.now_us() }
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.profile.clock.now_us()
    }

    /// Returns the time that no sample has counted yet, in microseconds.
    pub(crate) fn rest_us(&self) -> i64 {
        self.rest_us + self.now_us() - self.since_us
    }

    /// Takes a sample, if one is due. `calls` returns the addresses of the calls, innermost first.
    pub(crate) fn sample<C: Iterator<Item = u32>>(&mut self, calls: impl FnOnce() -> C) {
        let time_us = self.rest_us();
        if time_us >= INTERVAL_US {
            self.add(calls(), time_us);
            (self.rest_us, self.since_us) = (0, self.now_us());
        }
    }

    /// Takes a sample of the part of the slice from `began_us` to now, if it took at least [`INTERVAL_US`].
    pub(crate) fn sample_part<C: Iterator<Item = u32>>(&mut self, began_us: i64, calls: impl FnOnce() -> C) {
        let part_us = self.now_us() - began_us;
        if part_us >= INTERVAL_US {
            self.add(calls(), part_us);
            (self.rest_us, self.since_us) = ((self.rest_us() - part_us).max(0), self.now_us());
        }
    }

    fn add(&self, calls: impl Iterator<Item = u32>, time_us: i64) {
        self.profile.add(self.process, self.task, calls.take(CALLS_MAX).collect(), time_us);
    }
}

impl Profile {
    /// Adds the time that a task has spent in its current stack.
    fn add(&self, process: Pid, task: i64, addresses: Vec<u32>, time_us: i64) {
        let mut stacks = self.stacks.lock();
        let stack = Stack { process, task, addresses };
        if stacks.times_us.len() >= STACKS_MAX && !stacks.times_us.contains_key(&stack) {
            stacks.others_us += time_us;
        } else {
            *stacks.times_us.entry(stack).or_default() += time_us;
        }
    }

    /// Returns the stacks as sorted lines `FRAME;FRAME;... MICROSECONDS`, the input of tools that draw flame graphs.
    /// The first two frames are the process and the task. Then come the calls, the outermost first. All stacks beyond
    /// the maximum share one line.
    pub fn lines(&self, program: &Program) -> Vec<String> {
        let stacks = self.stacks.lock();
        let mut merged: HashMap<String, i64> = HashMap::new();
        for (stack, time_us) in &stacks.times_us {
            *merged.entry(stack.frames(program)).or_default() += time_us;
        }
        if stacks.others_us > 0 {
            merged.insert("(other stacks)".to_owned(), stacks.others_us);
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
        let time = 2;
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
