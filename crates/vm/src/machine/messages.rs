//! Handles the messages in the mailbox, answers requests, and sends the requests and notifications of tasks.

use lucarne_kernel::{
    About, Context, Failure as RemoteFailure, Gid, Message, MessageKind, Pid, RequestId, RequestToken,
};
use lucarne_message::{Payload, Value};
use lucarne_services::protocol::{end_of_notifications, error, kind, procedure};

use super::tasks::{Arrived, Notification, Resource, Service, State, TaskId};
use super::{Done, Limits, Machine, inbox};
use crate::trace::Trace;
use lucarne_heap::{Handle, Immediate, OutOfMemory, RefMut, Value as HeapValue};
use lucarne_natives::Failure;
use lucarne_natives::transfer;

/// The units of work after which a process pauses taking messages: half a budget.
const TAKEN_UNITS_MAX: i64 = 10_000;

/// The largest number of tasks that handle messages of programs and components at the same time. Each task costs the
/// receiver memory, so further messages wait and keep their places in the mailbox. A full mailbox refuses messages.
const HANDLERS_MAX: usize = 256;

impl Machine {
    /// Takes messages out of the mailbox until they have cost [`TAKEN_UNITS_MAX`]. The others stay there for the next
    /// call.
    pub(super) fn take_messages(&mut self, context: &mut Context<'_>) {
        while self.charged < TAKEN_UNITS_MAX
            && let Some(message) = context.receive()
        {
            let taken = self.take_message(message, context);
            self.heap.release_kept();
            self.charge_collections();
            if let Err(OutOfMemory) = taken {
                self.report_uncaught("OUT_OF_MEMORY");
                return;
            }
        }
    }

    fn take_message(&mut self, message: Message, context: &mut Context<'_>) -> Result<(), OutOfMemory> {
        let Message { pid, gid, kind } = message;
        match kind {
            MessageKind::Request { token, procedure: procedure::INVOKE, payload } => {
                self.serve(token, pid, gid, payload, context);
                Ok(())
            }
            MessageKind::Request { token, procedure, payload } => {
                self.serve_procedure(token, procedure, pid, gid, payload, context);
                Ok(())
            }
            MessageKind::Reply { id, result } => {
                let has_result = result.is_ok();
                if !self.answered(id, result.map_err(|failure| *failure)) && has_result {
                    // The provider takes back what the answer gives.
                    context.discard_answer(pid, id);
                }
                Ok(())
            }
            MessageKind::Cancel { id } if self.cancel_service(pid, id, context) => Ok(()),
            MessageKind::Cancel { id } => self.take_back(pid, id),
            MessageKind::Notification { client, handle, payload, credit } => {
                self.notified((pid, client, handle), payload, credit);
                Ok(())
            }
            // Programs do not wait for components to have room.
            MessageKind::RoomAvailable { about: About::External } => Ok(()),
            MessageKind::RoomAvailable { about: About::Resource { client, handle } } => {
                self.notify_again((pid, client, handle), context);
                Ok(())
            }
            MessageKind::SlowConsumer { client, handle } => {
                // This process is either the provider of the resource or its client. The line for the other case does
                // nothing.
                self.drop_crowded((pid, client, handle));
                self.end_resource((pid, client, handle), inbox::TOO_SLOW);
                let [kind, client, handle] = [i64::from(kind::SLOW_CONSUMER), client, handle].map(small);
                let function = self.program.program().entries.handle_message;
                self.start_task(function, &[kind, client, handle, Handle::NULL], true).map(|_| ())
            }
            MessageKind::ProcessTerminated { is_lost } => {
                self.cancel_services_of(pid, context);
                self.end_resources_of(pid, is_lost);
                self.handle_message(kind::PROCESS_TERMINATED, gid, pid, Payload::null()).map(|_| ())
            }
            MessageKind::External { payload, credit } => {
                let kind = kind::EXTERNAL_NOTIFICATION;
                self.messages.push_back(Arrived { kind, gid, pid, payload, credit });
                Ok(())
            }
            MessageKind::MemoryPressure { done } => {
                let collected = self.heap.collect(true);
                drop(done);
                collected
            }
            MessageKind::User { kind, payload, credit } => {
                self.messages.push_back(Arrived { kind, gid, pid, payload, credit });
                Ok(())
            }
        }
    }

    // ------------------------------------------------------------------ requests of other processes

