//! The table of processes, and the interface for the host.
//!
//! The source files for processes, groups, mailboxes, queues, timers and workers refer to each other, which
//! is inherent: a message wakes a process, a turn sends messages, and an end does both.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::sync::OnceLock;
use crate::sync::mpsc::sync_channel;
use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::entry::Entry;
use crate::group::Group;
use crate::long_work::Places;
use crate::mailbox::{Lane, Topic, charge_for};
use crate::observe::{Observers, observer};
use crate::random::Random;
use crate::scheduler::Scheduler;
use crate::spares::Spares;
use crate::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, thread, wait};
use crate::timers::Timers;
use crate::{
    About, Credit, Delivered, Exit, Gid, Held, Message, MessageKind, Observer, Observing, Party, Pid, Port,
    Process, Refused, Relieved, RunningProgram, SendError, SpawnOptions, Trust, death, worker,
};

/// A kernel with worker threads. Dropping it ends all processes and the threads.
pub struct Kernel {
    handle: KernelHandle,
}

/// The options for a new kernel.
pub struct KernelOptions {
    /// The number of threads that run processes; at least one.
    pub workers: usize,
    /// Callbacks for the host.
    pub hooks: Hooks,
}

/// Callbacks for the host, which must be quick. The observer is called on any thread. The others run on the threads
/// that run turns, or that drop the kernel.
#[derive(Default)]
pub struct Hooks {
    /// Called when a process has ended.
    pub on_end: Option<EndHook>,
    /// Receives reports of messages while they are observed, on any thread: see [`KernelHandle::observe`].
    pub observer: Option<Arc<dyn Observer>>,
    /// Called when all workers are idle: a good moment to write buffered output.
    pub on_idle: Option<Box<dyn Fn() + Send + Sync>>,
}

/// Called with each process that has ended.
pub type EndHook = Box<dyn Fn(&EndReport<'_>) + Send + Sync>;

/// The end of a process.
#[derive(Debug)]
pub struct EndReport<'r> {
    /// The process.
    pub pid: Pid,
    /// The group of the process.
    pub gid: Gid,
    /// The name of the process, as given when it was started.
    pub name: &'r str,
    /// The reason for its end.
    pub exit: &'r Exit,
}

/// A kernel, for use from any thread.
#[derive(Clone)]
pub struct KernelHandle {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) scheduler: Scheduler,
    pub(crate) timers: Timers,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) hooks: Hooks,
    pub(crate) observers: Observers,
    pub(crate) stopping: AtomicBool,
    /// All threads of the kernel: workers, threads that have left their worker (see `long_work`), spare threads, and
    /// the keeper that starts the spare threads (see `spares`).
    pub(crate) threads: Mutex<Vec<thread::JoinHandle<()>>>,
    /// The number of threads that have left their worker.
    pub(crate) threads_left: AtomicUsize,
    pub(crate) places: Places,
    pub(crate) spares: Spares,
    table: Mutex<FxHashMap<Pid, Arc<Entry>>>,
    next_pid: AtomicI64,
    next_gid: AtomicI64,
    system: Mutex<Option<Arc<Entry>>>,
    system_group: Arc<Group>,
    programs: Mutex<usize>,
    no_programs: Condvar,
    mirrors: OnceLock<MirrorMaker>,
}

/// Makes the process that stands for a process of another kernel. Returns `None` if there is no such process.
pub type MirrorMaker = Box<dyn Fn(Pid) -> Option<Box<dyn Process>> + Send + Sync>;

impl Kernel {
    /// Starts the worker threads.
    ///
    /// # Panics
    /// If the operating system cannot start threads.
    pub fn new(options: KernelOptions) -> Kernel {
        let workers = options.workers.max(1);
        let shared = Arc::new(Shared::new(
            Scheduler::with_workers(workers),
            Clock::real(),
            Random::from_os(),
            options.hooks,
        ));
        for index in 0..workers {
            worker::start(&shared, index).expect("the operating system gives threads");
        }
        Kernel { handle: KernelHandle { shared } }
    }

