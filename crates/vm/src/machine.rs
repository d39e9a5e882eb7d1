//! The machine of one process: its heap, its tasks, and the tables of the events that tasks wait for.
//!
//! Tasks are cooperative: one runs until it parks, yields or ends. The machine runs inside a turn
//! that the kernel gives to the process; when the budget is spent in the middle of a task, the
//! same task goes on in the next turn.
//!
//! Between two tasks the machine takes in messages. Requests and notifications go straight to
//! tasks of their own: no Toit code queues or looks up anything on the way.

mod effects;
mod inbox;
mod messages;
mod outside;
mod profiler;
mod session;
mod tasks;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use lucarne_kernel::{Context, Exit, Outcome, Pid, RequestId};
use lucarne_message::Payload;
use lucarne_outside::{Outside, WatchId};
use lucarne_services::protocol::kind;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::grants::Grants;
use crate::interpreter::{Interpreter, Position, Stop};
use crate::profile::Sampler;
use crate::program::LoadedProgram;
use inbox::Inbox;
use lucarne_heap::{Handle, Heap, Immediate, Kept, OutOfMemory, Ref, Register, Root};
use lucarne_natives::{BYTES_PER_UNIT, Effect, Failure, transfer};
use profiler::Profiler;
use tasks::{State, Task, TaskId, Tasks};

/// The part of its budget that a process spends before it checks whether its turn must end: some ten microseconds of
/// work.
const SLICE: i64 = 1_000;

pub(crate) struct Machine {
    heap: Heap,
    program: Arc<LoadedProgram>,
    grants: Arc<Grants>,
    tasks: Tasks,
    ready: VecDeque<TaskId>,
    /// The task that was interrupted at the end of its slice. It runs next, in this turn or the next one.
    interrupted: Option<TaskId>,
    /// The timers of waiting tasks: (time in µs, task, its `parks` when the timer was set).
    timers: BinaryHeap<Reverse<(i64, TaskId, u32)>>,
    /// The tasks that wait for the answers to this process's requests.
    asked: FxHashMap<RequestId, TaskId>,
    /// The tasks that work on the requests of other processes.
    serving: FxHashMap<(Pid, RequestId), TaskId>,
    clients: FxHashMap<i64, Client>,
    /// The inboxes of notifications. Senders choose handles, so the hash must not be predictable.
    inboxes: HashMap<tasks::Resource, Inbox>,
    /// The providers of resources that have proxies here. When a provider ends, its proxies are told.
    watched: FxHashSet<Pid>,
    /// Messages of programs and components for which no task has started yet.
    messages: VecDeque<tasks::Arrived>,
    /// The number of tasks that handle such messages.
    handling: usize,
    /// Tasks that wait until a receiver has room for their notification.
    crowded: Vec<(tasks::Resource, TaskId)>,
    /// Tasks that wait until another task has initialized a global.
    waiting_for_global: Vec<TaskId>,
    /// The open files, pipes and child processes of this process. None until it first does something outside.
    outside: Option<Box<Outside>>,
    /// Tasks that wait for an operation outside, by the watch that ends when it may be possible.
    waiting_outside: FxHashMap<WatchId, TaskId>,
    /// The number of installed providers. While it is not zero, the process does not end for lack of tasks.
    providers: i64,
    end: Option<Exit>,
    /// Work done outside of the interpreter that has not been charged to a budget yet.
    charged: i64,
    profiler: Option<Box<Profiler>>,
    /// The inputs of the session, if this is the process of a session.
    inputs: Option<Box<session::CurrentInput>>,
    /// The number of times that the process has come to rest.
    rests: u32,
    /// The time that no sample of the program's profile has counted yet, in microseconds.
    unsampled_us: i64,
}

/// A client that has opened a service of this process.
struct Client {
    handler: Root,
    pid: Pid,
}

/// The start of a process.
pub(crate) enum Start {
    /// The program's `main`.
    Main,
    /// A lambda that another process has spawned: its function and the encoded captures.
    Lambda { function: u32, captures: Payload },
}

