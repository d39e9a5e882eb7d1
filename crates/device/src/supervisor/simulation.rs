//! Devices under simulation: supervisor, store, logs and containers on one thread, in virtual time, by a seed.
//!
//! The seed chooses the commands, how executables behave, which processes are killed, when the power is cut, which
//! writes to the disk survive that, and how the clocks jump. After each event, [`checks`] checks the invariants; after
//! each power cut, the store must have all changes that were finished before it. A seed that fails is printed:
//! `LUCARNE_SEED=N` replays it alone.

mod checks;
mod executables;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use lucarne_host::SimulatedSystem;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::sync::{Mutex, OnceLock};
use lucarne_kernel::{Faults, KernelHandle, Step};
use lucarne_ports::CapturedOutput;
use lucarne_ports::containers::InstallOptions;
use lucarne_services::{Oversight, Policies, Value};
use tempfile::TempDir;

use self::checks::{Checks, Happened};
use self::executables::SimulatedExecutables;
use super::*;
use crate::daemon::{logs_of, noting, owners};
use crate::disk::{Disk, Platter};
use crate::image::Manifest;
use crate::image_checker::{CheckedImage, ImageChecker};
use crate::instances::{InstanceStart, Instances, Loaded};
use crate::logs::{LogLimits, MemoryFiles};
use crate::residents::Residents;
use crate::{Digest, Image, Restart};

/// The seeds of a usual test run, which takes a few seconds.
const SEEDS: u64 = 50;

/// The seeds of the long run.
const SEEDS_LONG: u64 = 1_000;

/// The number of commands, power cuts, restarts and clock jumps of a run.
const ROUNDS: usize = 50;

/// The limit of steps between two commands. A device that is not idle by then never will be.
const STEPS_MAX: usize = 300_000;

/// The longest virtual time that a command may take: an executable ends within 3 s.
const ANSWER_US: i64 = 10_000_000;

const SECOND_US: i64 = 1_000_000;

const LIMITS: LogLimits =
    LogLimits { container_bytes: 64 << 10, device_bytes: 160 << 10, waiting_bytes: 32 << 10 };

/// Toit programs: one that ends, one that fails after a while, and one that goes on.
const PROGRAMS: [&str; 3] = [
    "main:\n  print \"done\"\n",
    "main:\n  sleep --ms=700\n  throw \"failed\"\n",
    "main:\n  while true:\n    print \"tick\"\n    sleep --ms=900\n",
];

#[test]
fn devices_keep_what_they_promise() {
    run_seeds(0..SEEDS);
}

#[test]
#[ignore = "takes ten seconds in a debug build"]
fn devices_keep_what_they_promise_for_a_thousand_seeds() {
    run_seeds(0..SEEDS_LONG);
}

#[test]
fn a_seed_repeats_itself() {
    let run = |seed| World::new(seed).run();
    let first = run(7);
    assert!(first.contains("event: install 'c"), "events are traced: {first}");
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
}

fn run_seeds(seeds: std::ops::Range<u64>) {
    let chosen = std::env::var("LUCARNE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = chosen.map_or(seeds, |seed| seed..seed + 1);
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(World::new(seed).run()))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            panic!("seed {seed} failed, LUCARNE_SEED={seed} replays it: {}", text.unwrap_or_default());
        }
    }
}

/// A machine, of which only the disk survives a power cut.
struct World {
    random: fastrand::Rng,
    output: Arc<CapturedOutput>,
    executables: TempDir,
    /// The content that the disk surely had when the device was started.
    synced: Vec<u8>,
    disk: Disk,
    files: MemoryFiles,
    images: Vec<Image>,
    loaded: Arc<Images>,
    /// The instances that were started, and those of them that have ended.
    instances: Arc<(AtomicUsize, AtomicUsize)>,
}

/// A device that runs.
struct Device {
    // This is the first field, so that the supervisor is dropped before the system that its containers are in.
    supervisor: Supervisor,
    events: Receiver<Event>,
    orders: Orders,
    logs: Arc<Logs>,
    residents: Residents,
    clock: Clock,
    system: SimulatedSystem,
    checks: Checks,
    /// The required content of the store, by the number of disk steps after which it is required.
    history: Vec<(usize, Contents)>,
    pending: Vec<Pending>,
    /// The instances that were prepared and not started yet, and the groups of those that were started.
    loaded: Arc<Mutex<Vec<Loaded>>>,
    gids: Vec<Gid>,
}

/// The installed containers.
type Contents = BTreeMap<ContainerName, Kept>;

#[derive(Debug, Clone, PartialEq)]
struct Kept {
    image: Digest,
    arguments: Vec<String>,
    wish: Wish,
}

