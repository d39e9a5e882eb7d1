//! The kernel process of a handler: passes its messages to the handler's thread, and publishes its id.

use std::sync::Arc;

use lucarne_kernel::sync::mpsc::SyncSender;
use lucarne_kernel::{Context, Exit, Failure, MessageKind, Outcome, Pid, Process};
use lucarne_message::Payload;
use lucarne_services::protocol::{error, procedure};

use crate::handler::{Event, Handler};

/// The cost of passing on a message, in units of the scheduler's budget.
const MESSAGE_COST: u32 = 50;

pub(crate) struct HandlerProcess {
    handler: Arc<Handler>,
    /// Receives the result of publishing the handler's id. `None` once the result is sent.
    on_published: Option<SyncSender<Result<(), String>>>,
    is_new: bool,
    /// The time at which publishing fails unless the answer has arrived, in µs.
    publish_until_us: Option<i64>,
}

impl HandlerProcess {
    pub(crate) fn new(handler: Arc<Handler>, on_published: SyncSender<Result<(), String>>) -> HandlerProcess {
        HandlerProcess { handler, on_published: Some(on_published), is_new: true, publish_until_us: None }
    }

    fn publish(&mut self, context: &mut Context<'_>) {
        self.handler.set_port(context.port());
        // When the system process ends, the handler ends too (see `take`).
        if let Some(system) = context.system() {
            context.watch(system);
        }
        self.publish_until_us = procedure::answer_us(procedure::PUBLISH).map(|us| context.now_us() + us);
        let id = Payload::string(self.handler.id());
        if let Err(refused) = context.request(Pid::SYSTEM, procedure::PUBLISH, id) {
            self.published(Err(refused.error.to_string()));
        }
    }

    /// Ends the handler if the service manager does not answer: it may be in an OS process that is frozen.
    fn check_publishing(&mut self, now_us: i64) {
        if self.publish_until_us.is_some_and(|until_us| until_us <= now_us) {
            self.published(Err(error::NO_ANSWER.to_owned()));
            self.handler.end();
        }
    }

    fn published(&mut self, result: Result<(), String>) {
        self.publish_until_us = None;
        if let Some(on_published) = self.on_published.take() {
            // Sending fails only if the receiver has been dropped; the result is not needed then.
            let _ = on_published.send(result);
        }
    }

    fn take(&mut self, pid: Pid, kind: MessageKind) {
        match kind {
            MessageKind::Request { token, procedure, payload } => {
                self.handler.put(Event::Request { sender: pid, procedure, token, payload });
            }
            MessageKind::External { payload, credit } => {
                self.handler.put(Event::Message { sender: pid, payload, credit });
            }
            MessageKind::Reply { result, .. } => {
                self.published(result.map(|_| ()).map_err(|failure: Box<Failure>| failure.text));
            }
            // Only the system process is watched.
            MessageKind::ProcessTerminated { .. } => {
                self.handler.end();
            }
            // Resource messages do not concern components. Canceled requests are not passed on: the component
            // answers, and the kernel drops the answer.
            _ => {}
        }
    }
}

impl Process for HandlerProcess {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        if std::mem::take(&mut self.is_new) {
            self.publish(context);
        }
        let mut left = context.budget();
        while self.handler.has_room() {
            let Some(message) = context.receive() else { break };
            self.take(message.pid, message.kind);
            context.charge(MESSAGE_COST);
            left = left.saturating_sub(MESSAGE_COST);
            if left == 0 {
                return Outcome::Ready;
            }
        }
        self.check_publishing(context.now_us());
        if self.handler.is_over() {
            return Outcome::Exit(Exit::Done);
        }
        Outcome::Wait { until_us: self.publish_until_us }
    }
}

impl Drop for HandlerProcess {
    fn drop(&mut self) {
        self.handler.end();
    }
}
