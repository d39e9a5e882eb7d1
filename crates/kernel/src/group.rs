//! Groups of processes: running programs.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::process::priority;
use crate::scheduler::CREDIT;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, wait};
use crate::{Exit, Gid, Pid};

/// The maximum number of processes of a group. A program that spawns without end reaches this limit
/// before the machine runs out of memory.
pub const PROCESSES_MAX: usize = 16_384;

/// The virtual time that the turns of a group are assumed to take until the first one is noted: as much as the credit. So a
/// new group comes before the busy ones, but behind those that work little. Otherwise these would wait for the first
/// turn of each group that starts.
const TURN_UNKNOWN: u64 = CREDIT;

pub(crate) struct Group {
    pub(crate) gid: Gid,
    /// See `run_queue`.
    pub(crate) virtual_time: AtomicU64,
    /// The virtual time that a turn of the group takes, on average, or [`TURN_UNKNOWN`]. See [`Group::next_end`].
    turn: AtomicU64,
    /// The highest virtual time with which a process of the group has been taken from a queue. It never decreases.
    pub(crate) floor: AtomicU64,
    /// The virtual time of one unit of work, by the priority with which the group's first process started.
    pub(crate) cost: AtomicU64,
    /// The work of the group's processes, in units. Work that has not been charged to the group yet is missing.
    pub(crate) work: AtomicU64,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    members: FxHashMap<Pid, Arc<Entry>>,
    first: Option<Pid>,
    code: i32,
    /// Whether the group is stopping: no process may join, and the remaining ones have been told to
    /// end.
    stopping: bool,
    ended: bool,
    /// Callbacks for the end of the group.
    on_end: Vec<Box<dyn FnOnce(i32) + Send>>,
}

impl Group {
    pub(crate) fn new(gid: Gid) -> Group {
        Group {
            gid,
            virtual_time: AtomicU64::new(0),
            turn: AtomicU64::new(TURN_UNKNOWN),
            floor: AtomicU64::new(0),
            cost: AtomicU64::new(priority::cost(priority::CRITICAL)),
            work: AtomicU64::new(0),
            state: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// Returns the virtual time at which the next turn of the group is likely to end.
    pub(crate) fn next_end(&self) -> u64 {
        self.virtual_time.load(Ordering::Relaxed) + self.turn.load(Ordering::Relaxed)
    }

    /// Adds the virtual time of a turn to the moving average, in which the last four turns have most weight. The
    /// average may miss turns that end on several workers at the same time.
    pub(crate) fn note_turn(&self, virtual_time: u64) {
        let turn = match self.turn.load(Ordering::Relaxed) {
            TURN_UNKNOWN => virtual_time,
            turn => turn - turn / 4 + virtual_time / 4,
        };
        self.turn.store(turn, Ordering::Relaxed);
    }

    /// Adds a process. Returns false if the group is stopping.
    pub(crate) fn join(&self, entry: &Arc<Entry>) -> bool {
        let mut state = self.state.lock();
        if state.stopping || state.ended {
            return false;
        }
        if state.first.is_none() {
            state.first = Some(entry.pid);
            if self.gid != Gid::SYSTEM {
                let cost = priority::cost(entry.priority.load(Ordering::Relaxed));
                self.cost.store(cost, Ordering::Relaxed);
            }
        }
        state.members.insert(entry.pid, entry.clone());
        true
    }

    /// Returns the number of processes.
    pub(crate) fn size(&self) -> usize {
        self.state.lock().members.len()
    }

    /// Removes an ended process. Returns true if it was the last of the group.
    pub(crate) fn leave(&self, pid: Pid, exit: &Exit) -> bool {
        let mut state = self.state.lock();
        state.members.remove(&pid);
        let is_first = state.first == Some(pid);
        let stopped = match exit {
            Exit::Done | Exit::Killed | Exit::Code(0) => Vec::new(),
            Exit::Code(code) => state.stop(*code),
            Exit::Failed { .. } | Exit::Panicked { .. } | Exit::Lost if is_first => state.stop(1),
            Exit::Failed { .. } | Exit::Panicked { .. } | Exit::Lost => {
                if !state.stopping {
                    state.code = 1;
                }
                Vec::new()
            }
        };
        let last = state.members.is_empty() && !state.ended;
        let (mut told, code) = (Vec::new(), state.code);
        if last {
            state.ended = true;
            told = std::mem::take(&mut state.on_end);
            self.ended.notify_all();
        }
        drop(state);
        stopped.iter().for_each(Entry::kill);
        told.into_iter().for_each(|tell| tell(code));
        last
    }

    /// Ends all processes of the group. The final code is `code`, unless the group is stopping already.
    pub(crate) fn stop(&self, code: i32) {
        let stopped = self.state.lock().stop(code);
        stopped.iter().for_each(Entry::kill);
    }

    fn wait(&self) -> i32 {
        let mut state = self.state.lock();
        while !state.ended {
            state = wait(&self.ended, state);
        }
        state.code
    }

    fn when_ended(&self, tell: Box<dyn FnOnce(i32) + Send>) {
        let mut state = self.state.lock();
        if !state.ended {
            return state.on_end.push(tell);
        }
        let code = state.code;
        drop(state);
        tell(code);
    }

    fn work(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    fn code(&self) -> Option<i32> {
        let state = self.state.lock();
        state.ended.then_some(state.code)
    }

    fn first(&self) -> Option<Pid> {
        self.state.lock().first
    }
}

impl State {
    fn stop(&mut self, code: i32) -> Vec<Arc<Entry>> {
        if self.stopping {
            return Vec::new();
        }
        self.stopping = true;
        self.code = code;
        self.members.values().cloned().collect()
    }
}

/// A started program: a group of processes, seen from outside.
#[derive(Clone)]
pub struct RunningProgram {
    pub(crate) group: Arc<Group>,
}

impl RunningProgram {
    /// Returns the id of the group.
    pub fn gid(&self) -> Gid {
        self.group.gid
    }

    /// Returns the first process of the program.
    pub fn first(&self) -> Pid {
        self.group.first().expect("a program starts with a process")
    }

    /// Blocks until all processes have ended, and returns the final code.
    ///
    /// In a simulation nothing happens while this blocks: use [`RunningProgram::code`] there.
    pub fn wait(&self) -> i32 {
        self.group.wait()
    }

    /// Calls `tell` with the final code when all processes have ended, on the thread that ends the
    /// last one; at once if they have ended already. `tell` must be brief.
    pub fn when_ended(&self, tell: impl FnOnce(i32) + Send + 'static) {
        self.group.when_ended(Box::new(tell));
    }

    /// Returns the work of all its processes so far, in units: calls and loop edges, some 10 ns
    /// each.
    pub fn work(&self) -> u64 {
        self.group.work()
    }

    /// Returns the current number of processes.
    pub fn process_count(&self) -> usize {
        self.group.size()
    }

    /// Returns the final code, if all processes have ended.
    pub fn code(&self) -> Option<i32> {
        self.group.code()
    }

    /// Ends all processes. The final code is `code`, unless the program is stopping already.
    pub fn stop(&self, code: i32) {
        self.group.stop(code);
    }
}
