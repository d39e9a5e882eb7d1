//! Counts the messages between processes, for measurements.
//!
//! A [`Look`] is a reader of the counts. The kernel reports each message to [`Traffic`] while at least one look exists.
//! [`Traffic`] counts the message in one of a few shards. The thread determines the shard, so that workers do not wait
//! for each other. [`Look::take`] adds the counts of all shards to the counts of every look, and then returns and
//! clears the counts of its own look. So each look gets all traffic, and no counts are kept when no look exists.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use lucarne_kernel::sync::{LazyLock, Mutex};
use lucarne_kernel::{Answered, Delivered, Gid, KernelHandle, Observer, Observing, Party, Pid};
use rustc_hash::FxHashMap;

use crate::protocol::procedure;

/// The number of shards: more threads than that are unlikely to count at the same time.
const SHARDS: usize = 8;

/// The maximum number of entries in each map of a shard until its counts are moved to the looks. Programs choose the
/// client numbers and the indexes of their calls, so a limit is necessary.
const KEYS_MAX: usize = 16_384;

/// Counts the messages of a kernel, as its observer. Create a [`Look`] with [`Traffic::look`] to read the counts.
#[derive(Default)]
pub struct Traffic {
    shards: [Mutex<Seen>; SHARDS],
    looks: Mutex<BTreeMap<u64, Seen>>,
    last: AtomicU64,
}

/// The traffic in a period of time.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// The calls of methods, and the requests of other kinds, such as requests to components. Requests that open or
    /// close a client or a resource are not included.
    pub calls: FxHashMap<Line, Calls>,
    /// All messages between two groups, from the first to the second.
    pub flows: FxHashMap<(Gid, Gid), Flow>,
    /// The ids of the services that were opened, by the called process and the number that it gave the client.
    pub opened: FxHashMap<(Pid, i64), i64>,
    /// The number of entries of `calls` and `flows` that were not counted, because a shard was full. A request can add
    /// up to three.
    pub missed: u64,
}

/// A caller and the method that it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line {
    /// The group of the caller.
    pub asker: Gid,
    /// The process that the caller calls.
    pub asked: Pid,
    /// The number of the client in the called process. None for a request that does not call a service.
    pub client: Option<i64>,
    /// The index of the method. None for a request that does not call a service.
    pub method: Option<i64>,
}

/// The number, errors and durations of calls.
#[derive(Debug, Default, Clone)]
pub struct Calls {
    /// The number of answered calls.
    pub count: u64,
    /// The number of calls that were answered with an error.
    pub errors: u64,
    /// The durations of the calls.
    pub latency: Latency,
}

/// Messages in one direction.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The number of messages.
    pub messages: u64,
    /// The number of bytes in the payloads of these messages.
    pub bytes: u64,
}

impl Flow {
    /// Adds the messages of another flow.
    pub fn add(&mut self, other: Flow) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

/// A reader of the traffic. Dropping it drops the counts that were not taken.
pub struct Look {
    traffic: Arc<Traffic>,
    number: u64,
    _observing: Observing,
}

impl Traffic {
    /// Counts the messages of this kernel from now on. The kernel's observer must be this object.
    pub fn look(self: &Arc<Traffic>, kernel: &KernelHandle) -> Look {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        self.spread();
        self.looks.lock().insert(number, Seen::default());
        Look { traffic: self.clone(), number, _observing: kernel.observe() }
    }

    /// Distributes the counted messages to all open looks.
    fn spread(&self) {
        let mut looks = self.looks.lock();
        for shard in &self.shards {
            let part = std::mem::take(&mut *shard.lock());
            looks.values_mut().for_each(|seen| seen.add(&part));
        }
    }

    fn count(&self, count: impl FnOnce(&mut Seen)) {
        count(&mut self.shards[shard_of_thread()].lock());
    }
}

impl Look {
    /// Returns the traffic since the last call.
    pub fn take(&self) -> Seen {
        self.traffic.spread();
        self.traffic.looks.lock().get_mut(&self.number).map(std::mem::take).unwrap_or_default()
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.traffic.looks.lock().remove(&self.number);
        self.traffic.spread();
    }
}

impl Observer for Traffic {
    fn answered(&self, answered: &Answered) {
        let Answered { asker, asked, procedure, arguments: [first, second], result, failed, took_ns, .. } =
            *answered;
        // Exclude the requests by which the system and its tools look at providers.
        if matches!(procedure, procedure::ACCOUNT | procedure::DEFINITION | procedure::SERVICES) {
            return;
        }
        let (asker_gid, asked_pid) = (asker.gid, asked.pid);
        let line = |client, method| Line { asker: asker_gid, asked: asked_pid, client, method };
        self.count(|seen| {
            seen.flow(asker, asked, answered.arguments_bytes);
            seen.flow(asked, asker, answered.result_bytes);
            match procedure {
                procedure::OPEN => {
                    if let (Some(id), Some(client)) = (first, result)
                        && seen.has_room(seen.opened.len())
                    {
                        seen.opened.insert((asked.pid, client), id);
                    }
                }
                procedure::CLOSE | procedure::CLOSE_RESOURCE => {}
                procedure::INVOKE => {
                    seen.call(line(first, second), took_ns, failed);
                }
                _ => seen.call(line(None, None), took_ns, failed),
            }
        });
    }