    /// Returns the kernel, for use from any thread.
    pub fn handle(&self) -> &KernelHandle {
        &self.handle
    }
}

impl std::ops::Deref for Kernel {
    type Target = KernelHandle;

    fn deref(&self) -> &KernelHandle {
        &self.handle
    }
}

impl Drop for Kernel {
    /// 1. The workers finish their turns and end. 2. The remaining processes end here, in the order of their pids.
    ///    3. The timers and queues release them.
    fn drop(&mut self) {
        let shared = &self.handle.shared;
        shared.stopping.store(true, Ordering::Release);
        shared.scheduler.idle.wake_all();
        shared.spares.close();
        // Threads with long work may have started others meanwhile.
        while let Some(thread) = { shared.threads.lock().pop() } {
            // A worker catches the panics of processes; its own panic has been reported by now.
            let _ = thread.join();
        }
        shared.end_all();
    }
}

impl KernelHandle {
    /// Starts a program: a guest process in a group of its own.
    pub fn start(&self, process: Box<dyn Process>, options: SpawnOptions) -> RunningProgram {
        self.prepare().start(process, options)
    }

    /// Returns a group without processes, for callers that need its id before its first process
    /// runs.
    pub fn prepare(&self) -> Prepared {
        Prepared { shared: self.shared.clone(), group: self.shared.new_group() }
    }

    /// Starts a process of the system.
    pub fn start_system(&self, process: Box<dyn Process>, options: SpawnOptions) -> Pid {
        self.shared.start(process, self.shared.system_group.clone(), Trust::System, options).pid
    }

    /// Starts a program with ids that were assigned elsewhere, in a kernel that assigns none
    /// itself. Returns none if the pid is taken.
    pub fn start_as(
        &self,
        pid: Pid,
        gid: Gid,
        process: Box<dyn Process>,
        options: SpawnOptions,
    ) -> Option<RunningProgram> {
        let group = self.shared.program_as(gid);
        let entry = self.shared.entry(pid, group.clone(), Trust::Guest, options, process);
        if self.shared.enrol(entry.into()).is_none() {
            self.shared.program_ended();
            return None;
        }
        Some(RunningProgram { group })
    }

    /// Makes a *mirror* for each unknown pid from now on: `maker` makes a process when a process sends a message to the
    /// pid or watches it, or on a call of [`mirror`](KernelHandle::mirror) or
    /// [`set_system_process`](KernelHandle::set_system_process). A mirror has the trust of the system.
    /// A thread that wakes a mirror, such as a sender, runs the mirror's turn at once. A mirror must only pass on the
    /// messages in its mailbox. Only the first call of this has an effect.
    pub fn set_mirrors(&self, maker: MirrorMaker) {
        let _ = self.shared.mirrors.set(maker);
    }

    /// Returns a handle that sends in the name of the mirror of `pid`, and stamps its messages with the group `gid`.
    pub fn mirror(&self, pid: Pid, gid: Gid) -> Option<Port> {
        let entry = self.shared.find_or_mirror(pid)?;
        Some(Port::new(self.shared.clone(), entry).stamped(gid))
    }

    /// Sets the driver in which idle workers wait. Returns false if there is one already; it stays.
    pub fn set_driver(&self, driver: Arc<dyn Driver>) -> bool {
        let is_set = self.shared.scheduler.idle.set_driver(driver);
        // A worker that is asleep by now is not waiting in the driver, so one worker is woken.
        self.shared.scheduler.wake_worker();
        is_set
    }

    /// Returns the process that [`Pid::SYSTEM`] stands for.
    pub fn system_process(&self) -> Option<Pid> {
        self.shared.system_process().map(|entry| entry.pid)
    }