/// The outcome of an effect.
enum Done {
    /// The native returns this value.
    Value(Handle),
    /// The native fails.
    Fail(Failure),
    /// The native throws a value with a trace. If the trace is null, one of the current stack is captured.
    Throw(Handle, Handle),
    /// The native returns null after the other ready tasks have run.
    Yield,
    /// The task waits; resuming it completes the native.
    Parked,
    /// The task waits, and then executes the instruction again.
    Again,
    /// The process ends.
    End,
}

impl From<Result<Kept, Failure>> for Done {
    fn from(result: Result<Kept, Failure>) -> Self {
        match result {
            Ok(value) => Done::Value(value.into()),
            Err(failure) => Done::Fail(failure),
        }
    }
}

impl From<Immediate> for Done {
    fn from(value: Immediate) -> Self {
        Done::Value(value.into())
    }
}

/// The largest number of finalizers for which tasks are started between two slices. Further finalizers wait until after
/// the next slice.
const FINALIZERS_MAX: usize = 64;

/// The units of work that the start of a task for a finalizer costs.
const FINALIZER_UNITS: i64 = 20;

/// The number of bytes whose freeing takes at most as long as work on one byte.
const FREED_BYTES_PER_BYTE: usize = 16;

/// The number of bytes that a collection handles in the time of one unit of work, a call of a Toit function.
const COLLECTED_BYTES_PER_UNIT: usize = 16;

impl Done {
    /// The native returns null.
    const NULL: Done = Done::Value(Handle::NULL);
}

impl Machine {
    pub(crate) fn new(program: Arc<LoadedProgram>, grants: Arc<Grants>) -> Result<Machine, OutOfMemory> {
        let mut heap = Heap::new(program.objects().clone(), grants.heap)?;
        if let Some(account) = &grants.memory {
            heap.charge_to(account.clone());
        }
        Ok(Machine {
            heap,
            program,
            grants,
            tasks: Tasks::default(),
            ready: VecDeque::new(),
            interrupted: None,
            timers: BinaryHeap::new(),
            asked: FxHashMap::default(),
            serving: FxHashMap::default(),
            clients: FxHashMap::default(),
            inboxes: HashMap::new(),
            watched: FxHashSet::default(),
            messages: VecDeque::new(),
            handling: 0,
            crowded: Vec::new(),
            waiting_for_global: Vec::new(),
            outside: None,
            waiting_outside: FxHashMap::default(),
            providers: 0,
            end: None,
            charged: 0,
            profiler: None,
            inputs: None,
            rests: 0,
            unsampled_us: 0,
        })
    }

