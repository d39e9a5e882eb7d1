//! The process of a container: it has a mailbox and executes futures.
//!
//! In a turn, the process handles the messages in the mailbox and the due work on the [agenda](crate::agenda), and
//! polls the tasks that were woken. A call is polled for the first time as soon as it is taken out of the mailbox, so a
//! call that does not wait is answered in the same turn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context as Polled, Poll, Wake, Waker};

use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::{
    About, Context, Credit, Exit, Failure, Gid, Message, MessageKind, Outcome, Pid, Process, RequestId,
    RequestToken,
};
use lucarne_message::{Payload, Value};
use rustc_hash::FxHashMap;

use crate::agenda::{Due, Job, Timer, Turn};
use crate::container::Shared;
use crate::failure::{Broken, Thrown};
use crate::handler::{Answering, Arguments, Call, Caller};
use crate::inbox::{Inbox, UNREAD_US};
use crate::protocol::{error, procedure};

/// The assumed cost of handling a message or polling a task, in units of work (see [`Context::budget`]).
const STEP_COST: u32 = 50;

pub(crate) struct ContainerProcess {
    shared: Arc<Shared>,
    tasks: Tasks,
    /// The places of the tasks that answer requests, by the sender and the id of the request.
    serving: FxHashMap<(Pid, RequestId), usize>,
    due: Due,
    /// An empty list, for the places of the tasks that are woken in a turn. Kept so that its memory is used again.
    woken: Vec<usize>,
}

/// The purpose of a task.
enum Work {
    Job(Job),
    Answer { answering: Answering, token: RequestToken, asker: Pid },
}

impl ContainerProcess {
    pub(crate) fn new(shared: Arc<Shared>) -> ContainerProcess {
        let tasks = Tasks::new(shared.clone());
        ContainerProcess {
            shared,
            tasks,
            serving: FxHashMap::default(),
            due: Due::default(),
            woken: Vec::new(),
        }
    }

    fn take(&mut self, context: &mut Context<'_>, message: Message) {
        let Message { pid, gid, kind } = message;
        match kind {
            MessageKind::Request { token, procedure: procedure::INVOKE, payload } => {
                self.serve(context, pid, gid, token, payload);
            }
            MessageKind::Request { token, procedure, payload } => {
                let answer = self.keep_books(context, (pid, gid), token.id(), procedure, payload);
                context.reply(token, answer.map_err(Thrown::into_failure));
            }
            MessageKind::Reply { id, result } => {
                self.shared.asked.answered(self.shared.sending(), id, pid, result)
            }
            MessageKind::Cancel { id } => self.cancel(context, pid, id),
            MessageKind::Notification { client, handle, payload, credit } => {
                self.put(context, self.shared.open_clients.inbox((pid, client, handle)), payload, credit);
            }
            MessageKind::ProcessTerminated { is_lost } => self.process_ended(context, pid, is_lost),
            MessageKind::RoomAvailable { about: About::Resource { client, handle } } => {
                self.shared.books.room(client, handle, pid);
            }
            MessageKind::RoomAvailable { about: About::External } => {
                self.shared.open_clients.component_room(pid)
            }
            MessageKind::SlowConsumer { client, handle } => {
                // The client belongs to this container's books, or this container has opened it at the other process.
                // The lines for the other case do nothing.
                drop(self.shared.books.close_resource(client, pid, handle));
                self.shared.books.cut_off(client, pid, handle);
                self.shared.open_clients.cut_off((pid, client, handle));
            }
            MessageKind::External { payload, credit } => {
                self.put(context, self.shared.open_clients.component_inbox(pid), payload, credit);
            }
            // Messages of programs have no receiver here.
            MessageKind::MemoryPressure { .. } | MessageKind::User { .. } => {}
        }
    }

    fn put(&self, context: &Context<'_>, inbox: Option<Arc<Inbox>>, payload: Payload, credit: Credit) {
        if let Some(inbox) = inbox
            && inbox.put(payload, credit)
        {
            let at_us = context.now_us() + UNREAD_US;
            self.shared.agenda.set_timer(self.shared.port(), at_us, Timer::Unread(inbox));
        }
    }

    // -- Requests of other processes ----------------------------------------------------------