    /// Sets the process that [`Pid::SYSTEM`] stands for. It gets [`MessageKind::ProcessTerminated`] for each process
    /// that ends.
    pub fn set_system_process(&self, pid: Pid) {
        *self.shared.system.lock() = self.shared.find_or_mirror(pid);
    }

    /// Ends a process.
    pub fn kill(&self, pid: Pid) {
        if let Some(entry) = self.shared.find(pid) {
            entry.kill();
        }
    }

    /// Ends a process that stands for one on another machine, since contact with that machine was lost: as
    /// [`KernelHandle::kill`], but its watchers are told the reason.
    pub fn lose(&self, pid: Pid) {
        if let Some(entry) = self.shared.find(pid) {
            entry.lose();
        }
    }

    /// Gives a process another turn.
    pub fn wake(&self, pid: Pid) {
        if let Some(entry) = self.shared.find(pid) {
            entry.wake();
        }
    }

    /// Returns a handle that gives a process turns without looking it up each time.
    pub fn waker(&self, pid: Pid) -> Option<Waker> {
        self.shared.find(pid).map(|entry| Waker::new(&entry))
    }

    /// Returns a handle that sends in the name of a process from any thread.
    pub fn port(&self, pid: Pid) -> Option<Port> {
        self.shared.find(pid).map(|entry| Port::new(self.shared.clone(), entry))
    }

    /// Sends a value from outside to a process, stamped with the system's ids.
    ///
    /// # Errors
    /// [`SendError::NoSuchProcess`] or [`SendError::Full`], with the payload.
    pub fn send_external(&self, to: Pid, payload: Payload) -> Result<(), Refused> {
        let Some(target) = self.shared.find(to) else {
            return Err(Refused { error: SendError::NoSuchProcess, payload });
        };
        let credit =
            Credit::new(target.clone(), Pid::SYSTEM, Topic::About(About::External), charge_for(&payload));
        let bytes = payload.size();
        let kind = MessageKind::External { payload, credit };
        match target.mailbox.push(Lane::Notification, Message { pid: Pid::SYSTEM, gid: Gid::SYSTEM, kind }) {
            Ok(()) => {
                if let Some(observer) = observer(&self.shared) {
                    let sender = Party { pid: Pid::SYSTEM, gid: Gid::SYSTEM };
                    let receiver = Party { pid: target.pid, gid: target.gid() };
                    observer.delivered(&Delivered { sender, receiver, bytes });
                }
                target.wake();
                Ok(())
            }
            Err((error, message)) => Err(Refused { error, payload: message.kind.take_notification() }),
        }
    }

    /// Sends a request to free memory to all processes that have subscribed to memory pressure. Waits until they have
    /// done so, for at most `patience`. Must not be called in a turn of a process.
    pub fn relieve(&self, patience: Duration) {
        let (done, all_done) = sync_channel(0);
        for entry in self.shared.all() {
            if entry.can_relieve.load(Ordering::Relaxed) {
                entry.deliver(&entry, MessageKind::MemoryPressure { done: Relieved(done.clone()) });
            }
        }
        drop(done);
        // No value is ever sent: the wait is over when all processes have dropped their ends.
        let _ = all_done.recv_timeout(patience);
    }

    /// Reports messages to the kernel's [observer](Hooks::observer) until the result is dropped. There may be several
    /// observations at a time; each message is reported once.
    pub fn observe(&self) -> Observing {
        Observing::new(self.shared.clone())
    }

    /// Returns the group of a process, if it exists.
    pub fn gid_of(&self, pid: Pid) -> Option<Gid> {
        self.shared.find(pid).map(|entry| entry.gid())
    }

