//! A hundred OS processes that are killed at any moment: callers that wait for them know at once, other processes are
//! not disturbed, and no resource of the killed processes stays.
//!
//! A million calls under kills, about a minute of work:
//!
//! ```sh
//! cargo test -p lucarne-link --release --test kills -- --ignored --nocapture a_million
//! ```
#![allow(
    clippy::print_stderr,
    reason = "started programs report to the parent, and the test prints its measurements"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use common::*;
use lucarne_kernel::random::Random;
use lucarne_kernel::{EndReport, Hooks, Kernel, KernelOptions, SpawnOptions};
use lucarne_link::{Connect, ConnectError, Connections, Listener, SOCKET_VARIABLE};
use lucarne_services::{CallError, Client, Container, OpenError, Presence, ServiceManager, Value};
use rustix::process::{Signal, kill_process};

const KILLS: usize = 100;

/// Held by each test, because the resources of this OS process are counted.
static ALONE: Mutex<()> = Mutex::new(());

/// Tells a started program its role.
const ROLE: &str = "LUCARNE_TEST_ROLE";

/// The number of calls in `a_million_calls_under_kills`, and the number of threads there that call one victim.
const CALLS: usize = 1_000_000;
const CALLERS: usize = 4;

/// The time after which a call counts as hanging. It only ends a test that fails.
const HANGS: Duration = Duration::from_secs(60);

/// The size of the large values, in bytes: they travel beside the frames.
const LARGE: usize = 20_000;

/// The time within which half of the waiting callers must know. Generous: machines that test are busy.
const MEDIAN_MAX: Duration = Duration::from_millis(10);

struct World {
    service: House,
    _listener: Listener,
    kernel: Kernel,
    path: PathBuf,
}

impl World {
    fn listen(path: &Path) -> World {
        let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
        let manager = ServiceManager::new(Presence::default());
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
        kernel.set_system_process(manager);
        let service = House::default();
        let local = Container::start(&kernel, "house");
        let provider = local.provider("test/house", "1.0").provides(HOUSE, service.clone()).install();
        provider.wait().expect("installed");
        let listener = Connections::new(&kernel).unwrap().listen(path).expect("a folder of our own");
        World { service, _listener: listener, kernel, path: path.to_owned() }
    }
}

/// Runs a program that is to be killed.
#[test]
#[ignore = "started by the other test"]
fn victim() {
    let path = std::env::var_os(SOCKET_VARIABLE).expect("started by the other test");
    match std::env::var(ROLE).as_deref() {
        Ok("listener") => {
            let _world = World::listen(Path::new(&path));
            announce();
        }
        Ok("provider") => {
            let container =
                Container::connect_by_environment().wait().expect("the listener accepts the connection");
            let provider = container.provider("test/barn", "1.0").provides(BARN, House::default()).install();
            let _provider = provider.wait().expect("installed");
            announce();
        }
        _ => {
            let container =
                Container::connect_by_environment().wait().expect("the listener accepts the connection");
            let client = Client::open(&container, HOUSE).wait().expect("opened");
            client.invoke(MAKE, Value::Null).wait().expect("made");
            announce();
            for number in 0.. {
                assert_eq!(client.invoke(ECHO, Value::from(number)).wait(), Ok(Value::from(number)));
                if number % 100 == 0 {
                    let _ = client.invoke(MAKE, Value::Null).wait();
                }
            }
        }
    }
}

/// Reports that everything is ready, and waits to be killed.
fn announce() {
    eprintln!("ready");
    if std::env::var(ROLE).as_deref() != Ok("client") {
        std::thread::sleep(Duration::from_secs(60));
    }
}

fn start(role: &str, path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .env(SOCKET_VARIABLE, path)
        .env(ROLE, role)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program runs");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.ends_with("ready"))), "the {role} did not get ready");
    child
}