    /// Handles a request to open or close a client, to close a resource, to list the clients, or for a definition.
    /// Returns the answer.
    fn keep_books(
        &mut self,
        context: &mut Context<'_>,
        (pid, gid): (Pid, Gid),
        request: RequestId,
        procedure: i64,
        mut payload: Payload,
    ) -> Result<Payload, Thrown> {
        let mut arguments = payload.decoder();
        match procedure {
            procedure::OPEN => {
                arguments.expect_list(4)?;
                let (id, uuid) = (arguments.expect_int()?, arguments.expect_string()?);
                let wanted = (arguments.expect_int()?, arguments.expect_int()?);
                let definition = self.shared.books.open((pid, gid), request, id, uuid, wanted)?;
                // When the process ends, its clients and their resources are closed: see `process_ended`.
                context.watch(pid);
                return Ok(Payload::of(&definition)?);
            }
            procedure::CLOSE => drop(self.shared.books.close(arguments.expect_int()?, pid)),
            procedure::CLOSE_RESOURCE => {
                arguments.expect_list(2)?;
                let (client, handle) = (arguments.expect_int()?, arguments.expect_int()?);
                drop(self.shared.books.close_resource(client, pid, handle));
            }
            procedure::ACCOUNT if gid == Gid::SYSTEM => {
                return Ok(Payload::of(&self.shared.books.account())?);
            }
            procedure::DEFINITION => {
                let definition = self.shared.books.definition(arguments.expect_int()?)?;
                return Ok(Payload::of(&Value::from(definition))?);
            }
            other => return Err(Thrown::new(error::no_such_procedure(other))),
        }
        Ok(Payload::null())
    }

    /// Begins to answer `[client, index, arguments]`.
    fn serve(
        &mut self,
        context: &mut Context<'_>,
        pid: Pid,
        gid: Gid,
        token: RequestToken,
        payload: Payload,
    ) {
        let Ok((client, index, arguments)) = Arguments::of(payload) else {
            return context.reply(token, Err(Failure::new("INVALID_ARGUMENT")));
        };
        let Some(offered) = self.shared.books.offered_to(client, pid) else {
            return context.reply(token, Err(Failure::new(error::HANDLER_NOT_FOUND)));
        };
        let Ok(index) = u32::try_from(index) else {
            let thrown = error::no_such_method(index, &offered.info.name);
            return context.reply(token, Err(Failure::new(thrown)));
        };
        let key = (pid, token.id());
        let (deadline_us, cancellation) = (token.deadline_us(), OnceLock::new());
        let caller = Caller { offered, client, pid, request: token.id() };
        let call = Call { caller, gid, deadline_us, cancellation };
        let answering = call.start(index, arguments);
        let place = self.tasks.take_place();
        if self.work_on(context, place, Work::Answer { answering, token, asker: pid }).is_pending() {
            self.serving.insert(key, place);
        }
    }

    /// Cancels a request for its caller: drops the task that answers it. If it was answered, the caller does not use the
    /// answer, so this takes back what the answer has given to the caller.
    fn cancel(&mut self, context: &mut Context<'_>, asker: Pid, id: RequestId) {
        self.drop_work(context, asker, id);
        drop(self.shared.books.take_back(asker, id));
    }

    fn drop_work(&mut self, context: &mut Context<'_>, asker: Pid, id: RequestId) {
        let Some(place) = self.serving.remove(&(asker, id)) else { return };
        let Some(Work::Answer { answering, token, .. }) = self.tasks.remove(place) else { return };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(answering)));
        context.reply(token, Err(Failure::new(error::CANCELED)));
    }

    fn process_ended(&mut self, context: &mut Context<'_>, pid: Pid, is_lost: bool) {
        let mut unwanted: Vec<RequestId> =
            self.serving.keys().filter(|(asker, _)| *asker == pid).map(|(_, id)| *id).collect();
        // Sort the requests: the order of a hash map must not affect the order of the replies.
        unwanted.sort_unstable();
        unwanted.into_iter().for_each(|id| self.drop_work(context, pid, id));
        drop(self.shared.books.close_all_of(pid));
        let reason = if is_lost { Broken::ContactLost } else { Broken::Gone };
        self.shared.open_clients.provider_ended(pid, &reason);
        if context.system() == Some(pid) {
            self.shared.cut_off();
        }
    }

    // -- Tasks --------------------------------------------------------------------------------

    /// Polls a task that was woken.
    fn poll(&mut self, context: &mut Context<'_>, place: usize) {
        if let Some(work) = self.tasks.take_work(place) {
            let _ = self.work_on(context, place, work);
        }
    }

    /// Polls work that was taken out of its place. Puts unfinished work back into the place; frees the place if the
    /// work is finished.
    fn work_on(&mut self, context: &mut Context<'_>, place: usize, work: Work) -> Poll<()> {
        let waker = self.tasks.waker(place);
        Turn::polls(place, waker);
        let mut polled = Polled::from_waker(waker);
        match work {
            Work::Job(mut job) => {
                let poll = catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(&mut polled)));
                if matches!(poll, Ok(Poll::Pending)) {
                    return self.tasks.put_back(place, Work::Job(job));
                }
                // The job is done or has panicked. The panic hook has reported a panic, and no caller waits for a
                // result.
                self.tasks.free(place);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(job)));
            }
            Work::Answer { mut answering, token, asker } => {
                let poll = catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(&mut polled)));
                let result = match poll {
                    Ok(Poll::Pending) => {
                        return self.tasks.put_back(place, Work::Answer { answering, token, asker });
                    }
                    Ok(Poll::Ready(result)) => result.map_err(Thrown::into_failure),
                    Err(panic) => Err(Failure::new(panic_text(panic.as_ref()))),
                };
                self.tasks.free(place);
                self.serving.remove(&(asker, token.id()));
                let _ = catch_unwind(AssertUnwindSafe(|| drop(answering)));
                let (id, has_failed) = (token.id(), result.is_err());
                context.reply(token, result);
                if has_failed {
                    drop(self.shared.books.take_back(asker, id));
                }
            }
        }
        Poll::Ready(())
    }

    /// Handles the due work, and returns the number of steps.
    fn work(&mut self, context: &mut Context<'_>) -> u32 {
        let mut steps = 0;
        if Turn::has_woken() {
            let mut woken = Turn::take_woken(std::mem::take(&mut self.woken));
            for place in woken.drain(..) {
                steps += 1;
                self.poll(context, place);
            }
            self.woken = woken;
        }
        if self.shared.agenda.is_empty() {
            return steps;
        }
        let mut due = std::mem::take(&mut self.due);
        self.shared.agenda.take_due(context.now_us(), &mut due);
        for timer in due.timers.drain(..) {
            steps += 1;
            match timer {
                Timer::Request(id) => self.shared.asked.expire(self.shared.sending(), id, context),
                Timer::Sleep(promise) => promise.keep(Ok(())),
                Timer::Unread(inbox) => inbox.keep_newest(),
            }
        }
        for job in due.spawned.drain(..) {
            steps += 1;
            let place = self.tasks.take_place();
            let _ = self.work_on(context, place, Work::Job(job));
        }
        for place in due.ready.drain(..) {
            steps += 1;
            self.poll(context, place);
        }
        self.due = due;
        steps
    }
}