/// A command whose answer is still to come.
struct Pending {
    text: String,
    since_us: i64,
    /// Returns whether the answer has come.
    look: Box<dyn FnMut() -> Answered>,
}

#[derive(PartialEq, Eq)]
enum Answered {
    Yes,
    NotYet,
    Dropped,
}

impl World {
    fn new(seed: u64) -> World {
        let (random, clock) = (fastrand::Rng::with_seed(seed), Clock::simulated());
        let (images, loaded) = images();
        World {
            random,
            output: Arc::default(),
            executables: tempfile::tempdir().expect("temporary files can be made"),
            synced: Vec::new(),
            disk: Disk::default(),
            files: MemoryFiles::new(clock),
            images,
            loaded,
            instances: Arc::default(),
        }
    }

    /// Runs the machine, and returns the output of its devices.
    fn run(mut self) -> String {
        let mut device = self.boot(&[Contents::new()]);
        for _ in 0..ROUNDS {
            match self.random.u8(..40) {
                0 => device = self.cut_power(device),
                1 => device = self.shut_down_and_boot(device),
                2 => device.clock.shift_wall(self.random.i64(-90_000 * SECOND_US..90_000 * SECOND_US)),
                3 => device.jump(self.random.i64(0..5_000 * SECOND_US)),
                _ => self.command(&mut device),
            }
            let time_us = match self.random.u8(..10) {
                0 => self.random.i64(0..100 * SECOND_US),
                1..5 => self.random.i64(0..3 * SECOND_US),
                _ => 0,
            };
            self.advance(&mut device, time_us);
        }
        self.shut_down(device);
        let text = self.output.text(Stream::Error);
        assert!(!text.contains("ended by a fault"), "{text}");
        text
    }

    // -- Starts and ends of the device ---------------------------------------------------------------

    /// Starts a device on the disk, which must have one of these contents.
    fn boot(&mut self, allowed: &[Contents]) -> Device {
        let store = Arc::new(self.open_store());
        let kept = |record: Record| {
            let Record { name, image, settings, state, .. } = record;
            (name, Kept { image, arguments: settings.arguments, wish: state })
        };
        let found: Contents = store.list().expect("the store is whole").into_iter().map(kept).collect();
        assert!(allowed.contains(&found), "after a restart there is {found:#?}, and not one of {allowed:#?}");

        let (orders, events) = Orders::channel();
        let policies = Policies::default();
        let residents = Residents::new(policies.clone());
        let oversight =
            Oversight { policies, on_provided: Some(noting(&orders, &residents)), ..Oversight::default() };
        let announcements = oversight.announcements.clone();
        // The system, with its clock, is not there yet: the logs get a clock of their own, which nothing else reads.
        let clock = Clock::simulated();
        let logs = Logs::on(Arc::new(self.files.clone()), LIMITS, clock).expect("memory can be read");
        let logs = Arc::new(logs);
        let media = Media::in_memory();
        let kills = (0..self.random.usize(..4)).map(|_| self.random.u64(..20_000)).collect();
        let system = lucarne_host::System::builder()
            .output(self.output.clone())
            .outputs(logs_of(&logs, &residents))
            .oversight(oversight)
            .storage(media.clone(), owners(&residents))
            .keeper(Arc::new(Instances::new(
                orders.clone(),
                residents.clone(),
                ImageChecker::new(store.clone(), self.loaded.clone()),
            )))
            .simulate(self.random.u64(..), Faults { kill_at_steps: kills });
        let kernel: KernelHandle = system.kernel().clone();
        let executables = SimulatedExecutables {
            kernel: kernel.clone(),
            residents: residents.clone(),
            random: Mutex::new(self.random.fork()),
        };
        let clock = kernel.clock().clone();
        let launcher = Launcher {
            kernel,
            presence: system.presence().clone(),
            regions: system.regions(),
            executables: Box::new(executables),
            residents: residents.clone(),
            announcements,
        };
        let supervisor = Supervisor::new(Parts {
            name: "simulated".to_owned(),
            orders: orders.clone(),
            store,
            images: self.loaded.clone(),
            logs: logs.clone(),
            media,
            launcher,
            output: self.output.clone(),
            clock: clock.clone(),
            traces_events: true,
        });
        let mut device = Device {
            supervisor,
            events,
            orders,
            logs,
            residents,
            clock,
            system,
            checks: Checks::default(),
            history: vec![(self.disk.steps(), found)],
            pending: Vec::new(),
            loaded: Arc::default(),
            gids: Vec::new(),
        };
        device.supervisor.boot();
        device.check(Happened::Event, None);
        device
    }

