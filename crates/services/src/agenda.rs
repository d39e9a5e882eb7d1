//! The work of a container for its next turn, and the time of that turn.
//!
//! Any thread can add work. That wakes the process, so that it gets another turn, unless the process
//! adds the work in its own turn: it looks here again before the turn ends. A new timer wakes the process only if no
//! other timer fires earlier: only then does the process have to wait for a shorter time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use lucarne_kernel::{Port, RequestId};

use crate::failure::Failed;
use crate::inbox::Inbox;
use crate::promise::Promise;

/// A future that the container runs to its end.
pub(crate) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The key of a timer: the time at which it fires, in µs, and a number that makes the key unique.
pub(crate) type TimerKey = (i64, u64);

/// The time at which an absent timer fires.
const NEVER: i64 = i64::MAX;

/// The action when a timer expires.
pub(crate) enum Timer {
    /// Fails and cancels a request whose time is over.
    Request(RequestId),
    /// Keeps the promise to a task that sleeps.
    Sleep(Promise<(), Failed>),
    /// Ends the time in which an inbox keeps all notifications although no stream reads them.
    Unread(Arc<Inbox>),
}

pub(crate) struct Agenda {
    state: Mutex<State>,
    /// The number of woken and new tasks, readable without the lock.
    length: AtomicUsize,
    /// The time at which the first timer fires, readable without the lock, or [`NEVER`].
    first_us: AtomicI64,
}

#[derive(Default)]
struct State {
    /// The places of the tasks that were woken.
    ready: Vec<usize>,
    /// New tasks.
    spawned: Vec<Job>,
    timers: BTreeMap<TimerKey, Timer>,
    timers_made: u64,
    /// Whether the process has ended: further work is refused.
    is_over: bool,
}

/// The work of one turn. The lists are reused in the next turn.
#[derive(Default)]
pub(crate) struct Due {
    pub(crate) ready: Vec<usize>,
    pub(crate) spawned: Vec<Job>,
    pub(crate) timers: Vec<Timer>,
}

impl Default for Agenda {
    fn default() -> Agenda {
        Agenda { state: Mutex::default(), length: AtomicUsize::new(0), first_us: AtomicI64::new(NEVER) }
    }
}

impl Agenda {
    /// Adds a task that is ready to be polled.
    pub(crate) fn wake(&self, port: Option<&Port>, place: usize) {
        if self.is_in_turn() {
            return WOKEN.with_borrow_mut(|woken| woken.push(place));
        }
        self.add(port, |state| {
            state.ready.push(place);
            true
        });
    }

    /// Wakes the process without adding work.
    pub(crate) fn nudge(&self, port: Option<&Port>) {
        self.add(port, |_| true);
    }

    /// Adds a new task. Returns the task if the container has ended.
    pub(crate) fn spawn(&self, port: Option<&Port>, job: Job) -> Result<(), Job> {
        let mut refused = Some(job);
        self.add(port, |state| {
            state.spawned.extend(refused.take());
            true
        });
        refused.map_or(Ok(()), Err)
    }

    /// Sets a timer. Returns none if the container has ended.
    pub(crate) fn set_timer(&self, port: Option<&Port>, at_us: i64, timer: Timer) -> Option<TimerKey> {
        let mut key = None;
        self.add(port, |state| {
            state.timers_made += 1;
            let new = (at_us, state.timers_made);
            let is_first = state.timers.first_key_value().is_none_or(|(first, _)| new < *first);
            state.timers.insert(new, timer);
            key = Some(new);
            is_first
        });
        key
    }

    pub(crate) fn clear_timer(&self, key: TimerKey) {
        let mut state = self.state.lock();
        state.timers.remove(&key);
        self.publish(&state);
    }

    /// Puts the tasks that were woken in a turn, but not polled in it, on the agenda for the next turn.
    pub(crate) fn put_off(&self) {
        let woken = Turn::take_woken(Vec::new());
        self.add(None, |state| {
            state.ready.extend(woken);
            false
        });
    }

    /// Takes out the due work.
    pub(crate) fn take_due(&self, now_us: i64, due: &mut Due) {
        let mut state = self.state.lock();
        std::mem::swap(&mut state.ready, &mut due.ready);
        std::mem::swap(&mut state.spawned, &mut due.spawned);
        while let Some(entry) = state.timers.first_entry() {
            if entry.key().0 > now_us {
                break;
            }
            due.timers.push(entry.remove());
        }
        self.publish(&state);
    }

    /// Returns the time until which the process can wait, or none if it can wait until it is woken. Fails if there is
    /// work now.
    pub(crate) fn rest(&self, now_us: impl FnOnce() -> i64) -> Result<Option<i64>, ThereIsMore> {
        let first_us = self.first_us();
        if Turn::has_woken() || self.has_tasks() || first_us.is_some_and(|first_us| first_us <= now_us()) {
            return Err(ThereIsMore);
        }
        Ok(first_us)
    }