/// Kills a program during a call to it, and returns how long the caller took to know.
fn kill_under(child: &mut Child, client: &Client, moment: Duration) -> Duration {
    let call = client.clone();
    let waiting = std::thread::spawn(move || (call.invoke(WAIT, Value::Null).wait(), Instant::now()));
    std::thread::sleep(moment);
    let killed = Instant::now();
    child.kill().expect("the child is running");
    let (result, known) = waiting.join().expect("no panic");
    assert_eq!(result, Err(CallError::Gone));
    child.wait().expect("the child has been killed");
    known.saturating_duration_since(killed)
}

/// Returns the open descriptors and mappings of this OS process.
fn holdings() -> (usize, usize) {
    let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    (count("/proc/self/fd"), maps.lines().filter(|line| line.contains("memfd")).count())
}

fn soon(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(1));
    }
    is_so()
}

#[test]
fn a_hundred_kills() {
    let _alone = ALONE.lock();
    let folder = std::env::temp_dir().join(format!("lucarne-kills-{}", std::process::id()));
    let world = World::listen(&folder.join("socket"));
    let local = Container::start(&world.kernel, "local");
    let baseline = world.kernel.process_count();
    let witness = Witness::start(&world.kernel);
    let held = holdings();
    let random = Random::seeded(5);
    let mut times = Vec::new();
    for round in 0..KILLS {
        let moment = Duration::from_micros(random.below(5_000));
        match round % 3 {
            0 => {
                let mut child = start("provider", &world.path);
                let client =
                    Client::open(&local, BARN).within(Duration::from_secs(5)).wait().expect("opened");
                times.push(kill_under(&mut child, &client, moment));
            }
            1 => {
                let mut child = start("client", &world.path);
                std::thread::sleep(moment);
                child.kill().expect("the child is running");
                child.wait().expect("the child has been killed");
                // No lamp of the killed client is left.
                assert!(soon(|| world.service.lamps.now() == 0), "lamps stay");
            }
            _ => {
                let path = folder.join("other");
                let mut child = start("listener", &path);
                let remote = Container::connect(&path).wait().expect("the listener accepts the connection");
                let client = Client::open(&remote, HOUSE).wait().expect("opened");
                times.push(kill_under(&mut child, &client, moment));
            }
        }
    }
    let (uses, errors) = witness.stop();
    assert_eq!(errors, 0, "the witness was disturbed");
    assert!(uses > KILLS, "the witness did nothing");
    assert!(soon(|| world.kernel.process_count() == baseline), "{} processes", world.kernel.process_count());
    assert!(soon(|| holdings() == held), "{:?} instead of {held:?} descriptors and maps", holdings());
    times.sort_unstable();
    let median = times[times.len() / 2];
    eprintln!("known after {median:?} (median), {:?} (at most)", times[times.len() - 1]);
    assert!(median < MEDIAN_MAX, "known after {median:?}");
    drop(world);
    std::fs::remove_dir_all(folder).expect("the test owns the folder");
}

/// Returns the argument of a call: a number, or a large value in one of fifty.
fn argument(number: usize) -> Value {
    match number % 50 {
        0 => Value::Bytes(vec![number as u8; LARGE].into()),
        _ => (number as i64).into(),
    }
}

/// Calls a provider until its process is killed. Returns the number of right answers.
///
/// # Panics
/// If an answer is wrong or missing, or if a call fails for another reason than the kill.
fn call_until_gone(client: &Client, first: usize) -> usize {
    for number in 0.. {
        match client.invoke(ECHO, argument(first + number)).within(HANGS).wait() {
            Ok(answer) => assert_eq!(answer, argument(first + number), "a wrong answer"),
            Err(CallError::Gone) => return number,
            Err(other) => panic!("a call under a kill: {other}"),
        }
    }
    unreachable!("the process is killed")
}

