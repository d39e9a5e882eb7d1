//! The supervisor: one state machine that holds all containers, and handles one event after another.
//!
//! [`Event`] lists everything that can wake it, besides the time at which [`Supervisor::due_us`] says that something is
//! due. It never waits: other threads wait until an OS process has connected or has ended, and report that as an event.
//! The [`Life`](crate::life) of a container determines when it runs.
//!
//! On a device a thread drives it: [`Supervisor::run_on_thread`]. In a simulation a test does, in virtual time.

mod event;
mod programs;
#[cfg(test)]
mod simulation;
mod slot;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use lucarne_host::System;
use lucarne_kernel::Gid;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_ports::{Output, Stream};
use lucarne_providers::storage::Media;
use lucarne_services::protocol::{Interface, interface};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::control::{ContainerCounters, Counters, Inspected, Installed, Listed, Refusal, State, Status};
use crate::image_checker::CheckedImage;
use crate::launcher::{ExecutableStart, Launcher, RunningContainer};
use crate::life::{Action, Life, Phase};
use crate::logs::Logs;
use crate::start::{Start, Usage};
use crate::store::State as Wish;
use crate::{ContainerName, ImageError, Images, Kind, Record, Settings, Store};

use self::slot::{ProgramOrigin, Slot};

pub(crate) use self::event::{Event, Reply};
pub(crate) use self::slot::Sent;

/// Sends events to the supervisor.
#[derive(Clone)]
pub(crate) struct Orders {
    events: Sender<Event>,
}

/// Everything that a supervisor works with.
pub(crate) struct Parts {
    /// The name of the device.
    pub(crate) name: String,
    /// The way back to the supervisor, for events that are still to come.
    pub(crate) orders: Orders,
    pub(crate) store: Arc<Store>,
    pub(crate) images: Arc<Images>,
    pub(crate) logs: Arc<Logs>,
    /// The storage of the containers.
    pub(crate) media: Media,
    pub(crate) launcher: Launcher,
    /// The output of the device itself.
    pub(crate) output: Arc<dyn Output>,
    pub(crate) clock: Clock,
    /// Whether each event is printed, with the time that it took.
    pub(crate) traces_events: bool,
}

pub(crate) struct Supervisor {
    parts: Parts,
    up_since_us: i64,
    slots: BTreeMap<ContainerName, Slot>,
    /// Containers that programs have started from the images of installed ones.
    instances: BTreeMap<Gid, Instance>,
    /// The containers whose interfaces are to be stored.
    unstored: BTreeSet<ContainerName>,
    /// The time at which they are stored, in microseconds of the clock.
    store_due_us: Option<i64>,
    /// Set when the device shuts down: no container starts any more.
    is_shutting_down: bool,
}

/// A container that a program has started from the image of an installed container.
struct Instance {
    of: ContainerName,
    container: RunningContainer,
}

/// The time, in microseconds, after which a run is taken to have provided all its interfaces.
const LONG_ENOUGH_TO_PROVIDE_US: i64 = 10_000_000;

/// The time from a report that a container provides an interface to the transaction that stores it, in microseconds.
const STORE_PROVIDED_US: i64 = 200_000;

/// The code of an executable that ends without having connected, but with code 0.
const UNCONNECTED: i32 = 1;

/// The name of the program that `lucarne run -d` has sent. No container of that name can be installed.
pub(crate) const SENT: &str = "run";

/// If this environment variable is set, a device prints each event of its supervisor, and the time that it took.
pub(crate) const TRACE_VARIABLE: &str = "LUCARNE_TRACE_EVENTS";

impl Orders {
    /// Returns a new channel: the sender of events, and the receiver for the supervisor.
    pub(crate) fn channel() -> (Orders, Receiver<Event>) {
        let (events, coming) = channel();
        (Orders { events }, coming)
    }

    /// Reports that a container provides an interface from now on.
    pub(crate) fn provided(&self, name: ContainerName, interface: Uuid) {
        self.send(Event::Provided { name, interface });
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// The reason why the supervisor refuses the command, or that the device shuts down.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Event) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply));
        answer.await.unwrap_or_else(|_| Err(Refusal::new("the device is going down")))
    }