    fn open_store(&mut self) -> Store {
        let folder: PathBuf = self.executables.path().join("executables");
        Store::on_disk(self.disk.clone(), folder).expect("the store can be opened")
    }

    /// Cuts the power at one of the last 40 disk steps, and starts the machine again.
    fn cut_power(&mut self, mut device: Device) -> Device {
        let (start, steps) = (device.history[0].0, self.disk.steps());
        let at = steps - self.random.usize(..=(steps - start).min(40));
        let mut platter = Platter::with(std::mem::take(&mut self.synced));
        self.disk.history()[..at].iter().for_each(|step| platter.advance(step));
        let bytes = platter.cut(&mut self.random);
        let finished = device.history.iter().rposition(|(done, _)| *done <= at).unwrap_or(0);
        // The next command was in progress. A command with two transactions has two entries for the same step.
        let next = device.history.get(finished + 1).map_or(at, |(done, _)| *done);
        let possible = device.history[finished..].iter().take_while(|(done, _)| *done <= next);
        let allowed: Vec<_> = possible.map(|(_, contents)| contents.clone()).collect();
        self.files = self.files.cut(device.clock.clone(), &mut self.random);
        // No supervisor gets the ends of the processes that the power cut has ended.
        device.pending.clear();
        drop(device);
        self.instances = Arc::default();
        (self.synced, self.disk) = (bytes.clone(), Disk::with(bytes));
        self.boot(&allowed)
    }

    fn shut_down_and_boot(&mut self, device: Device) -> Device {
        let contents = device.history.last().expect("there is one from the start").1.clone();
        self.shut_down(device);
        let bytes = self.disk.bytes();
        (self.synced, self.disk) = (bytes.clone(), Disk::with(bytes));
        self.boot(&[contents])
    }

    /// Waits for all answers, ends the device, and checks that nothing is left.
    fn shut_down(&mut self, mut device: Device) {
        self.advance(&mut device, ANSWER_US);
        let unanswered: Vec<_> = device.pending.iter().map(|pending| pending.text.clone()).collect();
        assert!(unanswered.is_empty(), "there is no answer to {unanswered:?}");
        device.orders.shut_down();
        for _ in 0..2 * ANSWER_US / SECOND_US {
            if device.supervisor.is_done() {
                break;
            }
            self.advance(&mut device, SECOND_US);
        }
        assert!(device.supervisor.is_done(), "the device does not end");
        let (started, ended) = &*self.instances;
        assert_eq!(started.load(Ordering::Relaxed), ended.load(Ordering::Relaxed), "ends of instances");
    }

    // -- Time --------------------------------------------------------------------------------------------

    /// Moves the clock on by a time, and runs everything that is due until then, in an order that the seed chooses.
    fn advance(&mut self, device: &mut Device, time_us: i64) {
        let target_us = device.clock.now_us() + time_us;
        for _ in 0..STEPS_MAX {
            let simulation = &mut device.system.simulation;
            if simulation.is_ready() && self.random.u8(..3) > 0 {
                assert!(matches!(simulation.step(), Step::Turn(_)));
                continue;
            }
            if let Ok(event) = device.events.try_recv() {
                device.handle(event, Happened::Event, None);
                continue;
            }
            if device.system.simulation.is_ready() {
                continue;
            }
            let timer_us = device.system.simulation.next_timer_us().unwrap_or(i64::MAX);
            let due_us = device.supervisor.due_us().unwrap_or(i64::MAX);
            if timer_us.min(due_us) > target_us {
                device.clock.advance_to(target_us);
                Checks::check_logs(&device.logs, &self.files);
                return device.look_at_answers();
            }
            if due_us <= timer_us {
                device.clock.advance_to(due_us);
                device.supervisor.tick();
                device.check(Happened::Tick, None);
            } else {
                device.system.simulation.step();
            }
        }
        panic!("the device is never idle");
    }

    // -- Commands ----------------------------------------------------------------------------------------