/// Kills a provider at a moment, under the calls of several threads. Returns the number of right answers.
fn calls_under_kill(child: &mut Child, client: &Client, moment: Duration, first: usize) -> usize {
    std::thread::scope(|scope| {
        let callers = (0..CALLERS).map(|caller| {
            let client = client.clone();
            scope.spawn(move || call_until_gone(&client, first + caller))
        });
        let callers: Vec<_> = callers.collect();
        std::thread::sleep(moment);
        child.kill().expect("the child is running");
        child.wait().expect("the child has been killed");
        callers.into_iter().map(|caller| caller.join().expect("no caller fails")).sum()
    })
}

#[test]
#[ignore = "takes a minute: a million calls under kills"]
fn a_million_calls_under_kills() {
    let _alone = ALONE.lock();
    let folder = std::env::temp_dir().join(format!("lucarne-million-{}", std::process::id()));
    let world = World::listen(&folder.join("socket"));
    let local = Container::start(&world.kernel, "local");
    let baseline = world.kernel.process_count();
    let witness = Witness::start(&world.kernel);
    let held = holdings();
    let random = Random::seeded(7);
    let (began, mut answered, mut kills) = (Instant::now(), 0, 0);
    while answered < CALLS {
        let moment = Duration::from_micros(random.below(20_000));
        match kills % 3 {
            0 => {
                let mut child = start("provider", &world.path);
                let client = Client::open(&local, BARN).within(HANGS).wait().expect("opened");
                answered += calls_under_kill(&mut child, &client, moment, answered);
            }
            1 => {
                // It checks its answers itself, and ends if one is wrong.
                let mut child = start("client", &world.path);
                std::thread::sleep(moment);
                assert_eq!(child.try_wait().expect("a child of ours"), None, "the client has failed");
                child.kill().expect("the child is running");
                child.wait().expect("the child has been killed");
            }
            _ => {
                let path = folder.join("other");
                let mut child = start("listener", &path);
                let remote = Container::connect(&path).wait().expect("the listener accepts the connection");
                let client = Client::open(&remote, HOUSE).wait().expect("opened");
                answered += calls_under_kill(&mut child, &client, moment, answered);
            }
        }
        kills += 1;
    }
    eprintln!("{answered} right answers under {kills} kills in {:?}, none hung, none wrong", began.elapsed());
    let (_, errors) = witness.stop();
    assert_eq!(errors, 0, "the witness was disturbed");
    assert!(soon(|| world.service.lamps.now() == 0), "lamps stay");
    assert!(soon(|| world.kernel.process_count() == baseline), "{} processes", world.kernel.process_count());
    assert!(soon(|| holdings() == held), "{:?} instead of {held:?} descriptors and maps", holdings());
    drop(world);
    std::fs::remove_dir_all(folder).expect("the test owns the folder");
}

fn signal(child: &Child, signal: Signal) {
    kill_process(rustix::process::Pid::from_child(child), signal).expect("the child is running");
}

/// Stops an OS process. Its threads do not stop at once, so this waits until all of them have.
fn stop(child: &Child) {
    signal(child, Signal::STOP);
    let is_stopped = |thread: &std::fs::DirEntry| {
        // The state follows the name, which is in parentheses.
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
    };
    let threads = || std::fs::read_dir(format!("/proc/{}/task", child.id())).expect("the child is running");
    while !threads().flatten().all(|thread| is_stopped(&thread)) {
        std::thread::yield_now();
    }
}

