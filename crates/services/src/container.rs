//! A container whose code is written in Rust: a process of the kernel, and handles for the threads that use it.
//!
//! A handle ([`Container`], a client or a proxy) can be used on any thread. The handles share [`Shared`] with the
//! process. Each part of it has its own lock, which is held for a short time and never while code of a user runs.
//!
//! The modules of the handles and the modules of the parts depend on each other. This cannot be avoided: a handle uses
//! the parts, and the parts contain handlers, clients and proxies, which contain handles.

use std::sync::{Arc, Weak};
use std::time::Duration;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::{Mutex, OnceLock};
use lucarne_kernel::{Gid, KernelHandle, Pid, Port, Process, RunningProgram, SpawnOptions};

use crate::agenda::{Agenda, Job, Timer};
use crate::books::Books;
use crate::calls::{Asked, Sending, micros};
use crate::failure::{CallError, Failed};
use crate::open_clients::OpenClients;
use crate::pending::Pending;
use crate::process::ContainerProcess;
use crate::promise::{Alarm, Promise};
use crate::provider::{ProviderBuilder, uninstalling};
use crate::wait::{Turns, wait};

/// A container in this OS process, with code in Rust.
///
/// A container is a process like any other, with its own pid and group; other processes cannot tell in which language
/// it is written. Its handlers and tasks run in its turns, one at a time: a task that blocks its thread delays all
/// others. This type is a handle, which is cheap to clone. The container ends when it is closed, or when no handle is
/// left and the container provides no service.
///
/// ```
/// # use lucarne_kernel::{Kernel, KernelOptions};
/// # use lucarne_services::{Container, Presence, ServiceManager};
/// # let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Default::default() });
/// # let manager = kernel.start_system(Box::new(ServiceManager::new(Presence::default())), Default::default());
/// # kernel.set_system_process(manager);
/// let container = Container::start(&kernel, "house");
/// assert_eq!(container.name(), "house");
/// container.close().wait().unwrap();
/// ```
#[derive(Clone)]
pub struct Container {
    life: Arc<Life>,
}

/// The state that all handles share. It is dropped with the last handle.
pub(crate) struct Life {
    shared: Arc<Shared>,
}

/// The state that the process and the handles share.
pub(crate) struct Shared {
    name: String,
    turns: Option<Arc<dyn Turns>>,
    port: OnceLock<Port>,
    program: OnceLock<RunningProgram>,
    life: Mutex<Weak<Life>>,
    pub(crate) agenda: Agenda,
    pub(crate) asked: Asked,
    pub(crate) open_clients: OpenClients,
    pub(crate) books: Books,
    /// The process of the service manager, and the number of this container's client there.
    pub(crate) discovery: OnceLock<(Pid, i64)>,
    /// Whether the process has to check in its next turn if it should end. Set before the nudge that causes this turn.
    may_end: AtomicBool,
    ending: Mutex<Ending>,
}

#[derive(Default)]
struct Ending {
    /// The process must end with its next turn.
    is_asked: bool,
    is_over: bool,
    /// The promises to callers of [`Container::close`].
    waiting: Vec<Promise<(), CallError>>,
    /// The system that the container belongs to has ended.
    is_cut_off: bool,
    /// The promises to callers of [`Container::ended`], kept when the container or its system has ended.
    watching: Vec<Promise<(), CallError>>,
}

impl Container {
    /// Starts a container in its own group. `name` is for display.
    pub fn start(kernel: &KernelHandle, name: &str) -> Container {
        let start = |process, options| Some(kernel.start(process, options));
        Container::start_by(kernel, name, None, start).expect("`KernelHandle::start` always starts a program")
    }

    /// Starts a container with ids that were assigned elsewhere, in a kernel without workers. Threads that wait for a
    /// result run the turns through `turns`, if it is given. Returns none if the pid is taken.
    pub fn start_as(
        kernel: &KernelHandle,
        name: &str,
        pid: Pid,
        gid: Gid,
        turns: Option<Arc<dyn Turns>>,
    ) -> Option<Container> {
        Container::start_by(kernel, name, turns, |process, options| {
            kernel.start_as(pid, gid, process, options)
        })
    }