    fn command(&mut self, device: &mut Device) {
        let name: ContainerName = format!("c{}", self.random.u8(..6)).parse().expect("the name is valid");
        let contents = device.history.last().expect("there is one from the start").1.clone();
        let mut after = contents.clone();
        match self.random.u8(..24) {
            0..6 => {
                let sent = self.sent();
                let settings = self.settings();
                let kept = Kept {
                    image: sent.image().digest(),
                    arguments: settings.arguments.clone(),
                    wish: Wish::Enabled,
                };
                after.insert(name.clone(), kept);
                let (sent, settings) = (Box::new(sent), Box::new(settings));
                let install = |reply| Event::Install { name: name.clone(), sent, settings, reply };
                self.change(device, Some(&name), after, install);
            }
            6 | 7 => {
                after.remove(&name);
                self.change(device, None, after, |reply| Event::Uninstall { name, reply });
            }
            8 | 9 => {
                after.entry(name.clone()).and_modify(|kept| kept.wish = Wish::Enabled);
                self.change(device, None, after, |reply| Event::Start { name, reply });
            }
            10 | 11 => {
                after.entry(name.clone()).and_modify(|kept| kept.wish = Wish::Stopped);
                self.change(device, None, after, |reply| Event::Stop { name, reply });
            }
            12 | 13 => {
                after.entry(name.clone()).and_modify(|kept| kept.wish = Wish::Enabled);
                self.change(device, None, after, |reply| Event::Restart { name, reply });
            }
            14 => device.ask(|reply| Event::List { reply }),
            15 => device.ask(|reply| Event::Inspect { name, reply }),
            16 => device.ask(|reply| Event::Counters { reply }),
            17 => {
                let (sent, settings) = (Box::new(self.sent()), Box::new(self.settings()));
                let name = SENT.parse().expect("the name is valid");
                let run = |reply| Event::RunOnce { sent, settings, reply };
                self.change(device, Some(&name), after, run);
            }
            18 => {
                let program = self.random.usize(..self.images.len());
                let image = self.checked(program);
                let options = InstallOptions { run_boot: self.random.bool(), run_critical: false };
                let wish = if options.run_boot { Wish::Enabled } else { Wish::Stopped };
                let arguments = contents.get(&name).map(|kept| kept.arguments.clone()).unwrap_or_default();
                after.insert(name.clone(), Kept { image: image.image.digest(), arguments, wish });
                let image = Box::new(image);
                let install = |reply| Event::InstallImage { name: name.clone(), image, options, reply };
                if self.change(device, Some(&name), after.clone(), install) && wish == Wish::Stopped {
                    // It is installed first, and then stopped.
                    after.entry(name).and_modify(|kept| kept.wish = Wish::Enabled);
                    let last = device.history.len() - 1;
                    device.history.insert(last, (self.disk.steps(), after));
                }
            }
            19 => device.ask(|reply| Event::Images { reply }),
            20 => self.load(device),
            21 => self.start_loaded(device),
            22 => {
                if let Some(gid) = self.random.choice(device.gids.clone()) {
                    device.handle(Event::StopInstance { gid }, Happened::Event, None);
                }
            }
            _ => {
                let interface = Uuid::from_u128(self.random.u128(..3));
                device.handle(Event::Provided { name, interface }, Happened::Event, None);
            }
        }
    }

    /// Sends a command that changes the store. Returns false if it is refused, and so changes nothing.
    fn change<T: Send + 'static>(
        &mut self,
        device: &mut Device,
        replaces: Option<&ContainerName>,
        after: Contents,
        command: impl FnOnce(Reply<T>) -> Event,
    ) -> bool {
        let refused = Arc::new(OnceLock::new());
        let happened = if replaces.is_some() { Happened::Policy } else { Happened::Event };
        device.ask_and_see(command, happened, replaces, refused.clone());
        device.look_at_answers();
        let is_done = refused.get().is_none();
        if is_done {
            device.history.push((self.disk.steps(), after));
        }
        is_done
    }

    fn load(&mut self, device: &mut Device) {
        let (reply, mut answer) = oneshot::channel();
        let id = self.images[self.random.usize(..self.images.len())].digest().id();
        device.handle(Event::Load { asker: None, id, reply }, Happened::Event, None);
        if let Ok(Ok(Some(loaded))) = answer.try_recv() {
            device.loaded.lock().push(loaded);
        }
    }

    fn start_loaded(&mut self, device: &mut Device) {
        let Some(loaded) = device.loaded.lock().pop() else { return };
        let gid = loaded.group.gid();
        let (reply, mut answer) = oneshot::channel();
        let counts = self.instances.clone();
        let on_end = Box::new(move |_| {
            counts.1.fetch_add(1, Ordering::Relaxed);
        });
        let start = Box::new(InstanceStart { loaded, argument: Value::Null, on_end });
        device.handle(Event::StartInstance { start, reply }, Happened::Event, None);
        if answer.try_recv().expect("the answer is immediate").is_ok() {
            self.instances.0.fetch_add(1, Ordering::Relaxed);
            device.gids.push(gid);
        }
    }

    fn sent(&mut self) -> Sent {
        let checked = match self.random.usize(..2 * PROGRAMS.len()) {
            program if program < PROGRAMS.len() => self.checked(program),
            number => {
                let manifest = Manifest { kind: Kind::Executable, entry: "app".to_owned() };
                let image = Image::new(manifest, &[number as u8; 100]);
                CheckedImage { image, program: None, bytecode: None }
            }
        };
        // Only programs in Toit can have assets.
        let assets_max = if checked.program.is_some() { 2 } else { 1 };
        let assets =
            (0..self.random.u8(..assets_max)).map(|asset| (format!("asset{asset}"), vec![asset; 300]));
        Sent { checked, assets: assets.collect() }
    }

    /// Returns the image of a program, as the checker gives it to the supervisor.
    fn checked(&self, program: usize) -> CheckedImage {
        let image = self.images[program].clone();
        let loaded = self.loaded.load(image.digest(), || Err("the programs stay loaded"));
        CheckedImage { image, program: Some(loaded.expect("the programs stay loaded")), bytecode: None }
    }

    fn settings(&mut self) -> Settings {
        let random = &mut self.random;
        Settings {
            arguments: vec![random.u32(..).to_string()],
            restart: [Restart::Never, Restart::OnFailure, Restart::Always][random.usize(..3)],
            interval_us: (random.u8(..4) == 0).then(|| random.i64(SECOND_US..40 * SECOND_US)),
            background: random.bool(),
            ..Settings::default()
        }
    }
}