#[test]
fn a_stopped_program_does_not_hold_opens_and_closes_up() {
    let _alone = ALONE.lock();
    let folder = std::env::temp_dir().join(format!("lucarne-stops-{}", std::process::id()));
    let world = World::listen(&folder.join("socket"));
    let other = folder.join("other");
    let mut stopped = [start("provider", &world.path), start("listener", &other)];
    let local = Container::start(&world.kernel, "local");
    let remote = Container::connect(&other).wait().expect("the listener accepts the connection");
    let long = Duration::from_secs(60);
    let guests = [(&local, BARN), (&remote, HOUSE)];
    let clients = guests.map(|(guest, selector)| {
        let open = || Client::open(guest, selector).within(long).wait().expect("opened");
        (open(), open())
    });
    stopped.iter().for_each(stop);
    let calls = clients.each_ref().map(|(client, _)| {
        let call = client.invoke(ECHO, Value::from(1));
        std::thread::spawn(move || call.wait())
    });
    std::thread::scope(|scope| {
        for (guest, selector) in guests {
            scope.spawn(move || {
                let opened = Client::open(guest, selector).wait().map(|_| ());
                assert_eq!(opened, Err(OpenError::Unresponsive));
            });
        }
        for (_, client) in &clients {
            scope.spawn(move || assert_eq!(client.close().wait(), Err(CallError::Unresponsive)));
        }
        let late = Container::connect(&other).wait().unwrap_err();
        assert!(matches!(late, ConnectError::Deadline), "{late}");
    });
    assert!(calls.iter().all(|call| !call.is_finished()), "a call waits as long as its provider lives");
    stopped.iter().for_each(|child| signal(child, Signal::CONT));
    for call in calls {
        assert_eq!(call.join().expect("no panic"), Ok(Value::from(1)));
    }
    for (guest, selector) in guests {
        Client::open(guest, selector).within(long).wait().expect("opened");
    }
    for child in &mut stopped {
        child.kill().expect("the child is running");
        child.wait().expect("the child has been killed");
    }
    drop(world);
    std::fs::remove_dir_all(folder).expect("the test owns the folder");
}

#[test]
fn a_program_that_is_started_has_the_name_that_it_was_given() {
    let _alone = ALONE.lock();
    let (names, ended) = mpsc::channel();
    let on_end = move |report: &EndReport<'_>| drop(names.send(report.name.to_owned()));
    let hooks = Hooks { on_end: Some(Box::new(on_end)), ..Hooks::default() };
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks });
    let manager =
        kernel.start_system(Box::new(ServiceManager::new(Presence::default())), SpawnOptions::default());
    kernel.set_system_process(manager);
    let connections = Connections::new(&kernel).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "victim", "--ignored", "--nocapture"]).env(ROLE, "provider");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (mut child, program) = connections.spawn("proven", command).expect("the child connects");
    let local = Container::start(&kernel, "local");
    let client = Client::open(&local, BARN).within(Duration::from_secs(5)).wait().expect("opened");
    assert_eq!(client.pid(), program.first());
    child.kill().expect("the child is running");
    assert_eq!(program.wait(), 1);
    assert_eq!(ended.recv().as_deref(), Ok("proven"));
    child.wait().expect("the child has been killed");
}

/// A process that is unrelated to the killed ones.
struct Witness {
    container: Container,
    is_over: Arc<AtomicBool>,
    uses: Arc<AtomicUsize>,
    thread: std::thread::JoinHandle<usize>,
}

impl Witness {
    fn start(kernel: &Kernel) -> Witness {
        let container = Container::start(kernel, "witness");
        let (is_over, uses) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let client = Client::open(&container, HOUSE).wait().expect("opened");
        let (over, used) = (is_over.clone(), uses.clone());
        let thread = std::thread::spawn(move || {
            let mut errors = 0;
            while !over.load(Ordering::Relaxed) {
                let number = used.fetch_add(1, Ordering::Relaxed) as i64;
                errors +=
                    usize::from(client.invoke(ECHO, Value::from(number)).wait() != Ok(Value::from(number)));
                std::thread::sleep(Duration::from_millis(1));
            }
            errors
        });
        Witness { container, is_over, uses, thread }
    }

    fn stop(self) -> (usize, usize) {
        self.is_over.store(true, Ordering::Relaxed);
        let errors = self.thread.join().expect("no panic");
        assert!(!self.container.has_ended());
        (self.uses.load(Ordering::Relaxed), errors)
    }
}
