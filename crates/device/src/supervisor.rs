//! Who decides: one thread that knows all containers, and does one thing after the other.
//!
//! Commands, ends of containers and times come to it as events. What takes long (to wait until an OS process has connected,
//! or for an end) is done elsewhere and comes back as an event. When a container runs follows from its
//! [`Life`](crate::life).

mod programs;
mod slot;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lucarne_kernel::Gid;
use lucarne_ports::{Output, Stream};
use lucarne_providers::storage::Media;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::control::{ContainerCounters, Counters, Inspected, Installed, Listed, Refusal, State, Status};
use crate::guest::{Guest, Guests};
use crate::life::{Action, Life, Phase};
use crate::logs::Logs;
use crate::native::NativeStart;
use crate::start::{Start, Usage};
use crate::store::State as Wish;
use crate::{ContainerName, Image, ImageError, Images, Kind, Record, Settings, Store, StoreError};

use self::slot::{Program, Slot};

pub(crate) use self::slot::Sent;

/// Something happens. What it is for is in the code.
pub(crate) type Event = Box<dyn FnOnce(&mut Supervisor) + Send>;

/// Whom an answer goes to. One that is dropped says that the device goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// The way to the supervisor.
#[derive(Clone)]
pub(crate) struct Orders {
    events: Sender<Event>,
}

pub(crate) struct Supervisor {
    name: String,
    up_since: Instant,
    orders: Orders,
    store: Arc<Store>,
    images: Images,
    logs: Arc<Logs>,
    /// What containers have stored.
    media: Media,
    guests: Guests,
    /// Where the device itself says things.
    output: Arc<dyn Output>,
    slots: BTreeMap<ContainerName, Slot>,
    /// What programs have started of the images of containers.
    instances: BTreeMap<Gid, Instance>,
    /// Set when the device is to go: nothing is started any more.
    is_going: bool,
}

/// A further container of an installed one's image.
struct Instance {
    of: ContainerName,
    guest: Guest,
}

/// A container that has run for so long has provided what it provides.
const LONG_ENOUGH_TO_PROVIDE: Duration = Duration::from_secs(10);

/// What the program that `lucarne run -d` has sent is called. Nobody can install one of that name.
pub(crate) const SENT: &str = "run";

impl Orders {
    /// The way to a supervisor that is to be started, and its end there.
    pub(crate) fn channel() -> (Orders, Receiver<Event>) {
        let (events, coming) = channel();
        (Orders { events }, coming)
    }

    /// A container provides an interface from now on.
    pub(crate) fn provided(&self, name: ContainerName, interface: Uuid) {
        self.tell(move |supervisor| supervisor.provided(&name, interface));
    }

    /// Has the supervisor do something, and waits for the answer.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Supervisor, Reply<T>) + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(move |supervisor| order(supervisor, reply));
        answer.await.unwrap_or_else(|_| Err(Refusal::new("the device is going down")))
    }

    /// The same, for a thread that waits.
    pub(crate) fn ask_here<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Supervisor, Reply<T>) + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(move |supervisor| order(supervisor, reply));
        answer.blocking_recv().unwrap_or_else(|_| Err(Refusal::new("the device is going down")))
    }

    /// Ends all containers, and then the device.
    pub(crate) fn shut_down(&self) {
        self.tell(Supervisor::shut_down);
    }

    /// Tells an instance to end, if it runs.
    pub(crate) fn stop_instance(&self, gid: Gid) {
        self.tell(move |supervisor| {
            if let Some(instance) = supervisor.instances.get(&gid) {
                instance.guest.end();
            }
        });
    }

    fn tell(&self, order: impl FnOnce(&mut Supervisor) + Send + 'static) {
        // One who has gone does nothing any more, which is what is said then.
        let _ = self.events.send(Box::new(order));
    }
}

impl Supervisor {
    /// Starts the thread, and on it all containers that are installed. It ends after [`Supervisor::shut_down`].
    pub(crate) fn start(
        (orders, coming): (Orders, Receiver<Event>),
        name: String,
        store: Arc<Store>,
        logs: Arc<Logs>,
        media: Media,
        guests: Guests,
        output: Arc<dyn Output>,
    ) -> Result<JoinHandle<()>, std::io::Error> {
        let mut supervisor = Supervisor {
            name,
            up_since: Instant::now(),
            orders,
            store,
            images: Images::default(),
            logs,
            media,
            guests,
            output,
            slots: BTreeMap::new(),
            instances: BTreeMap::new(),
            is_going: false,
        };
        thread::Builder::new().name("supervisor".to_owned()).spawn(move || {
            supervisor.boot();
            supervisor.run(&coming);
        })
    }