    fn start_by(
        kernel: &KernelHandle,
        name: &str,
        turns: Option<Arc<dyn Turns>>,
        start: impl FnOnce(Box<dyn Process>, SpawnOptions) -> Option<RunningProgram>,
    ) -> Option<Container> {
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            turns,
            port: OnceLock::new(),
            program: OnceLock::new(),
            life: Mutex::default(),
            agenda: Agenda::default(),
            asked: Asked::default(),
            open_clients: OpenClients::default(),
            books: Books::new(kernel.random().next_u64()),
            discovery: OnceLock::new(),
            may_end: AtomicBool::new(false),
            ending: Mutex::default(),
        });
        let container = Container { life: Arc::new(Life { shared: shared.clone() }) };
        *shared.life.lock() = Arc::downgrade(&container.life);
        let process = ContainerProcess::new(shared.clone());
        let program = start(Box::new(process), SpawnOptions::named(name))?;
        if let Some(port) = kernel.port(program.first()) {
            shared.set_port(port);
        }
        let _ = shared.program.set(program);
        Some(container)
    }

    /// Returns the name of the container.
    pub fn name(&self) -> &str {
        &self.shared().name
    }

    /// Returns the id of the container's process.
    pub fn pid(&self) -> Pid {
        self.program().first()
    }

    /// Returns the id of the container's group.
    pub fn gid(&self) -> Gid {
        self.program().gid()
    }

    /// Begins a provider with the given name and version (such as `1.0` or `1.0.2`).
    pub fn provider(&self, name: &str, version: &str) -> ProviderBuilder {
        ProviderBuilder::new(self.clone(), name, version)
    }

    /// Runs a task in the turns of the container. The task is dropped when the container ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // If the container has ended, the task is dropped here.
        let _ = self.shared().spawn(Box::pin(task));
    }

    /// Runs a future on this thread until it is done. It needs no runtime.
    ///
    /// If the system is in another OS process, this thread runs the container's turns while it waits. So the work that
    /// the future waits for is done on this thread, without a switch to another thread.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        wait(self.shared().turns().map(|turns| &**turns), future)
    }

    /// Waits for the given time, by the clock of the system. The result can be awaited in any task, or waited for with
    /// `wait` on any thread.
    ///
    /// # Errors
    /// [`CallError::Closed`] if the container ends.
    pub fn sleep(&self, duration: Duration) -> Pending<(), CallError> {
        let shared = self.shared().clone();
        Pending::in_container(self.shared(), async move { Ok(shared.sleep(duration).await?) })
    }

    /// Uninstalls the providers of the container, closes its clients and components, and then ends it. Done when the
    /// container has ended.
    ///
    /// # Errors
    /// [`CallError::Closed`] if the container has ended already.
    pub fn close(&self) -> Pending<(), CallError> {
        let shared = self.shared().clone();
        let (promise, pending) = Pending::promised(&shared);
        if let Err(promise) = shared.wait_for_end(promise) {
            promise.keep(Err(CallError::Closed));
            return pending;
        }
        let closing = shared.clone();
        let _ = shared.spawn(Box::pin(async move {
            let uninstalling: Vec<Pending<(), CallError>> =
                closing.books.providers().iter().map(|info| uninstalling(&closing, info)).collect();
            // The container ends even if the service manager refuses this, so the error is ignored.
            for pending in uninstalling {
                let _ = pending.await;
            }
            // Sends all closes before the first wait: several frozen providers then cost the time limit only once.
            let closes: Vec<Pending<(), CallError>> =
                closing.open_clients.clients().iter().map(|client| client.close()).collect();
            for pending in closes {
                let _ = pending.await;
            }
            closing.open_clients.remove_components();
            closing.ask_for_end();
        }));
        pending
    }

    /// Ends the container at once. Drops its tasks without finishing them. Other processes are notified as for any
    /// process that ends.
    pub fn kill(&self) {
        self.program().stop(0);
    }

    /// Returns whether the container has ended.
    pub fn has_ended(&self) -> bool {
        self.program().code().is_some()
    }

    /// Completes when the container or its system has ended. A system in another OS process counts as ended when the
    /// connection to it is lost. A program that only provides services waits for this.
    ///
    /// # Errors
    /// None.
    pub fn ended(&self) -> Pending<(), CallError> {
        let (promise, pending) = Pending::promised(self.shared());
        self.shared().watch_end(promise);
        pending
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.life.shared
    }

    fn program(&self) -> &RunningProgram {
        self.shared().program.get().expect("set before the container is returned")
    }
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container").field("name", &self.name()).field("pid", &self.pid()).finish()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.shared.consider_end();
    }
}