    fn delivered(&self, delivered: &Delivered) {
        self.count(|seen| seen.flow(delivered.sender, delivered.receiver, delivered.bytes));
    }
}

impl Seen {
    fn has_room(&self, keys: usize) -> bool {
        keys < KEYS_MAX
    }

    fn flow(&mut self, from: Party, to: Party, bytes: usize) {
        let key = (from.gid, to.gid);
        if !self.has_room(self.flows.len()) && !self.flows.contains_key(&key) {
            self.missed += 1;
            return;
        }
        self.flows.entry(key).or_default().add(Flow { messages: 1, bytes: bytes as u64 });
    }

    fn call(&mut self, line: Line, took_ns: i64, failed: bool) {
        if !self.has_room(self.calls.len()) && !self.calls.contains_key(&line) {
            self.missed += 1;
            return;
        }
        let calls = self.calls.entry(line).or_default();
        calls.count += 1;
        calls.errors += u64::from(failed);
        calls.latency.add(took_ns.max(0).cast_unsigned());
    }

    fn add(&mut self, other: &Seen) {
        for (line, calls) in &other.calls {
            self.calls.entry(*line).or_default().add(calls);
        }
        for (key, flow) in &other.flows {
            self.flows.entry(*key).or_default().add(*flow);
        }
        self.opened.extend(&other.opened);
        self.missed += other.missed;
    }
}

impl Calls {
    /// Adds other calls.
    pub fn add(&mut self, other: &Calls) {
        self.count += other.count;
        self.errors += other.errors;
        self.latency.merge(&other.latency);
    }
}

/// A histogram of durations. Each step is at most a sixteenth of the durations in it.
#[derive(Debug, Default, Clone)]
pub struct Latency {
    /// The nonzero counts by step.
    counts: BTreeMap<u16, u64>,
    max_ns: u64,
}

/// The base-2 logarithm of the number of steps from a duration to its double.
const STEP_BITS: u32 = 4;

impl Latency {
    fn add(&mut self, took_ns: u64) {
        *self.counts.entry(step(took_ns)).or_default() += 1;
        self.max_ns = self.max_ns.max(took_ns);
    }

    fn merge(&mut self, other: &Latency) {
        for (step, count) in &other.counts {
            *self.counts.entry(*step).or_default() += count;
        }
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Returns the given percentile of the durations, in ns. The result is at most a sixteenth too long. Returns none
    /// if no duration was recorded.
    pub fn percentile_ns(&self, percent: u64) -> Option<u64> {
        let all: u64 = self.counts.values().sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut so_far = 0;
        let reached = self.counts.iter().find(|(_, count)| {
            so_far += **count;
            so_far >= wanted
        });
        reached.map(|(step, _)| end_of(*step).min(self.max_ns))
    }

    /// Returns the longest duration, in ns. Returns none if no duration was recorded.
    pub fn max_ns(&self) -> Option<u64> {
        (!self.counts.is_empty()).then_some(self.max_ns)
    }
}

/// Returns the step of a duration: 16 times the number of low bits that are dropped, plus the remaining high bits.
fn step(ns: u64) -> u16 {
    let others = (u64::BITS - ns.leading_zeros()).saturating_sub(STEP_BITS + 1);
    let highest = ns >> others;
    // Both are small: 64 doublings of 16 steps.
    ((u64::from(others) << STEP_BITS) + highest) as u16
}

/// Returns the longest time of a step.
fn end_of(step: u16) -> u64 {
    let others = (step >> STEP_BITS).saturating_sub(1);
    let highest = u64::from(step) - (u64::from(others) << STEP_BITS);
    ((u128::from(highest + 1) << others) - 1).min(u64::MAX.into()) as u64
}

fn shard_of_thread() -> usize {
    static NEXT: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(0));
    thread_local! {
        static SHARD: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    // A thread that ends may still drop the token of a request, which answers the request.
    SHARD.try_with(Cell::get).unwrap_or(0)
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").field("looks", &self.looks.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_at_most_a_sixteenth() {
        for ns in (0..1_000).chain((10..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1])) {
            let end = end_of(step(ns));
            assert!(end >= ns && end - ns <= ns / 16, "{ns}: {end}");
        }
        assert_eq!(end_of(step(u64::MAX)), u64::MAX);
    }

    #[test]
    fn percentiles_are_at_most_a_sixteenth_too_long() {
        let mut latency = Latency::default();
        assert_eq!((latency.percentile_ns(50), latency.max_ns()), (None, None));
        (1..=100).for_each(|ns| latency.add(ns));
        latency.add(5_000);
        assert_eq!(latency.percentile_ns(1), Some(2));
        assert_eq!(latency.percentile_ns(50), Some(51));
        assert_eq!(latency.percentile_ns(99), Some(103));
        assert_eq!((latency.percentile_ns(100), latency.max_ns()), (Some(5_000), Some(5_000)));
    }
}