    /// Returns whether both handles belong to the same kernel.
    pub fn is_same(&self, other: &KernelHandle) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns whether a process exists.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.shared.find(pid).is_some()
    }

    /// Returns the number of processes, those of the system included.
    pub fn process_count(&self) -> usize {
        self.shared.table.lock().len()
    }

    /// Returns what all mailboxes hold. Messages that move meanwhile may be missing or counted twice.
    pub fn held(&self) -> Held {
        let mut held = Held::default();
        self.shared.all().iter().for_each(|entry| entry.mailbox.add_to(&mut held));
        held
    }

    /// Blocks until all programs have ended.
    pub fn wait_for_programs(&self) {
        let mut programs = self.shared.programs.lock();
        while *programs > 0 {
            programs = wait(&self.shared.no_programs, programs);
        }
    }

    /// Returns the clock of the kernel.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Returns the random numbers of the kernel.
    pub fn random(&self) -> &Random {
        &self.shared.random
    }
}

/// A group without processes.
pub struct Prepared {
    shared: Arc<Shared>,
    group: Arc<Group>,
}

impl Prepared {
    /// Returns the id of the group.
    pub fn gid(&self) -> Gid {
        self.group.gid
    }

    /// Starts the program, as [`KernelHandle::start`].
    pub fn start(self, process: Box<dyn Process>, options: SpawnOptions) -> RunningProgram {
        let Prepared { shared, group } = self;
        shared.program_starts();
        shared.start(process, group.clone(), Trust::Guest, options);
        RunningProgram { group }
    }
}

/// Gives one process turns, from any thread.
#[derive(Clone)]
pub struct Waker {
    entry: Weak<Entry>,
}

impl Waker {
    pub(crate) fn new(entry: &Arc<Entry>) -> Waker {
        Waker { entry: Arc::downgrade(entry) }
    }

    /// Returns whether the process has not ended yet.
    pub fn is_alive(&self) -> bool {
        self.entry.upgrade().is_some_and(|entry| !entry.run_state.has_ended())
    }

    /// Gives the process another turn, unless it has ended.
    pub fn wake(&self) {
        self.try_wake();
    }

    /// Gives the process another turn. Returns whether the process was parked: false if it is queued, runs or has
    /// ended.
    pub fn try_wake(&self) -> bool {
        self.entry.upgrade().is_some_and(|entry| entry.wake())
    }
}

impl Shared {
    pub(crate) fn new(scheduler: Scheduler, clock: Clock, random: Random, hooks: Hooks) -> Shared {
        let places = Places::new(scheduler.workers());
        Shared {
            scheduler,
            timers: Timers::new(),
            clock,
            random,
            hooks,
            observers: Observers::none(),
            stopping: AtomicBool::new(false),
            threads: Mutex::default(),
            threads_left: AtomicUsize::new(0),
            places,
            spares: Spares::default(),
            table: Mutex::default(),
            next_pid: AtomicI64::new(1),
            next_gid: AtomicI64::new(1),
            system: Mutex::new(None),
            system_group: Arc::new(Group::new(Gid::SYSTEM)),
            programs: Mutex::new(0),
            no_programs: Condvar::new(),
            mirrors: OnceLock::new(),
        }
    }

    pub(crate) fn start(
        self: &Arc<Shared>,
        process: Box<dyn Process>,
        group: Arc<Group>,
        trust: Trust,
        options: SpawnOptions,
    ) -> Arc<Entry> {
        let pid = Pid::from_i64(self.next_pid.fetch_add(1, Ordering::Relaxed));
        let entry = Arc::new(self.entry(pid, group, trust, options, process));
        self.enrol(entry.clone());
        entry
    }

    fn entry(
        self: &Arc<Shared>,
        pid: Pid,
        group: Arc<Group>,
        trust: Trust,
        options: SpawnOptions,
        process: Box<dyn Process>,
    ) -> Entry {
        Entry::new(pid, group, trust, options, process, Arc::downgrade(self))
    }

