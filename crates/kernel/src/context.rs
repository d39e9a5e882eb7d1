//! The context of a turn: the functions of the kernel that a process calls during the turn.

use std::sync::Arc;

use lucarne_message::Payload;

use crate::contacts::{Purpose, record_sender, resolve};
use crate::entry::Entry;
use crate::group::PROCESSES_MAX;
use crate::kernel::Shared;
use crate::mailbox::Lane;
use crate::port::{IfFull, Port, Sender};
use crate::process::GroupOption;
use crate::random::NoEntropy;
use crate::sync::atomic::Ordering;
use crate::{
    About, Failure, Gid, Message, MessageKind, Pid, Process, Refused, RequestId, RequestToken, SpawnOptions,
    Trust, Waker,
};

/// The functions of the kernel for one process in one turn.
pub struct Context<'k> {
    shared: &'k Arc<Shared>,
    me: &'k Arc<Entry>,
    budget: u32,
    charged: Option<u32>,
}

/// The error of a process that has no permission for an operation. It is also the error if the process to kill or to
/// change does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("PERMISSION_DENIED")]
pub struct NotAllowed;

/// Why a process could not be started. Programs see the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// A guest requested a new group.
    #[error("PERMISSION_DENIED")]
    NotAllowed,
    /// The group has [`PROCESSES_MAX`] processes.
    #[error("TOO_MANY_PROCESSES")]
    TooMany,
}