    /// Runs for one turn.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        let mut budget = i64::from(context.budget());
        let outcome = self.run_for(&mut budget, context);
        let used = i64::from(context.budget()) - budget;
        context.charge(u32::try_from(used).unwrap_or(0));
        outcome
    }

    fn run_for(&mut self, budget: &mut i64, context: &mut Context<'_>) -> Outcome {
        loop {
            if self.end.is_none() {
                self.attend_session(context);
                self.take_messages(context);
                self.handle_arrived();
                self.fire_timers(context);
                self.look_outside(context);
                self.run_finalizers();
                self.wake_for_globals();
            }
            self.heap.release_kept();
            if let Some(exit) = self.end.take() {
                return Outcome::Exit(exit);
            }
            let Some(task) = self.interrupted.take().or_else(|| self.ready.pop_front()) else {
                if !context.has_messages() {
                    let outcome = self.rest();
                    if !matches!(outcome, Outcome::Wait { .. }) || !self.compact_at_rest() {
                        return outcome;
                    }
                }
                *budget -= std::mem::take(&mut self.charged);
                if *budget <= 0 || context.should_yield() {
                    return Outcome::Ready;
                }
                continue;
            };
            if !self.tasks.is_alive(task) {
                continue;
            }
            let slice = (*budget).min(self.slice(SLICE));
            let units = slice - self.run_task(task, context, slice) + std::mem::take(&mut self.charged);
            self.note_work(task, units);
            *budget -= units + (self.heap.take_work() / COLLECTED_BYTES_PER_UNIT) as i64;
            self.end_futile();
            if self.end.is_none() && (*budget <= 0 || context.should_yield()) {
                return Outcome::Ready;
            }
        }
    }

    /// Announces the freeing of the heap, if it takes long.
    pub(crate) fn before_freeing(&self) {
        self.heap.before_work(self.heap.used_bytes() / FREED_BYTES_PER_BYTE);
    }

    /// Ends the process if as many collections in a row were futile as the grants allow.
    fn end_futile(&mut self) {
        let collections = self.heap.futile_collections();
        if self.end.is_none() && self.grants.futile_collections_max.is_some_and(|max| collections >= max) {
            self.report_uncaught(&format!(
                "OUT_OF_MEMORY: {collections} collections in a row have freed under 2 % of the memory"
            ));
        }
    }

    /// Charges the collections since the last call.
    fn charge_collections(&mut self) {
        self.charged += (self.heap.take_work() / COLLECTED_BYTES_PER_UNIT) as i64;
    }

    /// Charges work on the given number of bytes, and one unit for the effect itself.
    fn charge(&mut self, bytes: usize) {
        self.charged += 1 + (bytes / BYTES_PER_UNIT) as i64;
    }

    /// Frees memory that a process does not need while it waits. Does so only when the process comes to rest for the
    /// first, second, fourth, eighth... time. So a process that starts and then waits is small, and a process that
    /// comes to rest often loses no time. Returns whether this has caused work: finalizers, or the end of the process.
    fn compact_at_rest(&mut self) -> bool {
        self.rests = self.rests.saturating_add(1);
        if !self.rests.is_power_of_two() {
            return false;
        }
        if self.heap.compact().is_err() {
            self.report_uncaught("OUT_OF_MEMORY");
            return true;
        }
        self.shrink_tables();
        // Not charged: this is rare and short, and its work depends on what machine code keeps alive, on which the
        // lengths of turns must not depend.
        self.heap.take_work();
        self.heap.has_due_finalizers()
    }

    /// Frees the memory of tables that their entries do not need.
    fn shrink_tables(&mut self) {
        self.tasks.shrink();
        self.ready.shrink_to_fit();
        self.timers.shrink_to_fit();
        self.asked.shrink_to_fit();
        self.serving.shrink_to_fit();
        self.clients.shrink_to_fit();
        self.inboxes.shrink_to_fit();
        self.watched.shrink_to_fit();
        self.messages.shrink_to_fit();
        self.crowded.shrink_to_fit();
        self.waiting_for_global.shrink_to_fit();
        self.waiting_outside.shrink_to_fit();
    }

    /// Returns the outcome of a turn in which no task is ready: the process ends if it has no foreground tasks and no
    /// providers. Otherwise it waits.
    fn rest(&mut self) -> Outcome {
        if self.tasks.foreground() == 0 && self.providers == 0 && self.inputs.is_none() {
            return Outcome::Exit(Exit::Done);
        }
        Outcome::Wait { until_us: self.next_timer() }
    }

    /// Runs a task until it stops. Returns the rest of the budget.
    fn run_task(&mut self, id: TaskId, context: &mut Context<'_>, mut budget: i64) -> i64 {
        self.tasks.get_mut(id).state = State::Running;
        self.heap.set_current_task(&self.tasks.get(id).object);
        let mut stop = self.tasks.get_mut(id).pending_stop.take();
        loop {
            let reason = match stop.take() {
                Some(stop) => stop,
                None => {
                    let position = self.tasks.get(id).position;
                    let profile = self.program.profile().cloned();
                    let rest_us = self.unsampled_us;
                    let mut interpreter = self.enter(position, budget);
                    if let Some(profile) = &profile {
                        interpreter.sample_with(Sampler::new(profile, rest_us, context.pid(), id.number()));
                    }
                    let reason = interpreter.run();
                    let rest_us = match reason {
                        Stop::Budget | Stop::Effect(_) => interpreter.sample(),
                        // The task has no calls any more.
                        Stop::Finished(_) | Stop::Uncaught(_) | Stop::Broken => interpreter.unsampled_us(),
                    };
                    budget = interpreter.budget();
                    self.tasks.get_mut(id).position = interpreter.leave();
                    self.unsampled_us = rest_us;
                    reason
                }
            };
            match reason {
                Stop::Budget => {
                    self.interrupted = Some(id);
                    return budget;
                }
                Stop::Finished(value) => {
                    self.task_finished(id, &value, context);
                    self.heap.unroot(value);
                    return budget;
                }
                Stop::Uncaught(text) => {
                    if self.inputs.is_some() {
                        self.grants.report(&format!("EXCEPTION error.\n{text}"));
                        self.end_failed_task(id);
                    } else {
                        self.report_uncaught(&text);
                    }
                    return budget;
                }
                Stop::Broken => {
                    self.report_uncaught("OUT_OF_MEMORY");
                    return budget;
                }
                Stop::Effect(effect) => match self.perform(effect, id, context) {
                    // The cost of the effect is deducted at once, so that a costly effect ends the slice.
                    Done::Value(value) => {
                        stop = self.complete(id, Ok(value));
                        budget -= std::mem::take(&mut self.charged);
                        self.heap.release_kept();
                    }
                    Done::Fail(failure) => stop = self.complete(id, Err(failure)),
                    Done::Throw(value, trace) => stop = self.throw(id, value, trace),
                    Done::Yield => {
                        let stop = self.complete(id, Ok(Handle::NULL));
                        self.tasks.get_mut(id).pending_stop = stop;
                        self.make_ready(id);
                        return budget;
                    }
                    Done::Again | Done::Parked | Done::End => return budget,
                },
            }
        }
    }

    /// Completes the native that a task is at: it returns or fails with the result. No interpreter may be in the task.
    fn complete(&mut self, id: TaskId, result: Result<Handle, Failure>) -> Option<Stop> {
        let mut interpreter = self.enter(self.tasks.get(id).position, 0);
        let stop = interpreter.complete(result);
        self.tasks.get_mut(id).position = interpreter.leave();
        stop
    }

    /// Throws a value at the native that a task is at. No interpreter may be in the task.
    fn throw(&mut self, id: TaskId, value: Handle, trace: Handle) -> Option<Stop> {
        let mut interpreter = self.enter(self.tasks.get(id).position, 0);
        let stop = interpreter.throw_value(value, trace);
        self.tasks.get_mut(id).position = interpreter.leave();
        stop
    }

    /// Returns an interpreter that continues a task at its position.
    fn enter(&mut self, position: Position, budget: i64) -> Interpreter<'_> {
        Interpreter::new(&mut self.heap, &self.program, &*self.grants.environment, position, budget)
    }

    /// Returns the register of an argument of the native that a task is at.
    fn argument(&self, id: TaskId, index: usize) -> Register {
        self.tasks.get(id).position.register(index)
    }

    /// Returns an argument of the native that a task is at.
    fn value(&self, id: TaskId, index: usize) -> Ref<'_> {
        self.heap.get(self.argument(id, index))
    }

    fn make_ready(&mut self, id: TaskId) {
        self.tasks.get_mut(id).state = State::Ready;
        self.ready.push_back(id);
    }

    /// Reports an exception that the library's handler of uncaught exceptions could not report, and ends the process.
    fn report_uncaught(&mut self, text: &str) {
        self.grants.report(&format!("EXCEPTION error.\n{text}"));
        self.end = Some(Exit::failed(text));
    }

    fn wake_for_globals(&mut self) {
        if self.heap.take_settled_global() {
            for task in std::mem::take(&mut self.waiting_for_global) {
                self.make_ready(task);
            }
        }
    }

    /// Starts tasks for finalizers that are due, at most [`FINALIZERS_MAX`] in one call.
    fn run_finalizers(&mut self) {
        for _ in 0..FINALIZERS_MAX {
            let Some(lambda) = self.heap.take_due_finalizer() else { return };
            self.charged += FINALIZER_UNITS;
            let function = self.program.program().entries.handle_message;
            let [kind, zero] = [i64::from(kind::FINALIZER), 0].map(|number| Immediate::small(number).into());
            if self.start_task(function, &[kind, zero, zero, lambda.into()], true).is_err() {
                self.report_uncaught("OUT_OF_MEMORY");
                return;
            }
        }
    }

    // ------------------------------------------------------------------ start and end of tasks

    /// Makes the first task.
    pub(crate) fn start(&mut self, start: Start) -> Result<(), Failure> {
        let lambda = match start {
            Start::Main => self.main_lambda()?,
            Start::Lambda { function, captures } => self.received_lambda(function, captures)?,
        };
        let function = self.program.program().entries.run_task;
        self.start_task(function, &[lambda.into()], false)?;
        Ok(())
    }

    /// Creates a lambda for `main`, with the argument of `main` as its capture if `main` takes one.
    fn main_lambda(&mut self) -> Result<Kept, Failure> {
        let entries = self.program.program().entries;
        let count = usize::from(entries.main_takes_arguments);
        let argument = match &self.grants.argument {
            None => self.main_arguments()?,
            Some(value) => {
                let mut payload =
                    Payload::from_value(value).map_err(|error| Failure::Message(error.to_string()))?;
                transfer::decode(&mut self.heap, &mut payload.decoder())?.keep()
            }
        };
        let mut lambda = self.heap.new_lambda(count)?;
        lambda.set(0, Immediate::small(i64::from(entries.main.0)));
        lambda.set(1, argument);
        Ok(lambda.keep())
    }

    /// Returns the arguments of the program, as a list.
    fn main_arguments(&mut self) -> Result<Kept, OutOfMemory> {
        let arguments = &self.grants.arguments;
        let array = self.heap.new_array(arguments.len())?.keep();
        for (index, argument) in arguments.iter().enumerate() {
            self.heap.new_string(argument)?.store(array, index);
        }
        let class = self.heap.builtins().list;
        let mut list = self.heap.new_instance(class)?;
        list.set(0, array);
        list.set(1, Immediate::small(arguments.len() as i64));
        Ok(list.keep())
    }

    /// Answers the request that a finished task has worked on, if there is one, and removes the task.
    fn task_finished(&mut self, id: TaskId, value: &Root, context: &mut Context<'_>) {
        self.answer_request(id, value, context);
        self.remove_task(id);
        self.note_end_of_task(id);
    }

    fn perform(&mut self, effect: Effect, id: TaskId, context: &mut Context<'_>) -> Done {
        effects::perform(self, effect, id, context)
    }
}

/// A task's deadline and cancellation, as its `Task_` object has them.
struct Limits {
    deadline_us: Option<i64>,
    is_canceled: bool,
}

impl Machine {
    /// Returns the limits of a task's waiting. In a critical section, a task does not count as canceled.
    fn limits(&self, id: TaskId) -> Limits {
        let fields = self.heap.get(&self.tasks.get(id).object).elements();
        let field = |index: usize| fields.get(index).copied().unwrap_or(Ref::NULL);
        let is_critical = field(Task::CRITICAL_COUNT).to_small().is_some_and(|count| count > 0);
        Limits {
            deadline_us: field(Task::DEADLINE).to_small(),
            is_canceled: self.heap.bool(field(Task::IS_CANCELED)) == Some(true) && !is_critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each process has these, also while it waits: what few processes need is in boxes.
    #[test]
    fn an_idle_process_is_small() {
        assert!(size_of::<Machine>() <= 1_100, "{}", size_of::<Machine>());
        assert!(size_of::<tasks::Task>() <= 240, "{}", size_of::<tasks::Task>());
    }
}