    /// Adds a new process and queues it. A mirror is not queued: it runs at once. If the kernel or the group is stopping,
    /// the new process ends at once. Returns none if the pid is taken; the kernel is then unchanged.
    fn enrol(self: &Arc<Shared>, entry: Arc<Entry>) -> Option<()> {
        {
            let mut table = self.table.lock();
            if table.contains_key(&entry.pid) {
                return None;
            }
            table.insert(entry.pid, entry.clone());
        }
        let has_joined = entry.group.join(&entry);
        // A process added after the end of the kernel would wait forever for a turn. One that waits for a turn outside its
        // group could exist after the program has been reported as ended.
        if !has_joined || self.stopping.load(Ordering::Acquire) {
            death::end(self, &entry, &Exit::Killed);
        } else if entry.is_mirror {
            worker::run_here(self, &entry);
        } else {
            self.scheduler.make_ready(entry);
        }
        Some(())
    }

    pub(crate) fn new_program(&self) -> Arc<Group> {
        self.program_starts();
        self.new_group()
    }

    fn new_group(&self) -> Arc<Group> {
        Arc::new(Group::new(Gid::from_i64(self.next_gid.fetch_add(1, Ordering::Relaxed))))
    }

    fn program_as(&self, gid: Gid) -> Arc<Group> {
        self.program_starts();
        Arc::new(Group::new(gid))
    }

    fn program_starts(&self) {
        *self.programs.lock() += 1;
    }

    pub(crate) fn program_ended(&self) {
        let mut programs = self.programs.lock();
        *programs -= 1;
        if *programs == 0 {
            self.no_programs.notify_all();
        }
    }

    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<Entry>> {
        self.table.lock().get(&pid).cloned()
    }

    /// Returns the process with that pid, or the mirror made for it.
    pub(crate) fn find_or_mirror(self: &Arc<Shared>, pid: Pid) -> Option<Arc<Entry>> {
        let found = self.find(pid);
        match self.mirrors.get() {
            Some(maker) if found.is_none() => self.make_mirror(pid, maker),
            _ => found,
        }
    }

    fn make_mirror(self: &Arc<Shared>, pid: Pid, maker: &MirrorMaker) -> Option<Arc<Entry>> {
        let process = maker(pid)?;
        // The group with which its messages are stamped is known only when they are sent.
        let options = SpawnOptions::named("mirror");
        let mut entry = self.entry(pid, self.system_group.clone(), Trust::System, options, process);
        entry.is_mirror = true;
        let entry = Arc::new(entry);
        match self.enrol(entry.clone()) {
            Some(()) => Some(entry),
            // Another thread has made the mirror meanwhile.
            None => self.find(pid),
        }
    }

    pub(crate) fn remove(&self, pid: Pid) {
        self.table.lock().remove(&pid);
    }

    pub(crate) fn system_process(&self) -> Option<Arc<Entry>> {
        self.system.lock().clone()
    }

    /// Returns all processes, in the order of their pids.
    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        let mut all: Vec<_> = self.table.lock().values().cloned().collect();
        all.sort_by_key(|entry| entry.pid);
        all
    }

    /// Tells `watcher` when `pid` ends; at once, if `pid` has ended or never existed.
    pub(crate) fn watch(self: &Arc<Shared>, watcher: &Arc<Entry>, pid: Pid) {
        if let Some(entry) = self.find_or_mirror(pid)
            && let Some(watchers) = entry.watchers.lock().as_mut()
        {
            if !watchers.iter().any(|other| other.pid == watcher.pid) {
                watchers.retain(|other| !other.run_state.has_ended());
                watchers.push(watcher.clone());
            }
            return;
        }
        death::tell_of_unknown(watcher, pid);
    }

    /// Ends the remaining processes. Must only be called when no worker runs any more.
    pub(crate) fn end_all(self: &Arc<Shared>) {
        self.stopping.store(true, Ordering::Release);
        self.system.lock().take();
        for entry in self.all() {
            death::end(self, &entry, &Exit::Killed);
        }
        self.timers.clear();
        self.scheduler.clear();
    }
}
