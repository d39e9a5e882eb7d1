//! The tasks of a process: starts them, parks them, wakes them, and frees them when they have ended.

use std::cmp::Reverse;

use lucarne_compiler::program::FunctionIndex;
use lucarne_kernel::{Context, Credit, Gid, Pid, RequestId, RequestToken};
use lucarne_message::Payload;
use lucarne_outside::{Operation, WatchId};
use lucarne_services::protocol::error;

use super::Machine;
use crate::interpreter::{Interpreter, Position, Stop};
use lucarne_heap::{Handle, Immediate, OutOfMemory, Ref, Root};
use lucarne_natives::Failure;

/// The id of a task: the index of its slot, and the number of tasks that have used the slot before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct TaskId {
    index: u32,
    generation: u32,
}

pub(super) struct Task {
    pub(super) position: Position,
    /// The task's `Task_` object.
    pub(super) object: Root,
    pub(super) state: State,
    is_background: bool,
    /// Counts how often the task was parked or resumed, so that an old timer can be told from a new one.
    parks: u32,
    /// The result of completing a native while the task was not running.
    pub(super) pending_stop: Option<Stop>,
    /// The request that the task works on.
    pub(super) serves: Option<Service>,
    /// The mailbox place of the message that the task handles.
    pub(super) handles: Option<Credit>,
}

/// A message of a program or component that no task handles yet.
pub(super) struct Arrived {
    pub(super) kind: u8,
    pub(super) gid: Gid,
    pub(super) pid: Pid,
    pub(super) payload: Payload,
    pub(super) credit: Credit,
}

/// A request that a task works on.
pub(super) struct Service {
    pub(super) token: RequestToken,
    pub(super) asker: Pid,
    /// Whether the handler has read the id of the request, as it does for each client and resource that it gives to the
    /// caller.
    pub(super) has_given: bool,
}

/// The state of a task.
pub(super) enum State {
    Running,
    Ready,
    /// Waits to be woken.
    Parked,
    /// Waits for an answer. If the wait ends early, the request is canceled, unless it closes something.
    Asking {
        request: RequestId,
        is_close: bool,
        /// The time at which the wait ends, in µs, if the procedure bounds it.
        answer_until_us: Option<i64>,
    },
    /// Waits until the receiver has room for the task's notification.
    Crowded(Box<Notification>),
    /// Waits until another task has initialized a global.
    WaitingForGlobal,
    /// Waits until an operation on files, programs or the environment is possible.
    WaitingOutside {
        watch: WatchId,
        operation: Operation,
    },
}

/// A notification that its receiver had no room for.
pub(super) struct Notification {
    pub(super) resource: Resource,
    pub(super) payload: Payload,
}

/// A resource: the process at the other side, the number of the client at the provider, and the handle.
pub(super) type Resource = (Pid, i64, i64);

impl Task {
    // The fields of a `Task_` that the machine reads or writes: see `lib/core/task.toit`.
    pub(super) const ID: usize = 0;
    pub(super) const NAME: usize = 1;
    pub(super) const BACKGROUND: usize = 2;
    pub(super) const DEADLINE: usize = 3;
    pub(super) const IS_CANCELED: usize = 4;
    pub(super) const CRITICAL_COUNT: usize = 5;
}

/// All tasks of a process.
#[derive(Default)]
pub(super) struct Tasks {
    slots: Vec<(u32, Option<Task>)>,
    free: Vec<u32>,
    foreground: usize,
}

impl Tasks {
    /// Returns the number of tasks that keep the process alive.
    pub(super) fn foreground(&self) -> usize {
        self.foreground
    }

    pub(super) fn is_alive(&self, id: TaskId) -> bool {
        matches!(self.slots.get(id.index as usize), Some((generation, Some(_))) if *generation == id.generation)
    }

    pub(super) fn get(&self, id: TaskId) -> &Task {
        match &self.slots[id.index as usize].1 {
            Some(task) => task,
            None => unreachable!("callers hold ids of tasks that are alive"),
        }
    }