    /// Starts a task for a call of a service, whose payload is `[client, index, arguments]`.
    fn serve(
        &mut self,
        token: RequestToken,
        pid: Pid,
        gid: Gid,
        mut payload: Payload,
        context: &mut Context<'_>,
    ) {
        self.before_decoding(&payload);
        let mut decoder = payload.decoder();
        let (Ok(()), Ok(client), Ok(index)) =
            (decoder.expect_list(3), decoder.expect_int(), decoder.expect_int())
        else {
            return context.reply(token, Err(RemoteFailure::new("INVALID_ARGUMENT")));
        };
        let handler = self.clients.get(&client).filter(|known| known.pid == pid);
        if handler.is_none() {
            return context.reply(token, Err(RemoteFailure::new(error::HANDLER_NOT_FOUND)));
        }
        let arguments = match transfer::decode(&mut self.heap, &mut decoder) {
            Ok(arguments) => arguments.keep().into(),
            Err(failure) => return refuse(token, &failure, context),
        };
        let handler = match self.clients.get(&client) {
            Some(known) => self.heap.keep(&known.handler).into(),
            None => Handle::NULL,
        };
        let arguments = [handler, small(index), arguments, small(gid_number(gid)), small(client)];
        self.start_service(token, pid, &arguments, context);
    }

    /// Starts a task for a request with any other procedure.
    fn serve_procedure(
        &mut self,
        token: RequestToken,
        procedure: i64,
        pid: Pid,
        gid: Gid,
        mut payload: Payload,
        context: &mut Context<'_>,
    ) {
        self.before_decoding(&payload);
        let arguments = match transfer::decode(&mut self.heap, &mut payload.decoder()) {
            Ok(arguments) => arguments.keep().into(),
            Err(failure) => return refuse(token, &failure, context),
        };
        let (gid, caller) = (small(gid_number(gid)), small(pid_number(pid)));
        let arguments = [Handle::NULL, small(procedure), arguments, gid, caller];
        self.start_service(token, pid, &arguments, context);
    }

    fn start_service(
        &mut self,
        token: RequestToken,
        asker: Pid,
        arguments: &[Handle],
        context: &mut Context<'_>,
    ) {
        let function = self.program.program().entries.handle_request;
        match self.start_task(function, arguments, false) {
            Ok(task) => {
                self.serving.insert((asker, token.id()), task);
                self.tasks.get_mut(task).serves = Some(Service { token, asker, has_given: false });
            }
            Err(OutOfMemory) => refuse(token, &Failure::OutOfMemory, context),
        }
    }

    /// Cancels the task that works on a request. Returns false if there is none: the request was answered.
    fn cancel_service(&mut self, asker: Pid, id: RequestId, context: &mut Context<'_>) -> bool {
        let Some(task) = self.serving.get(&(asker, id)).copied() else { return false };
        self.heap.set_field(&self.tasks.get(task).object, super::Task::IS_CANCELED, Immediate::TRUE);
        if self.limits(task).is_canceled {
            self.interrupt(task, context);
        }
        true
    }

    /// Starts a task that closes the clients and resources that a request has given to its caller, because the caller
    /// does not use the answer.
    pub(super) fn take_back(&mut self, asker: Pid, id: RequestId) -> Result<(), OutOfMemory> {
        if self.clients.is_empty() {
            return Ok(());
        }
        let arguments = [i64::from(kind::CANCEL), pid_number(asker), id.as_i64()];
        let [kind, asker, id] = arguments.map(|number| Immediate::small(number).into());
        let function = self.program.program().entries.handle_message;
        self.start_task(function, &[kind, asker, id, Handle::NULL], true).map(|_| ())
    }

    /// Cancels the work on all requests of a process that has ended.
    fn cancel_services_of(&mut self, asker: Pid, context: &mut Context<'_>) {
        let requests = self.serving.keys().filter(|(process, _)| *process == asker).map(|(_, id)| *id);
        let mut requests: Vec<RequestId> = requests.collect();
        // The program must not see the order of a hash map.
        requests.sort_unstable();
        requests.into_iter().for_each(|id| {
            self.cancel_service(asker, id, context);
        });
    }

    /// Removes the request from a task and returns it, so that it can be answered.
    pub(super) fn end_service(&mut self, id: TaskId) -> Option<Service> {
        let service = self.tasks.get_mut(id).serves.take()?;
        self.serving.remove(&(service.asker, service.token.id()));
        Some(service)
    }

