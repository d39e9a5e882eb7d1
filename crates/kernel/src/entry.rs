//! The kernel's record of a process.

use std::sync::{Arc, Weak};

use crate::contacts::{Contacts, LastSender};
use crate::group::Group;
use crate::kernel::Shared;
use crate::mailbox::{Lane, Mailbox, RoomWaiter, Slowness, Topic};
use crate::run_state::RunState;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::timers::NEVER;
use crate::{Exit, Gid, Message, MessageKind, Pid, Process, SpawnOptions, Trust, worker};

pub(crate) struct Entry {
    pub(crate) pid: Pid,
    pub(crate) group: Arc<Group>,
    pub(crate) trust: Trust,
    pub(crate) name: String,
    pub(crate) kernel: Weak<Shared>,
    /// Whether this is a mirror: it stands for a process of another kernel, and a thread that wakes it runs its turn at
    /// once.
    pub(crate) is_mirror: bool,

    pub(crate) mailbox: Mailbox,
    pub(crate) contacts: Mutex<Contacts>,
    pub(crate) last_sender: LastSender,
    /// The processes to tell when this one ends; `None` once it has ended.
    pub(crate) watchers: Mutex<Option<Vec<Arc<Entry>>>>,

    /// Locked during each turn by the thread that runs it.
    pub(crate) process: Mutex<Option<Box<dyn Process>>>,
    pub(crate) run_state: RunState,
    pub(crate) killed: AtomicBool,
    /// Whether the process was put back into a queue by a thread that had left its worker, and no worker has taken it
    /// since.
    pub(crate) is_back: AtomicBool,
    /// Whether contact with the process on another machine that this one stands for was lost. When killed, it then ends
    /// with [`Exit::Lost`].
    lost: AtomicBool,
    /// Whether the process gets [`MessageKind::MemoryPressure`] when memory is short.
    pub(crate) can_relieve: AtomicBool,
    pub(crate) priority: AtomicU8,
    /// See `run_queue`.
    pub(crate) virtual_time: AtomicU64,
    /// The units of work with which the group has not been charged yet.
    pub(crate) uncharged: AtomicU32,
    /// The time at which the process must be woken, in µs of the kernel's clock, or [`NEVER`].
    pub(crate) deadline_us: AtomicI64,
    /// The time at which the timer of the process fires, or [`NEVER`]: not later than the deadline.
    pub(crate) armed_us: AtomicI64,
}

impl Entry {
    pub(crate) fn new(
        pid: Pid,
        group: Arc<Group>,
        trust: Trust,
        options: SpawnOptions,
        process: Box<dyn Process>,
        kernel: Weak<Shared>,
    ) -> Entry {
        Entry {
            pid,
            group,
            trust,
            name: options.name,
            kernel,
            is_mirror: false,
            mailbox: Mailbox::default(),
            contacts: Mutex::default(),
            last_sender: LastSender::none(),
            watchers: Mutex::new(Some(Vec::new())),
            process: Mutex::new(Some(process)),
            run_state: RunState::ready(),
            killed: AtomicBool::new(false),
            is_back: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            can_relieve: AtomicBool::new(false),
            priority: AtomicU8::new(options.priority),
            virtual_time: AtomicU64::new(0),
            uncharged: AtomicU32::new(0),
            deadline_us: AtomicI64::new(NEVER),
            armed_us: AtomicI64::new(NEVER),
        }
    }

    pub(crate) fn gid(&self) -> Gid {
        self.group.gid
    }

    /// Makes sure that the process gets a turn. Returns whether it was parked: false if it is queued, runs or has
    /// ended.
    pub(crate) fn wake(self: &Arc<Entry>) -> bool {
        let was_parked = self.run_state.wake();
        if was_parked && let Some(kernel) = self.kernel.upgrade() {
            self.clone().give_turn(&kernel);
        }
        was_parked
    }

    /// Like [`Entry::wake`], for callers that have the kernel and an `Arc` of the process that they no longer need.
    #[inline]
    pub(crate) fn wake_in(self: Arc<Entry>, kernel: &Arc<Shared>) {
        if self.run_state.wake() {
            self.give_turn(kernel);
        }
    }

    /// Queues the process. A mirror instead gets its turn at once, since it only passes its messages on.
    fn give_turn(self: Arc<Entry>, kernel: &Arc<Shared>) {
        if self.is_mirror {
            worker::run_here(kernel, &self);
        } else {
            kernel.scheduler.make_ready(self);
        }
    }

    /// Requests the end of the process. It ends instead of its next turn; a turn that runs now is finished first.
    pub(crate) fn kill(self: &Arc<Entry>) {
        self.killed.store(true, Ordering::Release);
        self.wake();
    }

    /// Requests the end of the process, since contact with the process that it stands for was lost.
    pub(crate) fn lose(self: &Arc<Entry>) {
        self.lost.store(true, Ordering::Relaxed);
        self.kill();
    }

    /// Returns the reason why a process ends that was killed.
    pub(crate) fn killed_by(&self) -> Exit {
        if self.lost.load(Ordering::Relaxed) { Exit::Lost } else { Exit::Killed }
    }

    /// Delivers a message that must not be refused. Drops the message if the process has ended.
    pub(crate) fn deliver(self: &Arc<Entry>, about: &Entry, kind: MessageKind) {
        let message = Message { pid: about.pid, gid: about.gid(), kind };
        if self.mailbox.push(Lane::Reserved, message).is_ok() {
            self.wake();
        }
    }

    /// Frees the place of a notification that has been processed. Sends [`MessageKind::RoomAvailable`] to the senders
    /// for which there is room now.
    pub(crate) fn release(self: &Arc<Entry>, sender: Pid, topic: Topic, charge: usize) {
        self.tell_of_room(self.mailbox.release(sender, topic, charge, || self.now_us()));
    }

    /// Returns the time of the kernel; 0 once the kernel has ended.
    pub(crate) fn now_us(&self) -> i64 {
        self.kernel.upgrade().map_or(0, |kernel| kernel.clock.now_us())
    }

    pub(crate) fn tell_of_room(&self, waiting: Vec<RoomWaiter>) {
        for RoomWaiter { sender, about } in waiting {
            sender.deliver(self, MessageKind::RoomAvailable { about });
        }
    }

    /// Cuts off the resources whose notifications have not been processed for
    /// [`SLOW_CONSUMER_US`](crate::SLOW_CONSUMER_US), and sets a timer for the next check.
    pub(crate) fn check_slowness(self: &Arc<Entry>, now_us: i64) {
        let Slowness { slow, next_us } = self.mailbox.slowness(now_us);
        if let Some(next_us) = next_us
            && let Some(kernel) = self.kernel.upgrade()
        {
            kernel.timers.check_slowness_at(next_us, self.clone());
        }
        for (sender, client, handle) in slow {
            sender.deliver(self, MessageKind::SlowConsumer { client, handle });
            self.deliver(&sender, MessageKind::SlowConsumer { client, handle });
        }
    }
}