    pub(super) fn get_mut(&mut self, id: TaskId) -> &mut Task {
        match &mut self.slots[id.index as usize].1 {
            Some(task) => task,
            None => unreachable!("callers hold ids of tasks that are alive"),
        }
    }

    /// Frees the memory of the table that its entries do not need.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink_to_fit();
        self.free.shrink_to_fit();
    }

    fn reserve(&mut self) -> TaskId {
        // Most processes have one task: a vector would begin with room for four.
        if self.slots.is_empty() {
            self.slots.reserve_exact(1);
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        TaskId { index, generation: self.slots[index as usize].0 }
    }

    fn insert(&mut self, id: TaskId, task: Task) {
        self.foreground += usize::from(!task.is_background);
        self.slots[id.index as usize].1 = Some(task);
    }

    fn remove(&mut self, id: TaskId) -> Option<Task> {
        let (generation, slot) = &mut self.slots[id.index as usize];
        let task = slot.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(id.index);
        self.foreground -= usize::from(!task.is_background);
        Some(task)
    }
}

impl TaskId {
    /// Returns the number that programs see, which no later task gets.
    pub(super) fn number(self) -> i64 {
        i64::from(self.generation) << 24 | i64::from(self.index)
    }

    fn from_number(number: i64) -> TaskId {
        TaskId { index: number as u32 & 0xff_ffff, generation: (number >> 24) as u32 }
    }
}

impl Machine {
    /// Makes a task that runs a function.
    pub(super) fn start_task(
        &mut self,
        function: FunctionIndex,
        arguments: &[Handle],
        is_background: bool,
    ) -> Result<TaskId, OutOfMemory> {
        let class = self.heap.builtins().task;
        let object = self.heap.new_instance(class)?.root();
        let position = match Interpreter::prepare(&mut self.heap, &self.program, function, arguments) {
            Ok(position) => position,
            Err(error) => {
                self.heap.unroot(object);
                return Err(error);
            }
        };
        let id = self.tasks.reserve();
        let mut task = self.heap.get_mut(&object);
        task.set(Task::ID, Immediate::small(id.number()));
        task.set(Task::BACKGROUND, Immediate::bool(is_background));
        task.set(Task::IS_CANCELED, Immediate::FALSE);
        task.set(Task::CRITICAL_COUNT, Immediate::small(0));
        let (state, pending_stop, serves, handles) = (State::Ready, None, None, None);
        self.tasks.insert(
            id,
            Task { position, object, state, is_background, parks: 0, pending_stop, serves, handles },
        );
        self.ready.push_back(id);
        Ok(id)
    }

    /// Removes a task that has ended, and frees its stack, its object and its place in the mailbox.
    pub(super) fn remove_task(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.remove(id) {
            self.handling -= usize::from(task.handles.is_some());
            self.heap.set_current_task(Immediate::NULL);
            self.heap.unroot(task.object);
            Interpreter::free(&mut self.heap, task.position);
        }
    }

    /// Returns the task of a `Task_` object, or none if it has ended.
    pub(super) fn task_of(&self, object: Ref<'_>) -> Option<TaskId> {
        if self.heap.class(object) != self.heap.builtins().task {
            return None;
        }
        let id = TaskId::from_number(object.elements().first()?.to_small()?);
        self.tasks.is_alive(id).then_some(id)
    }

    /// Puts a task into a state of waiting, until the given time at the latest.
    pub(super) fn park(&mut self, id: TaskId, state: State, until_us: Option<i64>) {
        let task = self.tasks.get_mut(id);
        task.parks = task.parks.wrapping_add(1);
        task.state = state;
        if let Some(until_us) = until_us {
            if self.timers.capacity() == 0 {
                self.timers.reserve_exact(1);
            }
            self.timers.push(Reverse((until_us, id, task.parks)));
        }
    }

    /// Ends a task's waiting: the native that it waits in returns or fails.
    pub(super) fn resume(&mut self, id: TaskId, result: Result<Handle, Failure>) {
        let stop = self.complete(id, result);
        self.resumed(id, stop);
    }