    /// Answers the request that a task has worked on. A result that cannot be sent fails the call.
    pub(super) fn answer_request(&mut self, id: TaskId, value: impl HeapValue, context: &mut Context<'_>) {
        let Some(service) = self.end_service(id) else { return };
        let answer = match transfer::encode(&mut self.heap, value) {
            Ok(encoding) => {
                self.charge(encoding.payload.bytes().len());
                Ok(encoding.payload)
            }
            Err(failure) => Err(RemoteFailure::new(failure_text(&failure))),
        };
        self.reply(service, answer, context);
    }

    /// Sends the answer to a request. If the call has failed, or the caller has canceled it or has ended, takes back
    /// the clients and resources that the handler has given, since the caller does not get them.
    pub(super) fn reply(
        &mut self,
        Service { token, asker, has_given }: Service,
        answer: Result<Payload, RemoteFailure>,
        context: &mut Context<'_>,
    ) {
        let (request, has_failed) = (token.id(), answer.is_err());
        let is_delivered = context.try_reply(token, answer);
        if has_given && (has_failed || !is_delivered) {
            // If there is no memory for a task, the given clients and resources stay until the client closes.
            let _ = self.take_back(asker, request);
        }
    }

    /// Charges for decoding a message, and announces the decoding if it takes long.
    pub(super) fn before_decoding(&mut self, payload: &Payload) {
        let bytes = payload.bytes().len();
        self.heap.before_work(bytes);
        self.charge(bytes);
    }

    // ------------------------------------------------------------------ own requests

    /// Sends a request and has the task wait for the answer.
    pub(super) fn invoke(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let Some(pid) = self.pid_argument(id, 0) else {
            return Done::Fail(Failure::Error("NO_SUCH_PROCESS"));
        };
        let Some(procedure) = self.int_argument(id, 1) else { return Done::Fail(Failure::WRONG_TYPE) };
        let arguments = self.argument(id, 2);
        self.request(id, pid, procedure, context, |writer| writer.value(arguments))
    }