impl<'k> Context<'k> {
    pub(crate) fn new(shared: &'k Arc<Shared>, me: &'k Arc<Entry>, budget: u32) -> Context<'k> {
        Context { shared, me, budget, charged: None }
    }

    /// Returns the id of this process.
    pub fn pid(&self) -> Pid {
        self.me.pid
    }

    /// Returns the id of this process's group.
    pub fn gid(&self) -> Gid {
        self.me.gid()
    }

    /// Returns the process that [`Pid::SYSTEM`] stands for.
    pub fn system(&self) -> Option<Pid> {
        self.shared.system_process().map(|entry| entry.pid)
    }

    /// Returns the microseconds since the kernel started. They never go back.
    pub fn now_us(&self) -> i64 {
        self.shared.clock.now_us()
    }

    /// Returns the microseconds since 1970.
    pub fn wall_us(&self) -> i64 {
        self.shared.clock.wall_us()
    }

    /// Returns random bits. In a simulation they follow from the seed.
    pub fn random_u64(&self) -> u64 {
        self.shared.random.next_u64()
    }

    /// Fills `bytes` with a secret: see [`Random::fill_secret`](crate::random::Random::fill_secret).
    ///
    /// # Errors
    /// If the operating system has no source of random numbers.
    pub fn fill_secret(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        self.shared.random.fill_secret(bytes)
    }

    /// Returns a handle that gives this process another turn, for threads and other code outside of
    /// the kernel.
    pub fn waker(&self) -> Waker {
        Waker::new(self.me)
    }

    /// Returns a handle that sends in the name of this process between its turns.
    pub fn port(&self) -> Port {
        Port::new(self.shared.clone(), self.me.clone())
    }

    // -- The turn ---------------------------------------------------------------------------

    /// Subscribes this process to [`MessageKind::MemoryPressure`]. The message arrives when memory is short.
    pub fn subscribe_to_memory_pressure(&self) {
        self.me.can_relieve.store(true, Ordering::Relaxed);
    }

    /// Returns the number of units of work that this turn may do. A unit is a call or a loop edge.
    pub fn budget(&self) -> u32 {
        self.budget
    }

    /// Returns whether the turn should end soon, because the process or the kernel is being stopped. Also offers the
    /// process in the next slot to other workers if it has waited for too long. Cheap; call it about every thousand
    /// units.
    pub fn should_yield(&self) -> bool {
        self.shared.scheduler.share_overdue(&self.shared.clock);
        self.me.killed.load(Ordering::Relaxed) || self.shared.stopping.load(Ordering::Relaxed)
    }

    /// Adds `units` to the work of this turn. If a turn never calls this, its whole budget is charged if it ends with
    /// [`crate::Outcome::Ready`], and otherwise the minimum for a turn.
    pub fn charge(&mut self, units: u32) {
        self.charged = Some(self.charged.unwrap_or(0).saturating_add(units));
    }

    pub(crate) fn charged(&self) -> Option<u32> {
        self.charged
    }

    // -- Messages ---------------------------------------------------------------------------

    /// Returns the next message for this process.
    pub fn receive(&mut self) -> Option<Message> {
        // Most calls find nothing. A message is large, so passing on none of them costs as much as passing on one.
        if self.me.mailbox.is_empty() {
            return None;
        }
        let message = self.me.mailbox.pop();
        if self.me.trust == Trust::Guest
            && let Some(Message { pid, kind, .. }) = &message
            && let MessageKind::Request { .. }
            | MessageKind::Notification { .. }
            | MessageKind::External { .. }
            | MessageKind::User { .. } = kind
        {
            record_sender(self.shared, self.me, *pid);
        }
        message
    }

    /// Returns whether the mailbox contains messages. A call of [`Context::receive`] returns none of them if all are
    /// canceled answers.
    pub fn has_messages(&self) -> bool {
        !self.me.mailbox.is_empty()
    }

    /// Sends a request to another process. The answer arrives as [`MessageKind::Reply`], exactly
    /// once, even if the other process ends first.
    ///
    /// # Errors
    /// [`NoSuchProcess`](crate::SendError::NoSuchProcess) or
    /// [`TooManyRequests`](crate::SendError::TooManyRequests), with the payload.
    pub fn request(&mut self, to: Pid, procedure: i64, payload: Payload) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Request, to, procedure, payload, None)
    }

    /// Like [`Context::request`], and tells the receiver until when this process waits, in the time of
    /// [`Context::now_us`]. This process must itself cancel the request at that time.
    ///
    /// # Errors
    /// As [`Context::request`].
    pub fn request_by(
        &mut self,
        to: Pid,
        procedure: i64,
        payload: Payload,
        deadline_us: Option<i64>,
    ) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Request, to, procedure, payload, deadline_us)
    }

    /// Like [`Context::request`], for a *close*: a request that releases a client or a resource that an earlier request
    /// acquired. A close is never refused for lack of room, since each earlier request has reserved a place for one
    /// close. Its payload should be a few numbers.
    ///
    /// # Errors
    /// [`NoSuchProcess`](crate::SendError::NoSuchProcess);
    /// [`TooManyRequests`](crate::SendError::TooManyRequests) only if this process has sent as many closes as requests.
    pub fn request_close(&mut self, to: Pid, procedure: i64, payload: Payload) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Reserved, to, procedure, payload, None)
    }

    /// Answers a request. There is always room for an answer. If the caller has ended or has
    /// canceled the request, this does nothing.
    pub fn reply(&mut self, to: RequestToken, result: Result<Payload, Failure>) {
        self.try_reply(to, result);
    }

    /// As [`Context::reply`]. Returns whether the answer is in the caller's mailbox.
    pub fn try_reply(&mut self, to: RequestToken, result: Result<Payload, Failure>) -> bool {
        to.answer(self.shared, result.map_err(Box::new))
    }

    /// Sends [`MessageKind::Cancel`] to the receiver of a request, since the answer is no longer needed. The cancel is
    /// sent even if the answer already waits in this process's mailbox. The answer does not arrive after this.
    pub fn cancel(&mut self, request: RequestId) {
        self.sender().cancel(request);
    }

    /// As [`Context::cancel`], for a request whose answer from `by` this process has already taken out of the mailbox.
    pub fn discard_answer(&mut self, by: Pid, request: RequestId) {
        self.sender().discard_answer(by, request);
    }

    /// Sends a value from a resource to its proxy.
    ///
    /// If the receiver has no room, the value is returned. Later this process gets one [`MessageKind::RoomAvailable`]
    /// for this resource when it should try again, or [`MessageKind::SlowConsumer`] if the resource is cut off.
    ///
    /// # Errors
    /// [`NoSuchProcess`](crate::SendError::NoSuchProcess) or [`Full`](crate::SendError::Full), with
    /// the payload.
    pub fn notify(&mut self, to: Pid, client: i64, handle: i64, payload: Payload) -> Result<(), Refused> {
        self.sender().notify(to, About::Resource { client, handle }, payload, IfFull::Wait, None)
    }

    /// Like [`Context::notify`], for senders that drop the value instead of waiting: no message
    /// follows if there is no room.
    ///
    /// # Errors
    /// As [`Context::notify`].
    pub fn try_notify(&mut self, to: Pid, client: i64, handle: i64, payload: Payload) -> Result<(), Refused> {
        self.sender().notify(to, About::Resource { client, handle }, payload, IfFull::Forget, None)
    }

    /// Stops waiting for room to notify this resource.
    pub fn stop_waiting(&mut self, to: Pid, client: i64, handle: i64) {
        self.sender().stop_waiting(to, client, handle);
    }

    /// Sends a message of a kind that is reserved for programs.
    ///
    /// # Errors
    /// [`ReservedKind`](crate::SendError::ReservedKind) below
    /// [`USER_KIND_MIN`](crate::USER_KIND_MIN), [`NoSuchProcess`](crate::SendError::NoSuchProcess)
    /// or [`Full`](crate::SendError::Full), with the payload.
    pub fn send(&mut self, to: Pid, kind: u8, payload: Payload) -> Result<(), Refused> {
        self.sender().send(to, kind, payload)
    }

    /// Sends a value to or from a component: a process that other processes look up by name.
    ///
    /// # Errors
    /// [`NoSuchProcess`](crate::SendError::NoSuchProcess) or [`Full`](crate::SendError::Full), with
    /// the payload.
    pub fn send_external(&mut self, to: Pid, payload: Payload) -> Result<(), Refused> {
        self.sender().notify(to, About::External, payload, IfFull::Forget, None)
    }

    fn sender(&self) -> Sender<'k> {
        Sender { shared: self.shared, me: self.me, gid: self.me.gid() }
    }

    // -- Processes --------------------------------------------------------------------------

    /// Starts a process with the same trust as this one. If this group is being stopped, the new
    /// process ends before its first turn.
    ///
    /// # Errors
    /// [`SpawnError::NotAllowed`] if a guest requests a new group, and [`SpawnError::TooMany`] if the group has
    /// [`PROCESSES_MAX`] processes.
    pub fn spawn(&mut self, process: Box<dyn Process>, options: SpawnOptions) -> Result<Pid, SpawnError> {
        let group = match (options.group, self.me.trust) {
            (GroupOption::Same, _) => self.me.group.clone(),
            (GroupOption::New, Trust::System) => self.shared.new_program(),
            (GroupOption::New, Trust::Guest) => return Err(SpawnError::NotAllowed),
        };
        if group.size() >= PROCESSES_MAX {
            return Err(SpawnError::TooMany);
        }
        Ok(self.shared.start(process, group, self.me.trust, options).pid)
    }

    /// Returns the priority of a process that this one may send requests to.
    pub fn priority(&self, pid: Pid) -> Option<u8> {
        let entry = resolve(self.shared, self.me, pid, Purpose::Request)?;
        Some(entry.priority.load(Ordering::Relaxed))
    }

    /// Sets the priority of a process of this group, or, for the system, of any process.
    ///
    /// # Errors
    /// [`NotAllowed`] for other processes, and if there is no process `pid`.
    pub fn set_priority(&mut self, pid: Pid, priority: u8) -> Result<(), NotAllowed> {
        self.governed(pid)?.priority.store(priority, Ordering::Relaxed);
        Ok(())
    }

    /// Ends a process of this group, or, for the system, any process. The process gets no further turn.
    ///
    /// # Errors
    /// [`NotAllowed`] for other processes, and if there is no process `pid`.
    pub fn kill(&mut self, pid: Pid) -> Result<(), NotAllowed> {
        self.governed(pid)?.kill();
        Ok(())
    }

    /// Ends the whole group, this process included, with an exit code.
    pub fn exit_group(&mut self, code: i32) {
        self.me.group.stop(code);
    }

    /// Subscribes to a [`MessageKind::ProcessTerminated`] for the end of `pid`. It arrives at once if the process has
    /// ended or never existed. Watching a process again before it ends changes nothing.
    pub fn watch(&mut self, pid: Pid) {
        self.shared.watch(self.me, pid);
    }

    /// Watches a process on behalf of another one.
    ///
    /// # Errors
    /// [`NotAllowed`] unless this process belongs to the system.
    pub fn watch_for(&mut self, watcher: Pid, pid: Pid) -> Result<(), NotAllowed> {
        self.require_system()?;
        if let Some(watcher) = self.shared.find(watcher) {
            self.shared.watch(&watcher, pid);
        }
        Ok(())
    }

    /// Allows `client` to send requests to `provider` from now on.
    ///
    /// # Errors
    /// [`NotAllowed`] unless this process belongs to the system.
    pub fn introduce(&mut self, client: Pid, provider: Pid) -> Result<(), NotAllowed> {
        self.require_system()?;
        if let (Some(client), Some(provider)) = (self.shared.find(client), self.shared.find(provider)) {
            client.contacts.lock().introduce(self.shared, provider);
        }
        Ok(())
    }

    fn require_system(&self) -> Result<(), NotAllowed> {
        if self.me.trust == Trust::System { Ok(()) } else { Err(NotAllowed) }
    }

    fn governed(&self, pid: Pid) -> Result<Arc<Entry>, NotAllowed> {
        let entry = self.shared.find(pid).ok_or(NotAllowed)?;
        let allowed = self.me.trust == Trust::System || entry.gid() == self.me.gid();
        if allowed { Ok(entry) } else { Err(NotAllowed) }
    }
}