    /// Returns whether there is no work, now or later.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_tasks() && self.first_us().is_none()
    }

    fn has_tasks(&self) -> bool {
        self.length.load(Ordering::Acquire) > 0
    }

    fn first_us(&self) -> Option<i64> {
        Some(self.first_us.load(Ordering::Acquire)).filter(|&first_us| first_us != NEVER)
    }

    fn publish(&self, state: &State) {
        let first_us = state.timers.first_key_value().map_or(NEVER, |(key, _)| key.0);
        self.first_us.store(first_us, Ordering::Release);
        self.length.store(state.ready.len() + state.spawned.len(), Ordering::Release);
    }

    /// Refuses further work, and returns the new tasks and the timers. The caller must drop them: that runs code of
    /// users, so no lock may be held.
    pub(crate) fn end(&self) -> Due {
        let mut state = self.state.lock();
        state.is_over = true;
        let timers = std::mem::take(&mut state.timers).into_values().collect();
        Due { ready: Vec::new(), spawned: std::mem::take(&mut state.spawned), timers }
    }

    /// Changes the work, unless the container has ended. `change` returns whether to wake the process.
    fn add(&self, port: Option<&Port>, change: impl FnOnce(&mut State) -> bool) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        let should_know = change(&mut state);
        self.publish(&state);
        drop(state);
        if should_know
            && !self.is_in_turn()
            && let Some(port) = port
        {
            port.wake();
        }
    }

    /// Returns the task or thread that waits with this waker.
    pub(crate) fn waiter(&self, waker: &Waker) -> Waiter {
        self.task_of(waker).map_or_else(|| Waiter::Waker(waker.clone()), Waiter::Task)
    }

    /// Returns whether this is the task or thread that waits with the waker.
    pub(crate) fn is_waiter(&self, waiter: &Waiter, waker: &Waker) -> bool {
        match waiter {
            Waiter::Task(place) => self.task_of(waker) == Some(*place),
            Waiter::Waker(other) => other.will_wake(waker),
        }
    }

    /// Returns the place of the task that is being polled, if the waker belongs to it. A place keeps its waker as
    /// long as the container exists, so the address of the waker's data identifies the place.
    fn task_of(&self, waker: &Waker) -> Option<usize> {
        let (of_task, place) = POLLED.get();
        (self.is_in_turn() && std::ptr::eq(of_task, waker.data())).then_some(place)
    }

    /// Returns whether this is called in a turn of the process.
    fn is_in_turn(&self) -> bool {
        std::ptr::eq(TURN_OF.get(), self)
    }
}

/// The waiter to wake: a task of the container itself is identified by its place, which is faster than a waker.
pub(crate) enum Waiter {
    Task(usize),
    Waker(Waker),
}

impl Waiter {
    pub(crate) fn wake(self, agenda: &Agenda, port: Option<&Port>) {
        match self {
            Waiter::Task(place) => agenda.wake(port, place),
            Waiter::Waker(waker) => waker.wake(),
        }
    }
}

thread_local! {
    /// The container whose turn runs on this thread; null if there is none.
    static TURN_OF: Cell<*const Agenda> = const { Cell::new(std::ptr::null()) };
    /// The tasks that were woken in this turn, for example by an answer from the mailbox.
    static WOKEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// The task that is being polled: the target of its waker, and its place.
    static POLLED: Cell<(*const (), usize)> = const { Cell::new((std::ptr::null(), 0)) };
}

/// The turn of a container on this thread, while it lasts.
pub(crate) struct Turn;

impl Turn {
    pub(crate) fn begin(of: &Agenda) -> Turn {
        TURN_OF.set(of);
        WOKEN.with_borrow_mut(Vec::clear);
        Turn
    }

    /// Returns whether this thread is in a turn of a container.
    pub(crate) fn is_under_way() -> bool {
        !TURN_OF.get().is_null()
    }

    /// Notes that a task is about to be polled.
    pub(crate) fn polls(place: usize, waker: &Waker) {
        POLLED.set((waker.data(), place));
    }

    pub(crate) fn has_woken() -> bool {
        WOKEN.with_borrow(|woken| !woken.is_empty())
    }

    /// Takes the tasks that were woken, and leaves an empty list.
    pub(crate) fn take_woken(room: Vec<usize>) -> Vec<usize> {
        WOKEN.replace(room)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURN_OF.set(std::ptr::null());
    }
}

/// Work arrived while the process was about to wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ThereIsMore;

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Box::pin(async {})
    }

    #[test]
    fn added_work_is_due() {
        let agenda = Agenda::default();
        assert_eq!(agenda.rest(|| 0), Ok(None));
        agenda.wake(None, 7);
        assert!(agenda.spawn(None, job()).is_ok());
        assert_eq!(agenda.rest(|| 0), Err(ThereIsMore));
        let mut due = Due::default();
        agenda.take_due(0, &mut due);
        assert_eq!((due.ready, due.spawned.len()), (vec![7], 1));
        assert_eq!(agenda.rest(|| 0), Ok(None));
    }

    #[test]
    fn timers_fire_in_their_order_and_not_before_their_time() {
        let agenda = Agenda::default();
        let request = |number| Timer::Request(RequestId::from_i64(number));
        for (at_us, number) in [(30, 3), (10, 1), (20, 2)] {
            agenda.set_timer(None, at_us, request(number));
        }
        let cleared = agenda.set_timer(None, 15, request(9)).expect("the agenda is running");
        agenda.clear_timer(cleared);
        assert_eq!(agenda.rest(|| 5), Ok(Some(10)));
        let mut due = Due::default();
        agenda.take_due(20, &mut due);
        let fired: Vec<_> = due.timers.iter().map(number_of).collect();
        assert_eq!(fired, [1, 2]);
        assert_eq!(agenda.rest(|| 20), Ok(Some(30)));
    }

    fn number_of(timer: &Timer) -> i64 {
        match timer {
            Timer::Request(id) => id.as_i64(),
            Timer::Sleep(_) | Timer::Unread(_) => 0,
        }
    }

    #[test]
    fn work_is_refused_after_the_end() {
        let agenda = Agenda::default();
        assert!(agenda.spawn(None, job()).is_ok());
        assert_eq!(agenda.end().spawned.len(), 1);
        assert!(agenda.spawn(None, job()).is_err());
        assert_eq!(agenda.set_timer(None, 1, Timer::Request(RequestId::from_i64(1))), None);
    }
}