    fn request(
        &mut self,
        id: TaskId,
        pid: Pid,
        procedure: i64,
        context: &mut Context<'_>,
        write: impl FnOnce(&mut transfer::Writer<'_>) -> Result<(), lucarne_message::EncodeError>,
    ) -> Done {
        let limits = self.limits(id);
        let is_close = procedure::is_close(procedure);
        let failure = cut_short(&limits, context);
        // A request that closes something is sent even if there is no time left to wait for the answer.
        if let Some(failure) = failure.filter(|_| !is_close) {
            return Done::Fail(failure);
        }
        let (payload, emptied) = match transfer::encode_with(&mut self.heap, write) {
            Ok(encoding) => encoding.into_parts(),
            Err(failure) => return Done::Fail(failure),
        };
        self.charge(payload.bytes().len());
        let sent = if is_close {
            context.request_close(pid, procedure, payload)
        } else {
            context.request_by(pid, procedure, payload, limits.deadline_us)
        };
        match sent {
            Ok(request) => {
                self.asked.insert(request, id);
                let answer_until_us = procedure::answer_us(procedure).map(|us| context.now_us() + us);
                let until_us = limits.deadline_us.into_iter().chain(answer_until_us).min();
                self.park(id, State::Asking { request, is_close, answer_until_us }, until_us);
                Done::Parked
            }
            Err(refused) => {
                emptied.restore(&mut self.heap, refused.payload);
                Done::Fail(Failure::Message(refused.error.to_string()))
            }
        }
    }

    /// Resumes the task that has sent a request. Returns false if the answer is not used: no task waits for it, or it
    /// does not fit into the memory.
    fn answered(&mut self, id: RequestId, result: Result<Payload, RemoteFailure>) -> bool {
        let Some(task) = self.asked.remove(&id) else { return false };
        match result {
            Ok(mut payload) => {
                self.before_decoding(&payload);
                let value = transfer::decode(&mut self.heap, &mut payload.decoder());
                let value = value.map(|value| value.keep().into());
                let is_used = value.is_ok();
                self.resume(task, value);
                is_used
            }
            Err(failure) => {
                self.failed_there(task, failure);
                true
            }
        }
    }

    /// Throws a provider's exception in the task that has called the provider: the same text, with the provider's trace
    /// before the trace of the task.
    fn failed_there(&mut self, task: TaskId, failure: RemoteFailure) {
        let trace = failure.trace.and_then(|trace| trace.into_value().ok());
        let detail = match trace {
            Some(Value::String(text)) => text.to_string(),
            _ => String::new(),
        };
        let thrown = self.heap.new_string(&failure.text).map(RefMut::keep).and_then(|text| {
            let trace = if detail.is_empty() {
                Handle::NULL
            } else {
                let addresses = self.trace_of(task).addresses;
                self.heap.new_bytes_from(&Trace::received(detail, addresses).encode())?.keep().into()
            };
            Ok((text, trace))
        });
        match thrown {
            Ok((text, trace)) => self.resume_throwing(task, text.into(), trace),
            Err(OutOfMemory) => self.resume(task, Err(Failure::OutOfMemory)),
        }
    }

    // ------------------------------------------------------------------ other messages

    /// Starts tasks for messages that have arrived, up to [`HANDLERS_MAX`] tasks at a time. A message keeps its place
    /// in the mailbox until its task has ended, so that the kernel's limit also counts the messages taken out of it.
    pub(super) fn handle_arrived(&mut self) {
        while self.handling < HANDLERS_MAX
            && let Some(Arrived { kind, gid, pid, payload, credit }) = self.messages.pop_front()
        {
            let started = self.handle_message(kind, gid, pid, payload);
            self.heap.release_kept();
            match started {
                Ok(Some(task)) => {
                    self.tasks.get_mut(task).handles = Some(credit);
                    self.handling += 1;
                }
                Ok(None) => {}
                Err(OutOfMemory) => return self.report_uncaught("OUT_OF_MEMORY"),
            }
        }
    }

    /// Starts a task that handles a message. Returns none if the message cannot be decoded.
    fn handle_message(
        &mut self,
        kind: u8,
        gid: Gid,
        pid: Pid,
        mut payload: Payload,
    ) -> Result<Option<TaskId>, OutOfMemory> {
        self.before_decoding(&payload);
        // The sender of a message that cannot be decoded gets no error.
        let value = match transfer::decode(&mut self.heap, &mut payload.decoder()) {
            Ok(value) => value.keep().into(),
            Err(Failure::OutOfMemory) => return Err(OutOfMemory),
            Err(_) => return Ok(None),
        };
        let function = self.program.program().entries.handle_message;
        let [kind, gid, pid] = [i64::from(kind), gid_number(gid), pid_number(pid)].map(small);
        self.start_task(function, &[kind, gid, pid, value], false).map(Some)
    }

    pub(super) fn send_message(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let Some(kind) = self.int_argument(id, 1) else { return Done::Fail(Failure::WRONG_TYPE) };
        let value = self.argument(id, 2);
        let (payload, emptied) = match transfer::encode(&mut self.heap, value) {
            Ok(encoding) => encoding.into_parts(),
            Err(failure) => return Done::Fail(failure),
        };
        self.charge(payload.bytes().len());
        let (Some(pid), Ok(kind)) = (self.pid_argument(id, 0), u8::try_from(kind)) else {
            emptied.restore(&mut self.heap, payload);
            return Done::from(Immediate::FALSE);
        };
        match context.send(pid, kind, payload) {
            Ok(()) => Done::from(Immediate::TRUE),
            Err(refused) => {
                emptied.restore(&mut self.heap, refused.payload);
                Done::from(Immediate::FALSE)
            }
        }
    }

    pub(super) fn send_external(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let Some(pid) = self.pid_argument(id, 0) else { return Done::Fail(Failure::WRONG_TYPE) };
        let value = self.argument(id, 1);
        let (payload, emptied) = match transfer::encode(&mut self.heap, value) {
            Ok(encoding) => encoding.into_parts(),
            Err(failure) => return Done::Fail(failure),
        };
        self.charge(payload.bytes().len());
        match context.send_external(pid, payload) {
            Ok(()) => Done::NULL,
            Err(refused) => {
                emptied.restore(&mut self.heap, refused.payload);
                Done::Fail(Failure::Message(refused.error.to_string()))
            }
        }
    }

    // ------------------------------------------------------------------ notifications to others

    /// Sends a notification, or the end of the notifications, and has the task wait for room.
    pub(super) fn notify(&mut self, id: TaskId, ends: bool, context: &mut Context<'_>) -> Done {
        let limits = self.limits(id);
        if let Some(failure) = cut_short(&limits, context) {
            return Done::Fail(failure);
        }
        let (Some(to), Some(client), Some(handle)) =
            (self.pid_argument(id, 0), self.int_argument(id, 1), self.int_argument(id, 2))
        else {
            return Done::from(Immediate::FALSE);
        };
        let payload = if ends {
            end_of_notifications()
        } else {
            let value = self.argument(id, 3);
            match transfer::encode(&mut self.heap, value) {
                Ok(encoding) => encoding.payload,
                Err(failure) => return Done::Fail(failure),
            }
        };
        let resource = (to, client, handle);
        // Notifications of tasks that already wait are sent first, so that the order of the resource is kept.
        let sent = if self.crowded.iter().any(|(crowded, _)| *crowded == resource) {
            Err(payload)
        } else {
            match context.notify(to, client, handle, payload) {
                Ok(()) => Ok(Immediate::TRUE),
                Err(refused) if refused.error == lucarne_kernel::SendError::Full => Err(refused.payload),
                Err(_) => Ok(Immediate::FALSE),
            }
        };
        match sent {
            Ok(value) => Done::from(value),
            Err(payload) => {
                self.crowded.push((resource, id));
                self.park(
                    id,
                    State::Crowded(Box::new(Notification { resource, payload })),
                    limits.deadline_us,
                );
                Done::Parked
            }
        }
    }

    /// Tries again to send the notifications that wait for a resource, in their order, because the receiver has room.
    fn notify_again(&mut self, resource: Resource, context: &mut Context<'_>) {
        let waiting = std::mem::take(&mut self.crowded);
        let mut is_full = false;
        for (crowded, task) in waiting {
            if crowded != resource || is_full {
                self.crowded.push((crowded, task));
                continue;
            }
            let state = std::mem::replace(&mut self.tasks.get_mut(task).state, State::Ready);
            let State::Crowded(notification) = state else { continue };
            let (to, client, handle) = resource;
            match context.notify(to, client, handle, notification.payload) {
                Ok(()) => self.resume(task, Ok(Immediate::TRUE.into())),
                Err(refused) if refused.error == lucarne_kernel::SendError::Full => {
                    is_full = true;
                    let notification = Box::new(Notification { resource, payload: refused.payload });
                    self.tasks.get_mut(task).state = State::Crowded(notification);
                    self.crowded.push((crowded, task));
                }
                Err(_) => self.resume(task, Ok(Immediate::FALSE.into())),
            }
        }
    }

    /// Resumes the tasks that wait to send notifications of a resource, because the resource was cut off. Their calls
    /// return false.
    fn drop_crowded(&mut self, resource: Resource) {
        let waiting = std::mem::take(&mut self.crowded);
        for (crowded, task) in waiting {
            if crowded == resource {
                self.resume(task, Ok(Immediate::FALSE.into()));
            } else {
                self.crowded.push((crowded, task));
            }
        }
    }

    // ------------------------------------------------------------------ arguments

    pub(super) fn int_argument(&self, id: TaskId, index: usize) -> Option<i64> {
        self.heap.int(self.value(id, index))
    }

    pub(super) fn pid_argument(&self, id: TaskId, index: usize) -> Option<Pid> {
        self.int_argument(id, index).map(Pid::from_i64)
    }

    fn trace_of(&mut self, id: TaskId) -> Trace {
        let position = self.tasks.get(id).position;
        let interpreter = self.enter(position, 0);
        let trace = interpreter.capture("");
        interpreter.leave();
        trace
    }
}

/// Returns the failure of a task that must not wait because it is canceled or late. Returns none for other tasks.
pub(super) fn cut_short(limits: &Limits, context: &Context<'_>) -> Option<Failure> {
    if limits.is_canceled {
        return Some(Failure::Error("CANCELED"));
    }
    let is_late = limits.deadline_us.is_some_and(|deadline| deadline <= context.now_us());
    is_late.then_some(Failure::Error("DEADLINE_EXCEEDED"))
}

/// Refuses a request that cannot be received, for example because memory is short. Only the request fails: no sender
/// can end this process.
fn refuse(token: RequestToken, failure: &Failure, context: &mut Context<'_>) {
    context.reply(token, Err(RemoteFailure::new(failure_text(failure))));
}

fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Error(text) => (*text).to_string(),
        Failure::Detailed { error, .. } => error.to_string(),
        Failure::Message(text) => text.clone(),
        Failure::OutOfMemory => "OUT_OF_MEMORY".to_string(),
    }
}

/// Converts a number from a message to a handle. A number that does not fit into a word becomes -1, which identifies
/// no client, resource or process.
fn small(value: i64) -> Handle {
    Immediate::int(value).unwrap_or(Immediate::small(-1)).into()
}

pub(super) fn pid_number(pid: Pid) -> i64 {
    pid.as_i64()
}

fn gid_number(gid: Gid) -> i64 {
    gid.as_i64()
}
