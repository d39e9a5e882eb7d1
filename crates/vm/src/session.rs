//! Sessions: a process that runs one input after the other, each in a program that extends the one before.
//!
//! The first program starts as any other. The process then does not end for lack of tasks; it waits for inputs. Each is
//! a program whose `main` runs in a new task. The tasks that earlier inputs have started go on, and objects and globals
//! stay: a program that extends another one keeps its numbers and addresses (see `compiler::link::Numbering`).
//!
//! An exception that a task does not catch ends the task, not the process.

use std::fmt;
use std::sync::Arc;

use lucarne_kernel::Waker;
use lucarne_kernel::sync::{Condvar, Mutex, wait};

use crate::program::LoadedProgram;

/// How an input has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The task of the input has ended.
    Finished,
    /// The task of the input has thrown an exception, which has been reported.
    Failed,
    /// The input was interrupted.
    Interrupted,
}

/// Connects a session with its process: hands in inputs, and waits for their ends.
#[derive(Default)]
pub struct InputChannel {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Wakes the process, once it runs.
    waker: Option<Waker>,
    has_process: bool,
    input: Option<Arc<LoadedProgram>>,
    interrupts: u32,
    outcome: Option<Outcome>,
    /// Whether the process is asked to end.
    is_ending: bool,
    has_ended: bool,
    exit_code: Option<i32>,
}

/// The requests of the session to its process.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) input: Option<Arc<LoadedProgram>>,
    pub(crate) interrupts: u32,
    pub(crate) is_ending: bool,
}

impl fmt::Debug for InputChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InputChannel").finish_non_exhaustive()
    }
}

impl InputChannel {
    /// Runs the `main` of a program that extends the one that the process runs. The last input must have ended.
    pub fn run(&self, program: Arc<LoadedProgram>) {
        self.change(|state| {
            state.outcome = None;
            state.interrupts = 0;
            state.input = Some(program);
        });
    }

    /// Interrupts the current input: cancels its task, and throws an exception in it if it runs. A second interruption removes
    /// the task, without its `finally` parts.
    pub fn interrupt(&self) {
        self.change(|state| state.interrupts += 1);
    }

    /// Asks the process to end.
    pub fn end(&self) {
        self.change(|state| state.is_ending = true);
    }

    /// Waits until the process runs. Returns false if it has ended before.
    pub fn await_start(&self) -> bool {
        let mut state = self.state.lock();
        while !state.has_process && !state.has_ended {
            state = wait(&self.changed, state);
        }
        state.has_process
    }

    /// Waits for the end of the current input. Returns none if the process has ended.
    pub fn wait(&self) -> Option<Outcome> {
        let mut state = self.state.lock();
        loop {
            if state.outcome.is_some() || state.has_ended {
                return state.outcome.take();
            }
            state = wait(&self.changed, state);
        }
    }

    /// Returns whether the process has ended.
    pub fn has_ended(&self) -> bool {
        self.state.lock().has_ended
    }

    /// Returns the exit code, if the process has ended itself with one.
    pub fn exit_code(&self) -> Option<i32> {
        self.state.lock().exit_code
    }

    /// Records that the process has ended, and wakes the threads that wait for it.
    pub fn close(&self) {
        self.state.lock().has_ended = true;
        self.changed.notify_all();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        if let Some(waker) = &state.waker {
            waker.wake();
        }
    }

    /// Makes a process the process of this session. Returns false if the session has one already.
    pub(crate) fn attach(&self, waker: Waker) -> bool {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.has_process, true) {
            return false;
        }
        state.waker = Some(waker);
        self.changed.notify_all();
        true
    }

    pub(crate) fn take(&self) -> Request {
        let mut state = self.state.lock();
        let (input, interrupts) = (state.input.take(), std::mem::take(&mut state.interrupts));
        Request { input, interrupts, is_ending: state.is_ending }
    }

    pub(crate) fn finish(&self, outcome: Outcome) {
        self.state.lock().outcome = Some(outcome);
        self.changed.notify_all();
    }

    pub(crate) fn note_exit(&self, code: i32) {
        self.state.lock().exit_code = Some(code);
    }
}