impl Device {
    fn handle(&mut self, event: Event, happened: Happened, concerns: Option<&ContainerName>) {
        self.supervisor.handle(event);
        self.check(happened, concerns);
    }

    /// Moves the clock on without anything happening meanwhile, as when the machine was suspended.
    fn jump(&mut self, time_us: i64) {
        self.clock.advance_to(self.clock.now_us() + time_us);
        self.pending.iter_mut().for_each(|pending| pending.since_us += time_us);
    }

    fn check(&mut self, happened: Happened, concerns: Option<&ContainerName>) {
        self.checks.check(&self.supervisor, &self.residents, happened, concerns);
    }

    /// Sends a command, and remembers that its answer is to come.
    fn ask<T: Send + 'static>(&mut self, command: impl FnOnce(Reply<T>) -> Event) {
        self.ask_and_see(command, Happened::Event, None, Arc::default());
    }

    fn ask_and_see<T: Send + 'static>(
        &mut self,
        command: impl FnOnce(Reply<T>) -> Event,
        happened: Happened,
        concerns: Option<&ContainerName>,
        refused: Arc<OnceLock<Refusal>>,
    ) {
        let (reply, mut answer) = oneshot::channel();
        let event = command(reply);
        let look = Box::new(move || match answer.try_recv() {
            Ok(Ok(_)) => Answered::Yes,
            Ok(Err(refusal)) => {
                let _ = refused.set(refusal);
                Answered::Yes
            }
            Err(oneshot::error::TryRecvError::Empty) => Answered::NotYet,
            Err(oneshot::error::TryRecvError::Closed) => Answered::Dropped,
        });
        self.pending.push(Pending { text: event.to_string(), since_us: self.clock.now_us(), look });
        self.handle(event, happened, concerns);
    }

    /// Takes the answers that have come. None may be dropped, and none may take longer than a process does to end.
    fn look_at_answers(&mut self) {
        let now_us = self.clock.now_us();
        self.pending.retain_mut(|pending| {
            let answered = (pending.look)();
            assert!(answered != Answered::Dropped, "the answer to '{}' is dropped", pending.text);
            let is_late = now_us - pending.since_us > ANSWER_US;
            assert!(answered == Answered::Yes || !is_late, "there is no answer to '{}'", pending.text);
            answered == Answered::NotYet
        });
    }
}

/// Compiles the programs, once for all seeds.
fn images() -> (Vec<Image>, Arc<Images>) {
    static COMPILED: OnceLock<(Vec<Image>, Arc<Images>)> = OnceLock::new();
    let (images, loaded) = COMPILED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("temporary files can be made");
        let compile = |(number, text): (usize, &&str)| {
            let file = folder.path().join(format!("app{number}.toit"));
            std::fs::write(&file, text).expect("temporary files can be written");
            Image::of_program(&file).expect("the program is right").image
        };
        let images: Vec<_> = PROGRAMS.iter().enumerate().map(compile).collect();
        let loaded = Arc::new(Images::default());
        let load = |image: &Image| {
            let load = || Ok::<_, ImageError>(lucarne_toit::load(image.compile()?)?);
            loaded.load(image.digest(), load).expect("the image is intact")
        };
        // They stay loaded for all seeds.
        images.iter().map(load).for_each(std::mem::forget);
        (images, loaded)
    });
    (images.clone(), loaded.clone())
}