    /// Ends a task's waiting with an exception.
    pub(super) fn resume_throwing(&mut self, id: TaskId, value: Handle, trace: Handle) {
        let stop = self.throw(id, value, trace);
        self.resumed(id, stop);
    }

    fn resumed(&mut self, id: TaskId, stop: Option<Stop>) {
        let task = self.tasks.get_mut(id);
        task.pending_stop = stop;
        // A timer that is still set is now an old one.
        task.parks = task.parks.wrapping_add(1);
        self.make_ready(id);
    }

    /// Resumes a task if it is parked.
    pub(super) fn wake(&mut self, id: TaskId) {
        if matches!(self.tasks.get(id).state, State::Parked) {
            self.resume(id, Ok(Immediate::FALSE.into()));
        }
    }

    /// Ends a task's waiting, because the task has been canceled.
    pub(super) fn interrupt(&mut self, id: TaskId, context: &mut Context<'_>) {
        match self.tasks.get(id).state {
            State::Parked => self.wake(id),
            State::Asking { .. }
            | State::Crowded(_)
            | State::WaitingForGlobal
            | State::WaitingOutside { .. } => {
                self.give_up(id, Failure::Error("CANCELED"), context);
            }
            State::Running | State::Ready => {}
        }
    }

    /// Withdraws everything that a task waits for, such as its request, so that the task can be removed.
    pub(super) fn stop_waiting(&mut self, id: TaskId, context: &mut Context<'_>) {
        self.give_up(id, Failure::Error("CANCELED"), context);
    }

    /// Ends a task's waiting for another process, for a global, or for an operation outside, and fails its native.
    fn give_up(&mut self, id: TaskId, failure: Failure, context: &mut Context<'_>) {
        match &self.tasks.get(id).state {
            State::Asking { request, is_close, .. } => {
                let (request, is_close) = (*request, *is_close);
                self.asked.remove(&request);
                if !is_close {
                    context.cancel(request);
                }
            }
            State::Crowded(notification) => {
                let resource = notification.resource;
                self.crowded.retain(|(_, task)| *task != id);
                if !self.crowded.iter().any(|(crowded, _)| *crowded == resource) {
                    let (to, client, handle) = resource;
                    context.stop_waiting(to, client, handle);
                }
            }
            State::WaitingForGlobal => {
                self.waiting_for_global.retain(|task| *task != id);
                // The task would have executed the instruction again. Now the trace must show it as the failed one.
                self.tasks.get_mut(id).position.skip();
            }
            State::WaitingOutside { watch, .. } => {
                let watch = *watch;
                self.waiting_outside.remove(&watch);
                if let Some(outside) = &mut self.outside {
                    outside.unwatch(watch);
                }
            }
            _ => return,
        }
        self.resume(id, Err(failure));
    }

    /// Ends the waiting of all tasks whose timers are due.
    pub(super) fn fire_timers(&mut self, context: &mut Context<'_>) {
        if self.timers.is_empty() {
            return;
        }
        let now = context.now_us();
        while let Some(Reverse((time, id, parks))) = self.timers.peek().copied() {
            let is_due = time <= now;
            let is_old = !self.tasks.is_alive(id) || self.tasks.get(id).parks != parks;
            if !is_due && !is_old {
                return;
            }
            self.timers.pop();
            if is_old {
                continue;
            }
            match self.tasks.get(id).state {
                State::Parked => self.resume(id, Ok(Immediate::TRUE.into())),
                State::Asking { answer_until_us: Some(until_us), .. } if until_us <= time => {
                    self.give_up(id, Failure::Error(error::NO_ANSWER), context);
                }
                _ => self.give_up(id, Failure::Error("DEADLINE_EXCEEDED"), context),
            }
        }
    }

    /// Returns the time at which the next timer is due. Old timers have been dropped by [`Machine::fire_timers`].
    pub(super) fn next_timer(&self) -> Option<i64> {
        self.timers.peek().map(|Reverse((time, _, _))| *time)
    }
}
