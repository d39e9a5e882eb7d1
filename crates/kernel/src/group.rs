//! Groups of processes: programs at work.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::process::priority;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, wait};
use crate::{Exit, Gid, Pid};

/// How many processes a group may have at a time: a program that spawns without end meets this
/// before the machine is out of memory.
pub const PROCESSES_MAX: usize = 16_384;

pub(crate) struct Group {
    pub(crate) gid: Gid,
    /// See `run_queue`.
    pub(crate) virtual_time: AtomicU64,
    /// The virtual time of the latest of its processes to begin a turn.
    pub(crate) floor: AtomicU64,
    /// How much virtual time one unit of work takes: that of the priority which its first process starts with.
    pub(crate) cost: AtomicU64,
    /// What its processes have done, in units: not the very latest.
    pub(crate) work: AtomicU64,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    members: FxHashMap<Pid, Arc<Entry>>,
    first: Option<Pid>,
    code: i32,
    /// Nobody may join any more; those who are left have been told to go.
    stopping: bool,
    ended: bool,
    /// Who wants to be told of the end.
    on_end: Vec<Box<dyn FnOnce(i32) + Send>>,
}

impl Group {
    pub(crate) fn new(gid: Gid) -> Group {
        Group {
            gid,
            virtual_time: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            cost: AtomicU64::new(priority::cost(priority::CRITICAL)),
            work: AtomicU64::new(0),
            state: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// Adds a process. False if the group is stopping and wants no more.
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

    /// How many processes there are.
    pub(crate) fn size(&self) -> usize {
        self.state.lock().members.len()
    }

    /// A process has ended. True if it was the last of the group.
    pub(crate) fn leave(&self, pid: Pid, exit: &Exit) -> bool {
        let mut state = self.state.lock();
        state.members.remove(&pid);
        let is_first = state.first == Some(pid);
        let stopped = match exit {
            Exit::Done | Exit::Killed | Exit::Code(0) => Vec::new(),
            Exit::Code(code) => state.stop(*code),
            Exit::Failed { .. } | Exit::Panicked { .. } if is_first => state.stop(1),
            Exit::Failed { .. } | Exit::Panicked { .. } => {
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

    /// Ends all processes of the group. The first code that is not 0 is the final one.
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

/// A program that was started: a group of processes, watched from outside.
#[derive(Clone)]
pub struct Program {
    pub(crate) group: Arc<Group>,
}

impl Program {
    /// The name of the group.
    pub fn gid(&self) -> Gid {
        self.group.gid
    }

    /// The first process of the program.
    pub fn first(&self) -> Pid {
        self.group.first().expect("a program starts with a process")
    }

    /// Blocks until all processes have ended, and gives the final code.
    ///
    /// Under a simulation nothing happens while this blocks: use [`Program::code`] there.
    pub fn wait(&self) -> i32 {
        self.group.wait()
    }

    /// Tells the final code once all processes have ended: on whatever thread ends the last one, so that what
    /// is told is to be brief. If they have ended already, at once.
    pub fn when_ended(&self, tell: impl FnOnce(i32) + Send + 'static) {
        self.group.when_ended(Box::new(tell));
    }

    /// How much all its processes have done so far, in units of work: calls and loop edges, some 10 ns each.
    pub fn work(&self) -> u64 {
        self.group.work()
    }

    /// How many processes it has now.
    pub fn process_count(&self) -> usize {
        self.group.size()
    }

    /// The final code, if all processes have ended.
    pub fn code(&self) -> Option<i32> {
        self.group.code()
    }

    /// Ends all processes. The final code is `code`, unless the program is stopping already.
    pub fn stop(&self, code: i32) {
        self.group.stop(code);
    }
}