    fn run(&mut self, events: &Receiver<Event>) {
        while !(self.is_going && self.is_empty()) {
            let due = self.slots.values().filter_map(|slot| slot.life.due()).min();
            let event = match due {
                Some(due) => events.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => event(self),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Whether nothing runs.
    fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.slots.values().all(|slot| slot.guest.is_none())
    }

    // -- Orders -----------------------------------------------------------------------------------

    pub(crate) fn status(&mut self, reply: Reply<Status>) {
        answer(reply, Ok(self.status_now()));
    }

    fn status_now(&self) -> Status {
        let running = self.slots.values().filter(|slot| slot.guest.is_some()).count();
        let installed = self.slots.values().filter(|slot| slot.is_installed()).count();
        Status {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            up_us: micros(self.up_since.elapsed()),
            installed: u32::try_from(installed).unwrap_or(u32::MAX),
            running: u32::try_from(running).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn list(&mut self, reply: Reply<Vec<Listed>>) {
        answer(reply, self.each(|_, _, listed| Ok(listed)));
    }

    /// All containers, and what they use.
    pub(crate) fn overview(&mut self, reply: Reply<Vec<(Listed, Usage)>>) {
        answer(reply, self.each(|_, slot, listed| Ok((listed, slot.usage()))));
    }

    /// What is counted all the time.
    pub(crate) fn counters(&mut self, reply: Reply<Counters>) {
        let containers = self.each(|name, slot, listed| {
            let log = self.logs.container(name).map_err(Refusal::new)?.counts();
            let Usage { memory_bytes, cpu_us } = slot.usage();
            Ok(ContainerCounters {
                listed,
                starts: slot.starts.into(),
                ends: slot.ends,
                failures: slot.failures,
                log_lines: log.lines,
                log_dropped: log.dropped,
                memory_bytes,
                cpu_us,
            })
        });
        let (status, log_bytes) = (self.status_now(), self.logs.bytes());
        answer(reply, containers.map(|containers| Counters { status, log_bytes, containers }));
    }

    /// Something of each container, in the order of installation.
    fn each<T>(
        &self,
        look: impl Fn(&ContainerName, &Slot, Listed) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let now = Instant::now();
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_by_key(|(_, slot)| slot.place);
        slots.into_iter().map(|(name, slot)| look(name, slot, self.listed(name, slot, now)?)).collect()
    }

    pub(crate) fn inspect(&mut self, name: &ContainerName, reply: Reply<Inspected>) {
        let inspected = self.slot(name).and_then(|slot| {
            let image = slot.image(&self.store)?;
            Ok(Inspected {
                listed: self.listed(name, slot, Instant::now())?,
                digest: image.digest(),
                entry: image.manifest().entry.clone(),
                settings: slot.settings.clone(),
                starts: slot.starts,
                problem: slot.problem.clone(),
                bounds: slot.guest.as_ref().map(|guest| guest.bounds(&slot.settings)).unwrap_or_default(),
            })
        });
        answer(reply, inspected);
    }

    /// Installs a container, or replaces the one of that name, and starts it. Until the new one is in the store
    /// nothing happens to the old one.
    pub(crate) fn install(
        &mut self,
        name: &ContainerName,
        sent: Sent,
        settings: &Settings,
        reply: Reply<Installed>,
    ) {
        let digest = sent.image.digest();
        let installed = self.take_in(name, sent, settings).map(|replaced| {
            self.end_instances(name);
            self.order(name, Life::restart);
            Installed { digest, replaced }
        });
        answer(reply, installed);
    }

    /// Runs what was sent, in place of what was sent before.
    pub(crate) fn run_once(&mut self, sent: Sent, settings: Settings, reply: Reply<()>) {
        let name: ContainerName = match SENT.parse() {
            Ok(name) => name,
            Err(error) => return answer(reply, Err(Refusal::new(error))),
        };
        let checked = self.check(&sent.image).map(|()| {
            self.put(&name, Program::Sent(Arc::new(sent)), settings, u64::MAX);
            self.end_instances(&name);
            self.order(&name, Life::restart);
        });
        answer(reply, checked);
    }

    pub(crate) fn uninstall(&mut self, name: &ContainerName, reply: Reply<()>) {
        let forgotten = self.slot(name).and_then(|slot| match slot.program {
            Program::Installed { .. } => self.store.uninstall(name).map(drop).map_err(Refusal::new),
            Program::Sent(_) => Ok(()),
        });
        match forgotten {
            Ok(()) => {
                self.end_instances(name);
                self.order_and_wait(name, |life, _| life.remove(), reply);
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    pub(crate) fn start_container(&mut self, name: &ContainerName, reply: Reply<()>) {
        let noted = self.note_wish(name, Wish::Enabled);
        if noted.is_ok() {
            self.order(name, Life::start);
        }
        answer(reply, noted);
    }

    pub(crate) fn stop_container(&mut self, name: &ContainerName, reply: Reply<()>) {
        match self.note_wish(name, Wish::Stopped) {
            Ok(()) => {
                self.end_instances(name);
                self.order_and_wait(name, |life, _| life.stop(), reply);
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    pub(crate) fn restart_container(&mut self, name: &ContainerName, reply: Reply<()>) {
        let noted = self.note_wish(name, Wish::Enabled);
        if noted.is_ok() {
            self.end_instances(name);
            self.order(name, Life::restart);
        }
        answer(reply, noted);
    }

    /// Ends all containers and then the supervisor, which drops the answers that are still owed.
    fn shut_down(&mut self) {
        self.is_going = true;
        let names: Vec<_> = self.slots.keys().cloned().collect();
        for name in names {
            self.end_instances(&name);
            self.order(&name, |life, _| life.stop());
        }
    }

    /// Whether there is a container of that name, which then has a log.
    pub(crate) fn expect(&mut self, name: &ContainerName, reply: Reply<()>) {
        answer(reply, self.slot(name).map(drop));
    }

    // -- What follows -----------------------------------------------------------------------------

    /// Starts what is installed and not stopped, in the order of installation.
    fn boot(&mut self) {
        let records = self.store.list().unwrap_or_else(|error| {
            let text = format!("the containers cannot be started: {error}\n");
            self.output.write(Stream::Error, text.as_bytes());
            Vec::new()
        });
        let wanted = records.iter().filter(|record| record.state == Wish::Enabled);
        let wanted: Vec<_> = wanted.map(|record| record.name.clone()).collect();
        records.into_iter().for_each(|record| self.put_record(record));
        // Those that come first may look for what the later ones provide.
        for name in &wanted {
            if let Some(slot) = self.slots.get_mut(name) {
                slot.expect(&self.guests);
            }
        }
        for name in &wanted {
            self.order(name, Life::start);
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        let due = self.slots.iter().filter(|(_, slot)| slot.life.due().is_some_and(|due| due <= now));
        let names: Vec<_> = due.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.order(&name, Life::tick);
        }
    }

    /// Checks and stores a program. Says whether it took the place of another one.
    fn take_in(&mut self, name: &ContainerName, sent: Sent, settings: &Settings) -> Result<bool, Refusal> {
        if name.as_str() == SENT {
            return Err(Refusal::new(format_args!(
                "'{SENT}' is what programs of 'lucarne run -d' are called"
            )));
        }
        if self.slots.get(name).is_some_and(|slot| slot.life.is_leaving()) {
            return Err(Refusal::new(format_args!("'{name}' is being uninstalled: wait for its end")));
        }
        self.check(&sent.image)?;
        let record = self.store.install(name, &sent.image, settings, &sent.assets).map_err(Refusal::new)?;
        let is_replaced = self.slots.contains_key(name);
        self.put_record(record);
        Ok(is_replaced)
    }

    /// Whether an image can be run here.
    fn check(&mut self, image: &Image) -> Result<(), Refusal> {
        if self.is_going {
            return Err(Refusal::new("the device is going down"));
        }
        match image.manifest().kind {
            Kind::Toit => {
                let fetch = || Ok::<_, ImageError>(image.clone());
                self.images.load(image.digest(), fetch).map(drop).map_err(Refusal::new)
            }
            // What it is was read from its contents.
            Kind::Executable | Kind::Component => Ok(()),
        }
    }

    fn put_record(&mut self, record: Record) {
        let program = Program::Installed { image: record.image, kind: record.kind };
        self.put(&record.name, program, record.settings, record.place);
        if let Some(slot) = self.slots.get_mut(&record.name) {
            slot.provided = record.provides.into_iter().collect();
        }
    }

    /// A container provides an interface from now on.
    pub(crate) fn provided(&mut self, name: &ContainerName, interface: Uuid) {
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.provides.insert(interface);
        // It may be killed, with the whole device, before its end is noted.
        if slot.provided.insert(interface) {
            self.store_provided(name);
        }
    }

    /// A run has ended: what it did not provide is not expected of the next one, if it had time to.
    fn note_provided(&mut self, name: &ContainerName) {
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.expected.clear();
        let had_time = slot.started.is_some_and(|started| started.elapsed() >= LONG_ENOUGH_TO_PROVIDE);
        if had_time && slot.provided != slot.provides {
            slot.provided.clone_from(&slot.provides);
            self.store_provided(name);
        }
    }

    fn store_provided(&self, name: &ContainerName) {
        let Some(slot) = self.slots.get(name).filter(|slot| slot.is_installed()) else { return };
        let provided: Vec<_> = slot.provided.iter().copied().collect();
        match self.store.set_provided(name, &provided) {
            // It may have been uninstalled while it ran.
            Ok(()) | Err(StoreError::Unknown(_)) => {}
            Err(error) => self.say(name, &format!("what it provides cannot be noted: {error}")),
        }
    }

    fn put(&mut self, name: &ContainerName, program: Program, settings: Settings, place: u64) {
        match self.slots.get_mut(name) {
            Some(slot) => slot.replace(program, settings, place),
            None => {
                self.slots.insert(name.clone(), Slot::new(program, settings, place));
            }
        }
    }

    /// Remembers, beyond the device's end, whether a container is to run.
    fn note_wish(&mut self, name: &ContainerName, wish: Wish) -> Result<(), Refusal> {
        match self.slot(name)?.program {
            Program::Installed { .. } => self.store.set_state(name, wish).map_err(Refusal::new),
            Program::Sent(_) => Ok(()),
        }
    }

    /// Tells a container's life of something, and does what follows.
    fn order(&mut self, name: &ContainerName, order: impl FnOnce(&mut Life, Instant) -> Action) {
        let Some(slot) = self.slots.get_mut(name) else { return };
        let action = order(&mut slot.life, Instant::now());
        match action {
            Action::Nothing => {}
            Action::Start { run } if self.is_going => self.ended(name, run, 0),
            Action::Start { run } => self.begin(name, run),
            Action::End => {
                if let Some(guest) = &slot.guest {
                    guest.end();
                }
            }
            Action::Remove => {
                let slot = self.slots.remove(name);
                let removed = self.logs.remove(name).map_err(|error| error.to_string());
                let forgotten = self.media.forget(name.as_str()).map_err(|error| error.to_string());
                if let Err(error) = removed.and(forgotten) {
                    let text = format!("what is left of '{name}' cannot be removed: {error}\n");
                    self.output.write(Stream::Error, text.as_bytes());
                }
                slot.into_iter().flat_map(|slot| slot.ending).for_each(|reply| answer(reply, Ok(())));
            }
        }
    }

    /// The same for what is to end; the answer goes out when it has.
    fn order_and_wait(
        &mut self,
        name: &ContainerName,
        order: impl FnOnce(&mut Life, Instant) -> Action,
        reply: Reply<()>,
    ) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.ending.push(reply);
        }
        self.order(name, order);
        self.answer_ended(name);
    }

    fn answer_ended(&mut self, name: &ContainerName) {
        let Some(slot) = self.slots.get_mut(name).filter(|slot| slot.guest.is_none()) else { return };
        std::mem::take(&mut slot.ending).into_iter().for_each(|reply| answer(reply, Ok(())));
    }

    fn begin(&mut self, name: &ContainerName, run: u64) {
        let Some(slot) = self.slots.get_mut(name) else { return };
        slot.starts = slot.starts.saturating_add(1);
        slot.provides.clear();
        slot.started = Some(Instant::now());
        slot.expect(&self.guests);
        let (guest, problem) = match self.start_guest(name, run) {
            Ok(guest) => (Some(guest), None),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        if let Some(slot) = self.slots.get_mut(name) {
            (slot.guest, slot.problem) = (guest, problem.clone());
        }
        if let Some(problem) = problem {
            self.say(name, &format!("cannot be started: {problem}"));
            self.ended(name, run, 1);
        }
    }

    fn start_guest(&mut self, name: &ContainerName, run: u64) -> Result<Guest, Refusal> {
        let slot = self.slot(name)?;
        let (digest, kind) = slot.identity();
        let (orders, ended) = (self.orders.clone(), name.clone());
        let on_end = move |code| {
            orders.tell(move |supervisor| {
                if let Some(slot) = supervisor.slots.get_mut(&ended) {
                    slot.guest = None;
                }
                supervisor.note_provided(&ended);
                if let Ok(log) = supervisor.logs.container(&ended) {
                    log.end_lines();
                }
                supervisor.ended(&ended, run, code);
            });
        };
        let output = self.logs.container(name).map_err(Refusal::new)?;
        let assets = slot.assets(&self.store)?;
        let expected = &slot.expected;
        let (settings, image_id, on_end) = (&slot.settings, digest.id(), Box::new(on_end));
        let start = Start { name, image_id, settings, assets, expected, output, on_end };
        match kind {
            Kind::Toit => {
                let image = self.images.load(digest, || slot.image(&self.store))?;
                Ok(self.guests.start_toit(image, start))
            }
            Kind::Executable | Kind::Component => {
                let file = self.store.executable(&slot.image(&self.store)?).map_err(Refusal::new)?;
                let native = NativeStart { file, is_component: kind == Kind::Component };
                self.guests.start_native(native, start).map_err(Refusal::new)
            }
        }
    }

    /// A run has ended, or could not begin.
    fn ended(&mut self, name: &ContainerName, run: u64, code: i32) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.ends += 1;
            slot.failures += u64::from(code != 0);
        }
        self.order(name, |life, now| life.ended(run, code, now));
        match self.slots.get(name).map(|slot| slot.life.phase()) {
            Some(Phase::Waiting { until, code }) => {
                let wait = until.saturating_duration_since(Instant::now()).as_secs_f64();
                self.say(name, &format!("ended with code {code}, starts again in {wait:.1} s"));
            }
            Some(Phase::Ended { code }) if code != 0 => self.say(name, &format!("ended with code {code}")),
            _ => {}
        }
        self.answer_ended(name);
    }

    /// Notes something about a container in its log.
    fn say(&self, name: &ContainerName, text: &str) {
        match self.logs.container(name) {
            Ok(log) => log.system(text),
            Err(error) => {
                let text = format!("{name}: {text} (this is not in its log: {error})\n");
                self.output.write(Stream::Error, text.as_bytes());
            }
        }
    }

    // -- Looks ------------------------------------------------------------------------------------

    fn slot(&self, name: &ContainerName) -> Result<&Slot, Refusal> {
        self.slots.get(name).ok_or_else(|| Refusal::unknown(name))
    }

    fn listed(&self, name: &ContainerName, slot: &Slot, now: Instant) -> Result<Listed, Refusal> {
        let state = match slot.life.phase() {
            Phase::Running { since } => State::Running { since_us: micros(now.duration_since(since)) },
            Phase::Stopping { .. } => State::Stopping,
            Phase::Stopped => State::Stopped,
            Phase::Waiting { until, code } => {
                State::Waiting { starts_in_us: micros(until.saturating_duration_since(now)), code }
            }
            Phase::Ended { code } => State::Ended { code },
        };
        let (digest, kind) = slot.identity();
        Ok(Listed { name: name.clone(), image: digest.id(), kind, state })
    }
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Refusal {
        Refusal::new(error)
    }
}

fn answer<T>(reply: Reply<T>, result: Result<T, Refusal>) {
    // Who does not wait any more has lost interest.
    let _ = reply.send(result);
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