    /// Sends a command and blocks the thread until its answer is there.
    ///
    /// # Errors
    /// As [`Orders::ask`].
    pub(crate) fn ask_blocking<T>(&self, command: impl FnOnce(Reply<T>) -> Event) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply));
        answer.blocking_recv().unwrap_or_else(|_| Err(Refusal::new("the device is going down")))
    }

    /// Ends all containers, and then the device.
    pub(crate) fn shut_down(&self) {
        self.send(Event::ShutDown);
    }

    /// Tells an instance to end, if it runs.
    pub(crate) fn stop_instance(&self, gid: Gid) {
        self.send(Event::StopInstance { gid });
    }

    pub(crate) fn send(&self, event: Event) {
        // A supervisor that has ended drops the reply with the event: its receiver gets an error.
        let _ = self.events.send(event);
    }
}

impl Supervisor {
    pub(crate) fn new(parts: Parts) -> Supervisor {
        Supervisor {
            up_since_us: parts.clock.now_us(),
            parts,
            slots: BTreeMap::new(),
            instances: BTreeMap::new(),
            unstored: BTreeSet::new(),
            store_due_us: None,
            is_shutting_down: false,
        }
    }

    /// Starts a thread that boots the device and handles its events, until it is shut down. The system of the containers
    /// ends after that.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(crate) fn run_on_thread(self, events: Receiver<Event>, system: System) -> io::Result<JoinHandle<()>> {
        let mut supervisor = self;
        thread::Builder::new().name("supervisor".to_owned()).spawn(move || {
            supervisor.boot();
            supervisor.run(&events);
            supervisor.store_provided();
            drop(supervisor);
            drop(system);
        })
    }

    fn run(&mut self, events: &Receiver<Event>) {
        while !self.is_done() {
            let event = match self.due_us() {
                Some(due_us) => {
                    let left_us = due_us.saturating_sub(self.now_us());
                    events.recv_timeout(Duration::from_micros(u64::try_from(left_us).unwrap_or(0)))
                }
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => self.handle(event),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Returns when [`Supervisor::tick`] is to be called, in microseconds of the clock.
    pub(crate) fn due_us(&self) -> Option<i64> {
        let lives = self.slots.values().filter_map(|slot| slot.life.due_us());
        lives.chain(self.store_due_us).min()
    }

    /// Returns whether the device is shut down and nothing runs any more.
    pub(crate) fn is_done(&self) -> bool {
        let is_empty = self.instances.is_empty() && self.slots.values().all(|slot| slot.running.is_none());
        self.is_shutting_down && is_empty
    }

    /// Handles an event. Replies that wait for the end of a container are sent by a later event.
    pub(crate) fn handle(&mut self, event: Event) {
        let traced = self.parts.traces_events.then(|| (event.to_string(), self.now_us()));
        self.dispatch(event);
        if let Some((text, start_us)) = traced {
            let took_us = self.now_us() - start_us;
            self.print(format_args!("event: {text} ({took_us} us)"));
        }
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Status { reply } => answer(reply, Ok(self.status())),
            Event::List { reply } => answer(reply, self.each(|_, _, listed| Ok(listed))),
            Event::Overview { reply } => {
                answer(reply, self.each(|_, slot, listed| Ok((listed, slot.usage()))))
            }
            Event::Counters { reply } => answer(reply, self.counters()),
            Event::Inspect { name, reply } => answer(reply, self.inspect(&name)),
            Event::Started { name, reply } => self.when_started(&name, reply),
            Event::Find { name, reply } => answer(reply, self.slot(&name).map(drop)),
            Event::Install { name, sent, settings, reply } => {
                answer(reply, self.install(&name, &sent, &settings));
            }
            Event::RunOnce { sent, settings, reply } => answer(reply, self.run_once(*sent, *settings)),
            Event::Uninstall { name, reply } => self.uninstall(&name, reply),
            Event::Start { name, reply } => answer(reply, self.start(&name)),
            Event::Stop { name, reply } => self.stop(&name, reply),
            Event::Restart { name, reply } => answer(reply, self.restart(&name)),
            Event::ShutDown => self.shut_down(),
            Event::Images { reply } => answer(reply, Ok(self.installed_images())),
            Event::NamesOf { id, reply } => answer(reply, Ok(self.names_of(id))),
            Event::Load { asker, id, reply } => answer(reply, self.load(asker.as_ref(), id)),
            Event::StartInstance { start, reply } => answer(reply, self.start_instance(*start)),
            Event::StopInstance { gid } => self.stop_instance(gid),
            Event::InstallImage { name, image, options, reply } => {
                answer(reply, self.install_image(&name, *image, options));
            }
            Event::Provided { name, interface } => self.provided(&name, interface),
            Event::Connected { name, run } => self.connected(&name, run),
            Event::Ended { name, run, code } => self.run_ended(&name, run, code),
            Event::InstanceEnded { gid, code, on_end } => self.instance_ended(gid, code, on_end),
        }
    }

    // -- Commands that change nothing --------------------------------------------------------------

    fn status(&self) -> Status {
        let running = self.slots.values().filter(|slot| slot.running.is_some()).count();
        let installed = self.slots.values().filter(|slot| slot.is_installed()).count();
        Status {
            name: self.parts.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            up_us: self.now_us() - self.up_since_us,
            installed: u32::try_from(installed).unwrap_or(u32::MAX),
            running: u32::try_from(running).unwrap_or(u32::MAX),
        }
    }

    fn counters(&self) -> Result<Counters, Refusal> {
        let containers = self.each(|name, slot, listed| {
            let log = self.parts.logs.container(name).map_err(Refusal::new)?.counts();
            let Usage { memory_bytes, cpu_us } = slot.usage();
            Ok(ContainerCounters {
                listed,
                starts: slot.starts.into(),
                ends: slot.ends,
                failures: slot.failures,
                log_lines: log.lines,
                log_dropped: log.dropped,
                network_refused: self.parts.launcher.residents.refused(name),
                memory_bytes,
                cpu_us,
                open_clients: None,
                open_resources: None,
            })
        });
        let log_bytes = self.parts.logs.bytes();
        Ok(Counters { status: self.status(), log_bytes, fabric: None, containers: containers? })
    }

    /// Looks at each container, in the order of installation.
    fn each<T>(
        &self,
        look: impl Fn(&ContainerName, &Slot, Listed) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_by_key(|(_, slot)| slot.place);
        slots.into_iter().map(|(name, slot)| look(name, slot, self.listed(name, slot))).collect()
    }

    fn inspect(&self, name: &ContainerName) -> Result<Inspected, Refusal> {
        let slot = self.slot(name)?;
        let image = slot.image(&self.parts.store)?;
        let bounds = slot.running.as_ref().map(|running| running.bounds(&slot.settings));
        Ok(Inspected {
            listed: self.listed(name, slot),
            digest: image.digest(),
            entry: image.manifest().entry.clone(),
            settings: slot.settings.clone(),
            starts: slot.starts,
            problem: slot.problem.clone(),
            bounds: bounds.unwrap_or_default(),
        })
    }

    // -- Commands ----------------------------------------------------------------------------------

    /// Installs a container. An old container of the same name runs until the new one is in the store.
    fn install(
        &mut self,
        name: &ContainerName,
        sent: &Sent,
        settings: &Settings,
    ) -> Result<Installed, Refusal> {
        let digest = sent.image().digest();
        let replaced = self.store_program(name, sent, settings)?;
        self.end_instances(name);
        self.change_life(name, Life::restart);
        Ok(Installed { digest, replaced })
    }

    fn run_once(&mut self, sent: Sent, settings: Settings) -> Result<(), Refusal> {
        let name: ContainerName = SENT.parse().map_err(Refusal::new)?;
        self.require_up()?;
        sent.check(&settings)?;
        self.parts.launcher.residents.reserve(&name, &settings.permissions).map_err(Refusal::new)?;
        self.put(&name, ProgramOrigin::Sent(Arc::new(sent)), settings, u64::MAX);
        self.end_instances(&name);
        self.change_life(&name, Life::restart);
        Ok(())
    }

    fn uninstall(&mut self, name: &ContainerName, reply: Reply<()>) {
        let forgotten = self.slot(name).and_then(|slot| match slot.program {
            ProgramOrigin::Installed { .. } => {
                self.parts.store.uninstall(name).map(drop).map_err(Refusal::new)
            }
            ProgramOrigin::Sent(_) => Ok(()),
        });
        match forgotten {
            Ok(()) => {
                self.end_instances(name);
                self.change_life_and_wait(name, |life, _| life.remove(), reply);
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    fn start(&mut self, name: &ContainerName) -> Result<(), Refusal> {
        self.store_wish(name, Wish::Enabled)?;
        self.change_life(name, Life::start);
        Ok(())
    }

    fn stop(&mut self, name: &ContainerName, reply: Reply<()>) {
        match self.store_wish(name, Wish::Stopped) {
            Ok(()) => {
                self.end_instances(name);
                self.change_life_and_wait(name, |life, _| life.stop(), reply);
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    fn restart(&mut self, name: &ContainerName) -> Result<(), Refusal> {
        self.store_wish(name, Wish::Enabled)?;
        self.end_instances(name);
        self.change_life(name, Life::restart);
        Ok(())
    }

    fn shut_down(&mut self) {
        self.is_shutting_down = true;
        let names: Vec<_> = self.slots.keys().cloned().collect();
        for name in names {
            self.end_instances(&name);
            self.change_life(&name, |life, _| life.stop());
        }
    }

    // -- Time ----------------------------------------------------------------------------------------

    fn now_us(&self) -> i64 {
        self.parts.clock.now_us()
    }

    /// Starts the containers that are installed and not stopped, in the order of installation.
    pub(crate) fn boot(&mut self) {
        let records = self.parts.store.list().unwrap_or_else(|error| {
            self.print(format_args!("the containers cannot be started: {error}"));
            Vec::new()
        });
        let wanted = records.iter().filter(|record| record.state == Wish::Enabled);
        let wanted: Vec<_> = wanted.map(|record| record.name.clone()).collect();
        records.into_iter().for_each(|record| self.put_record(record));
        let names: Vec<_> = self.slots.keys().cloned().collect();
        names.iter().for_each(|name| self.restore_reservations(name));
        // The first containers may look for interfaces that later containers provide.
        for name in &wanted {
            if let Some(slot) = self.slots.get_mut(name) {
                slot.announce(&self.parts.launcher);
            }
        }
        for name in &wanted {
            self.change_life(name, Life::start);
        }
    }

    /// Does the work that is due: starts containers, and stores which interfaces they provide.
    pub(crate) fn tick(&mut self) {
        let now_us = self.now_us();
        if self.store_due_us.is_some_and(|due_us| due_us <= now_us) {
            self.store_provided();
        }
        let is_due = |slot: &Slot| slot.life.due_us().is_some_and(|due_us| due_us <= now_us);
        let due = self.slots.iter().filter(|(_, slot)| is_due(slot));
        let names: Vec<_> = due.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.change_life(&name, Life::tick);
        }
    }

    // -- Programs and wishes -------------------------------------------------------------------------

    /// Stores a program. Returns whether it has replaced another one.
    fn store_program(
        &mut self,
        name: &ContainerName,
        sent: &Sent,
        settings: &Settings,
    ) -> Result<bool, Refusal> {
        if name.as_str() == SENT {
            return Err(Refusal::new(format_args!(
                "'{SENT}' is the name of programs that 'lucarne run -d' has sent"
            )));
        }
        if self.slots.get(name).is_some_and(|slot| slot.life.is_leaving()) {
            return Err(Refusal::new(format_args!("'{name}' is being uninstalled: wait for its end")));
        }
        self.require_up()?;
        sent.check(settings)?;
        self.parts.launcher.residents.reserve(name, &settings.permissions).map_err(Refusal::new)?;
        let CheckedImage { image, bytecode, .. } = &sent.checked;
        let record = self.parts.store.install(name, image, bytecode.as_ref(), settings, &sent.assets);
        if record.is_err() {
            self.restore_reservations(name);
        }
        let is_replaced = self.slots.contains_key(name);
        self.put_record(record.map_err(Refusal::new)?);
        Ok(is_replaced)
    }

    /// Reserves the interfaces of the installed container of this name, and only those. Releases all if there is none.
    fn restore_reservations(&self, name: &ContainerName) {
        let residents = &self.parts.launcher.residents;
        let Some(slot) = self.slots.get(name) else { return residents.release(name) };
        if let Err(reserved) = residents.reserve(name, &slot.settings.permissions) {
            self.log(name, &reserved.to_string());
        }
    }

    /// Fails if the device is going down.
    fn require_up(&self) -> Result<(), Refusal> {
        if self.is_shutting_down { Err(Refusal::new("the device is going down")) } else { Ok(()) }
    }

    fn put_record(&mut self, record: Record) {
        let program = ProgramOrigin::Installed { image: record.image, kind: record.kind };
        self.put(&record.name, program, record.settings, record.place);
        if let Some(slot) = self.slots.get_mut(&record.name) {
            slot.provided = record.provides.into_iter().collect();
        }
    }

    fn put(&mut self, name: &ContainerName, program: ProgramOrigin, settings: Settings, place: u64) {
        match self.slots.get_mut(name) {
            Some(slot) => slot.replace(program, settings, place),
            None => {
                self.slots.insert(name.clone(), Slot::new(program, settings, place));
            }
        }
    }

    /// Stores whether a container is to run, so that this still holds when the device starts again.
    fn store_wish(&mut self, name: &ContainerName, wish: Wish) -> Result<(), Refusal> {
        match self.slot(name)?.program {
            ProgramOrigin::Installed { .. } => self.parts.store.set_state(name, wish).map_err(Refusal::new),
            ProgramOrigin::Sent(_) => Ok(()),
        }
    }

    // -- Interfaces that containers provide ----------------------------------------------------------

    fn provided(&mut self, name: &ContainerName, interface: Uuid) {
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.provides.insert(interface);
        if slot.provided.insert(interface) {
            self.store_provided_soon(name);
        }
    }

    /// Updates the interfaces that are announced for the next run, if the run that has ended was long enough to provide
    /// all of them.
    fn update_provided(&mut self, name: &ContainerName) {
        let now_us = self.now_us();
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.announced.clear();
        let had_time = slot.started_us.is_some_and(|start_us| now_us - start_us >= LONG_ENOUGH_TO_PROVIDE_US);
        if had_time && slot.provided != slot.provides {
            slot.provided.clone_from(&slot.provides);
            self.store_provided_soon(name);
        }
    }

    /// Schedules the transaction that stores the interfaces of a container. It also stores those that other containers
    /// report until then, since each transaction waits for the disk.
    fn store_provided_soon(&mut self, name: &ContainerName) {
        if self.slots.get(name).is_some_and(Slot::is_installed) {
            self.unstored.insert(name.clone());
            let due_us = self.now_us().saturating_add(STORE_PROVIDED_US);
            self.store_due_us.get_or_insert(due_us);
        }
    }

    fn store_provided(&mut self) {
        self.store_due_us = None;
        let provided = std::mem::take(&mut self.unstored).into_iter().filter_map(|name| {
            let slot = self.slots.get(&name).filter(|slot| slot.is_installed())?;
            let provided = slot.provided.iter().copied().collect();
            Some((name, provided))
        });
        if let Err(error) = self.parts.store.set_provided(&provided.collect::<Vec<_>>()) {
            self.print(format_args!("the interfaces that containers provide cannot be stored: {error}"));
        }
    }

    // -- Lives ---------------------------------------------------------------------------------------

    /// Changes the life of a container, and does the action that follows.
    fn change_life(&mut self, name: &ContainerName, change: impl FnOnce(&mut Life, i64) -> Action) {
        let now_us = self.now_us();
        let Some(slot) = self.slots.get_mut(name) else { return };
        match change(&mut slot.life, now_us) {
            Action::Nothing => {}
            Action::Start { run } if self.is_shutting_down => self.ended(name, run, 0),
            Action::Start { run } => self.begin(name, run),
            Action::End => {
                if let Some(running) = &slot.running {
                    running.end();
                }
            }
            Action::Remove => self.remove(name),
        }
    }

    /// Changes the life of a container, and answers when it has ended.
    fn change_life_and_wait(
        &mut self,
        name: &ContainerName,
        change: impl FnOnce(&mut Life, i64) -> Action,
        reply: Reply<()>,
    ) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.ending.push(reply);
        }
        self.change_life(name, change);
        self.answer_ended(name);
    }

    fn remove(&mut self, name: &ContainerName) {
        let slot = self.slots.remove(name);
        self.restore_reservations(name);
        let removed = self.parts.logs.remove(name).map_err(|error| error.to_string());
        let forgotten = self.parts.media.forget(name.as_str()).map_err(|error| error.to_string());
        if let Err(error) = removed.and(forgotten) {
            self.print(format_args!("the log and the storage of '{name}' cannot be removed: {error}"));
        }
        slot.into_iter().flat_map(|slot| slot.ending).for_each(|reply| answer(reply, Ok(())));
    }

    fn answer_ended(&mut self, name: &ContainerName) {
        let Some(slot) = self.slots.get_mut(name).filter(|slot| slot.running.is_none()) else { return };
        std::mem::take(&mut slot.ending).into_iter().for_each(|reply| answer(reply, Ok(())));
    }

    fn begin(&mut self, name: &ContainerName, run: u64) {
        let now_us = self.now_us();
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.starts = slot.starts.saturating_add(1);
        slot.provides.clear();
        slot.started_us = Some(now_us);
        slot.announce(&self.parts.launcher);
        let (running, problem) = match self.start_run(name, run) {
            Ok(running) => (Some(running), None),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        if let Some(slot) = self.slots.get_mut(name) {
            slot.is_connected = running.is_some() && slot.identity().1 == Kind::Toit;
            (slot.running, slot.problem) = (running, problem.clone());
        }
        if let Some(problem) = problem {
            self.log(name, &format!("cannot be started: {problem}"));
            self.ended(name, run, 1);
        }
    }

    fn start_run(&mut self, name: &ContainerName, run: u64) -> Result<RunningContainer, Refusal> {
        let slot = self.slot(name)?;
        let (digest, kind) = slot.identity();
        let (orders, ended) = (self.parts.orders.clone(), name.clone());
        let on_end = move |code| orders.send(Event::Ended { name: ended, run, code });
        let output = self.parts.logs.container(name).map_err(Refusal::new)?;
        let assets = slot.assets(&self.parts.store)?;
        let announced = &slot.announced;
        let (settings, image_id, on_end) = (&slot.settings, digest.id(), Box::new(on_end));
        let start = Start { name, image_id, settings, assets, announced, output, on_end };
        match kind {
            Kind::Toit => {
                let image = self.parts.images.load(digest, || slot.load(&self.parts.store))?;
                Ok(self.parts.launcher.start_toit(image, start))
            }
            Kind::Executable | Kind::Component => {
                let image = slot.image(&self.parts.store)?;
                let file = self.parts.store.executable(&image).map_err(Refusal::new)?;
                let (orders, connected) = (self.parts.orders.clone(), name.clone());
                let on_connected = Box::new(move || orders.send(Event::Connected { name: connected, run }));
                let is_component = kind == Kind::Component;
                let executable = ExecutableStart { file, is_component, on_connected };
                self.parts.launcher.start_executable(executable, start).map_err(Refusal::new)
            }
        }
    }

    /// Answers when the present run has connected or failed: at once, if it has.
    fn when_started(&mut self, name: &ContainerName, reply: Reply<Option<String>>) {
        match self.slots.get_mut(name) {
            Some(slot) if slot.is_starting() => slot.starting.push(reply),
            Some(slot) => answer(reply, Ok(slot.problem.clone())),
            None => answer(reply, Err(Refusal::unknown(name))),
        }
    }

    fn connected(&mut self, name: &ContainerName, run: u64) {
        if let Some(slot) = self.slots.get_mut(name).filter(|slot| slot.life.run() == run) {
            slot.is_connected = true;
            slot.answer_started();
        }
    }

    /// Notes that a run ends without having connected, although it was not told to end. Returns the code of its end, which
    /// is a failure.
    fn note_unconnected(&mut self, name: &ContainerName, run: u64, code: i32) -> i32 {
        let is_failure = |slot: &&mut Slot| {
            slot.life.run() == run && !slot.is_connected && matches!(slot.life.phase(), Phase::Running { .. })
        };
        let Some(slot) = self.slots.get_mut(name).filter(is_failure) else { return code };
        // An executable that fails has told the reason itself.
        let hint = match slot.identity().1 {
            Kind::Executable if code == 0 => {
                ": an executable must connect as a container, with the crate 'lucarne'"
            }
            Kind::Toit | Kind::Executable | Kind::Component => "",
        };
        slot.problem = Some(format!("it ended with code {code} without connecting{hint}"));
        if code == 0 { UNCONNECTED } else { code }
    }

    fn run_ended(&mut self, name: &ContainerName, run: u64, code: i32) {
        let code = self.note_unconnected(name, run, code);
        // These replies are sent at the end of this run, even if the next run begins at once.
        let mut waiting = Vec::new();
        if let Some(slot) = self.slots.get_mut(name) {
            slot.running = None;
            waiting = std::mem::take(&mut slot.ending);
        }
        self.update_provided(name);
        if let Ok(log) = self.parts.logs.container(name) {
            log.end_lines();
        }
        self.ended(name, run, code);
        waiting.into_iter().for_each(|reply| answer(reply, Ok(())));
    }

    /// Handles the end of a run, or its failure to begin.
    fn ended(&mut self, name: &ContainerName, run: u64, code: i32) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.ends += 1;
            slot.failures += u64::from(code != 0);
        }
        self.change_life(name, |life, now_us| life.ended(run, code, now_us));
        if let Some(slot) = self.slots.get_mut(name).filter(|slot| !slot.is_starting()) {
            slot.answer_started();
        }
        match self.slots.get(name).map(|slot| slot.life.phase()) {
            Some(Phase::Waiting { until_us, code }) => {
                let wait_s = (until_us - self.now_us()).max(0) as f64 / 1e6;
                self.log(name, &format!("ended with code {code}, starts again in {wait_s:.1} s"));
            }
            Some(Phase::Ended { code }) if code != 0 => self.log(name, &format!("ended with code {code}")),
            _ => {}
        }
        self.answer_ended(name);
    }

    // -- Output and listings -------------------------------------------------------------------------

    /// Prints a line to the output of the device.
    fn print(&self, text: std::fmt::Arguments<'_>) {
        self.parts.output.write(Stream::Error, format!("{text}\n").as_bytes());
    }

    /// Adds a line about a container to its log.
    fn log(&self, name: &ContainerName, text: &str) {
        match self.parts.logs.container(name) {
            Ok(log) => log.system(text),
            Err(error) => self.print(format_args!("{name}: {text} (its log cannot be written: {error})")),
        }
    }

    fn slot(&self, name: &ContainerName) -> Result<&Slot, Refusal> {
        self.slots.get(name).ok_or_else(|| Refusal::unknown(name))
    }

    fn listed(&self, name: &ContainerName, slot: &Slot) -> Listed {
        let now_us = self.now_us();
        let state = match slot.life.phase() {
            Phase::Running { since_us } => State::Running { since_us: now_us - since_us },
            Phase::Stopping { .. } => State::Stopping,
            Phase::Stopped => State::Stopped,
            Phase::Waiting { until_us, code } => {
                State::Waiting { starts_in_us: (until_us - now_us).max(0), code }
            }
            Phase::Ended { code } => State::Ended { code },
        };
        let (digest, kind) = slot.identity();
        let is_provided = |interface: &&Interface| {
            interface.uuid.parse().is_ok_and(|uuid| slot.provides.contains(&uuid)) && slot.running.is_some()
        };
        let stands_in_for =
            interface::ALL.iter().filter(is_provided).map(|interface| interface.alias.to_owned());
        Listed {
            name: name.clone(),
            image: digest.id(),
            kind,
            state,
            stands_in_for: stands_in_for.collect(),
            exports: slot.settings.permissions.exports.clone(),
        }
    }
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Refusal {
        Refusal::new(error)
    }
}

fn answer<T>(reply: Reply<T>, result: Result<T, Refusal>) {
    // Sending fails if the sender of the command no longer waits.
    let _ = reply.send(result);
}