impl Process for ContainerProcess {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.shared.port().is_none() {
            self.shared.set_port(context.port());
        }
        let _turn = Turn::begin(&self.shared.agenda);
        let mut left = context.budget();
        loop {
            let mut steps = 0;
            while let Some(message) = context.receive() {
                self.take(context, message);
                steps += 1;
                if steps * STEP_COST > left {
                    break;
                }
            }
            steps += self.work(context);
            let cost = steps.saturating_mul(STEP_COST);
            context.charge(cost);
            if self.shared.should_end() {
                return Outcome::Exit(Exit::Done);
            }
            left = left.saturating_sub(cost);
            if !context.has_messages()
                && let Ok(until_us) = self.shared.agenda.rest(|| context.now_us())
            {
                return Outcome::Wait { until_us };
            }
            if left == 0 || context.should_yield() {
                self.shared.agenda.put_off();
                return Outcome::Ready;
            }
        }
    }
}

impl Drop for ContainerProcess {
    /// Refuses new work first, then drops the existing work.
    fn drop(&mut self) {
        self.shared.end();
        self.tasks.clear();
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", text.unwrap_or("no message"))
}

/// The tasks of a container. Each task has a place; the place of a finished task is used again.
struct Tasks {
    shared: Arc<Shared>,
    places: Vec<Place>,
    free: Vec<usize>,
}

/// A place for a task. The waker belongs to the place, so that it is made only once. If a waker outlives its task and
/// is woken, the task that has the place now is polled needlessly, which is harmless.
struct Place {
    work: Option<Work>,
    woken: Arc<Woken>,
    waker: Waker,
}

struct Woken {
    shared: Arc<Shared>,
    place: usize,
    /// Whether the place is on the agenda.
    is_ready: AtomicBool,
}

impl Tasks {
    fn new(shared: Arc<Shared>) -> Tasks {
        Tasks { shared, places: Vec::new(), free: Vec::new() }
    }

    /// Returns a free index for a new task.
    fn take_place(&mut self) -> usize {
        if let Some(place) = self.free.pop() {
            return place;
        }
        let place = self.places.len();
        let woken = Arc::new(Woken { shared: self.shared.clone(), place, is_ready: AtomicBool::new(false) });
        self.places.push(Place { work: None, waker: Waker::from(woken.clone()), woken });
        place
    }

    /// Takes a task out of its place, to poll it. From now on the task can be woken again.
    fn take_work(&mut self, place: usize) -> Option<Work> {
        let place = self.places.get_mut(place)?;
        // Pairs with the swap in `wake_by_ref`: the poll that follows sees all writes before the wake-up.
        place.woken.is_ready.swap(false, Ordering::AcqRel);
        place.work.take()
    }

    fn waker(&self, place: usize) -> &Waker {
        &self.places[place].waker
    }

    fn put_back(&mut self, place: usize, work: Work) -> Poll<()> {
        self.places[place].work = Some(work);
        Poll::Pending
    }

    fn free(&mut self, place: usize) {
        self.free.push(place);
    }

    fn remove(&mut self, place: usize) -> Option<Work> {
        let work = self.places.get_mut(place)?.work.take();
        self.free.push(place);
        work
    }

    /// Drops all tasks. A panic in the drop of one task does not affect the others.
    fn clear(&mut self) {
        for place in self.places.drain(..) {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(place.work)));
        }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::AcqRel) {
            self.shared.agenda.wake(self.shared.port(), self.place);
        }
    }
}
