//! The process of a session: takes inputs, and ends them.

use std::sync::Arc;

use lucarne_kernel::{Context, Exit};

use super::tasks::{State, Task, TaskId};
use super::{Done, Machine};
use crate::program::LoadedProgram;
use crate::session::{InputChannel, Outcome};
use lucarne_heap::{Immediate, OutOfMemory};

/// The session of a process, and its current input.
pub(super) struct CurrentInput {
    channel: Arc<InputChannel>,
    /// The task that runs the input.
    task: Option<TaskId>,
    interrupts: u32,
}

impl Drop for CurrentInput {
    fn drop(&mut self) {
        self.channel.close();
    }
}

impl Machine {
    /// Makes this process the process of a session.
    pub(crate) fn join_session(&mut self, channel: Arc<InputChannel>) {
        self.inputs = Some(Box::new(CurrentInput { channel, task: None, interrupts: 0 }));
    }

    /// Handles the requests of the session: new inputs, interruptions, and the end.
    pub(super) fn attend_session(&mut self, context: &mut Context<'_>) {
        let Some(inputs) = &self.inputs else { return };
        let request = inputs.channel.take();
        if let Some(program) = request.input
            && self.begin_input(program).is_err()
        {
            self.grants.report("EXCEPTION error.\nOUT_OF_MEMORY: all memory of the process is in use");
            self.finish_input(Outcome::Failed);
        }
        // The interruptions concern the input that has just begun, if there is one.
        for _ in 0..request.interrupts {
            self.interrupt_input(context);
        }
        if request.is_ending {
            self.end = Some(Exit::Done);
        }
    }

    fn begin_input(&mut self, program: Arc<LoadedProgram>) -> Result<(), OutOfMemory> {
        self.heap.extend(program.objects().clone());
        self.program = program;
        let entries = self.program.program().entries;
        let mut lambda = self.heap.new_lambda(0)?;
        lambda.set(0, Immediate::small(i64::from(entries.main.0)));
        let lambda = lambda.keep();
        let task = self.start_task(entries.run_task, &[lambda.into()], false)?;
        if let Some(inputs) = &mut self.inputs {
            inputs.task = Some(task);
            inputs.interrupts = 0;
        }
        Ok(())
    }

    /// Interrupts the input: the first time by canceling its task, the second time by removing it.
    fn interrupt_input(&mut self, context: &mut Context<'_>) {
        let Some(inputs) = &mut self.inputs else { return };
        let Some(id) = inputs.task else { return };
        inputs.interrupts += 1;
        if inputs.interrupts > 1 {
            self.stop_waiting(id, context);
            self.abandon_initializations(id);
            self.remove_task(id);
            self.finish_input(Outcome::Interrupted);
            return;
        }
        let task = self.tasks.get(id);
        self.heap.get_mut(&task.object).set(Task::IS_CANCELED, Immediate::TRUE);
        let is_critical = !self.limits(id).is_canceled;
        if is_critical {
            return;
        }
        let task = self.tasks.get(id);
        if !matches!(task.state, State::Ready | State::Running) {
            self.interrupt(id, context);
        } else if task.pending_stop.is_none() {
            self.throw_canceled(id);
        }
    }

    /// Makes the globals unset that a task is initializing. Otherwise its `finally` parts would do so, but the task is
    /// removed without running them.
    fn abandon_initializations(&mut self, id: TaskId) {
        let mut interpreter = self.enter(self.tasks.get(id).position, 0);
        interpreter.abandon_initializations();
        interpreter.leave();
    }

    /// Throws in a task that is not waiting.
    fn throw_canceled(&mut self, id: TaskId) {
        if self.interrupted == Some(id) {
            // The next instruction is the one that throws.
            self.tasks.get_mut(id).position.skip();
        }
        let Ok(text) = self.heap.new_string("CANCELED") else { return };
        let text = text.keep();
        let stop = self.throw(id, text.into(), Immediate::NULL.into());
        self.tasks.get_mut(id).pending_stop = stop;
        self.heap.release_kept();
    }

    /// Records that the input has ended, if the task that has ended runs it.
    pub(super) fn note_end_of_task(&mut self, id: TaskId) {
        let Some(inputs) = &self.inputs else { return };
        if inputs.task == Some(id) {
            let is_interrupted = inputs.interrupts > 0;
            self.finish_input(if is_interrupted { Outcome::Interrupted } else { Outcome::Finished });
        }
    }

    /// Ends a failed task of a session, after the failure was reported. Returns false, and does nothing, if this is not
    /// the process of a session.
    pub(super) fn end_failed_task(&mut self, id: TaskId) -> bool {
        let Some(inputs) = &self.inputs else { return false };
        let is_input = inputs.task == Some(id);
        self.remove_task(id);
        if is_input {
            self.finish_input(Outcome::Failed);
        }
        true
    }

    /// Records the code with which the process ends itself.
    pub(super) fn note_exit(&self, code: i32) {
        if let Some(inputs) = &self.inputs {
            inputs.channel.note_exit(code);
        }
    }

    fn finish_input(&mut self, outcome: Outcome) {
        if let Some(inputs) = &mut self.inputs {
            inputs.task = None;
            inputs.channel.finish(outcome);
        }
    }

    /// Ends a task because of an exception that it did not catch: in a session the task alone, otherwise the process.
    pub(super) fn fail_task(&mut self, id: TaskId) -> Done {
        self.grants.report(&self.rendered_trace(id));
        let text = self.heap.string(self.value(id, 0)).unwrap_or("?").to_string();
        if !self.end_failed_task(id) {
            self.end = Some(Exit::failed(text));
        }
        Done::End
    }
}