impl Shared {
    /// Returns the port for sending. Returns none until the process has started.
    pub(crate) fn port(&self) -> Option<&Port> {
        self.port.get()
    }

    /// Returns the means to send requests.
    pub(crate) fn sending(&self) -> Sending<'_> {
        Sending { agenda: &self.agenda, port: self.port() }
    }

    pub(crate) fn set_port(&self, port: Port) {
        let _ = self.port.set(port);
    }

    /// Returns the source of turns, if no worker runs the container.
    pub(crate) fn turns(&self) -> Option<&Arc<dyn Turns>> {
        self.turns.as_ref()
    }

    pub(crate) fn spawn(&self, job: Job) -> Result<(), Job> {
        self.agenda.spawn(self.port(), job)
    }

    /// Returns an alarm that completes after the given time.
    pub(crate) fn alarm(&self, after: Duration) -> Result<Alarm, Failed> {
        let port = self.port().ok_or(Failed::Closed)?;
        let (promise, alarm) = Promise::new();
        let at_us = port.now_us().saturating_add(micros(after));
        self.agenda.set_timer(Some(port), at_us, Timer::Sleep(promise)).ok_or(Failed::Closed)?;
        Ok(alarm)
    }

    /// Waits for the given time. Unlike [`Container::sleep`] it needs no separate task.
    pub(crate) async fn sleep(&self, duration: Duration) -> Result<(), Failed> {
        let alarm = self.alarm(duration)?;
        std::future::poll_fn(|polled| alarm.poll(polled)).await
    }

    /// Returns a handle on the container, for code that runs in it.
    pub(crate) fn container(self: &Arc<Shared>) -> Container {
        let mut life = self.life.lock();
        if let Some(life) = life.upgrade() {
            return Container { life };
        }
        let new = Arc::new(Life { shared: self.clone() });
        *life = Arc::downgrade(&new);
        Container { life: new }
    }

    /// Returns whether the process should end: it was told to, or no handle is left and it provides no service.
    pub(crate) fn should_end(&self) -> bool {
        self.may_end.load(Ordering::Acquire)
            && self.may_end.swap(false, Ordering::AcqRel)
            && (self.ending.lock().is_asked
                || self.life.lock().strong_count() == 0 && self.books.offers_nothing())
    }

    fn ask_for_end(&self) {
        self.ending.lock().is_asked = true;
        self.consider_end();
    }

    /// Makes the process check in its next turn whether it should end. Must be called when the last handle is dropped,
    /// when a provider is uninstalled, and when the container was told to end.
    pub(crate) fn consider_end(&self) {
        self.may_end.store(true, Ordering::Release);
        self.agenda.nudge(self.port());
    }

    fn wait_for_end(&self, promise: Promise<(), CallError>) -> Result<(), Promise<(), CallError>> {
        let mut ending = self.ending.lock();
        if ending.is_over {
            return Err(promise);
        }
        ending.waiting.push(promise);
        Ok(())
    }

    fn watch_end(&self, promise: Promise<(), CallError>) {
        let mut ending = self.ending.lock();
        if ending.is_over || ending.is_cut_off {
            drop(ending);
            return promise.keep(Ok(()));
        }
        ending.watching.push(promise);
        drop(ending);
        if let Some(port) = self.port()
            && let Some(system) = port.system()
        {
            port.watch(system);
        }
    }

    /// Keeps the promises of [`Container::ended`], because the system has ended with all its processes.
    pub(crate) fn cut_off(&self) {
        let watching = {
            let mut ending = self.ending.lock();
            ending.is_cut_off = true;
            std::mem::take(&mut ending.watching)
        };
        watching.into_iter().for_each(|promise| promise.keep(Ok(())));
    }

    /// Records that the process has ended. From now on, operations on the remaining handles fail.
    pub(crate) fn end(&self) {
        self.books.end();
        self.open_clients.end();
        self.asked.end(self.sending());
        drop(self.agenda.end());
        let waiting = {
            let mut ending = self.ending.lock();
            ending.is_over = true;
            let watching = std::mem::take(&mut ending.watching);
            std::mem::take(&mut ending.waiting).into_iter().chain(watching)
        };
        waiting.for_each(|promise| promise.keep(Ok(())));
    }
}
