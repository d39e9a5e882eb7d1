//! Machines as OS processes of their own, over Zenoh on the loopback interface: a provider of notifications on one, users on
//! two others. The provider is killed, stopped and continued.
//!
//! Each machine is this test program, started once more with its role in the environment.
#![allow(clippy::print_stdout, reason = "machines report to the test on their output")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{SENSOR, rules};
use lucarne_fabric::over_zenoh::{ZenohNetwork, ZenohOptions};
use lucarne_fabric::{Options, join};
use lucarne_kernel::{Kernel, KernelOptions, SpawnOptions};
use lucarne_services::{
    Abroad, Bytes, Call, Client, Container, Handler, Open, Oversight, Presence, Resource, ServiceManager,
    Thrown, Value,
};

const ROLE: &str = "LUCARNE_TEST_ROLE";
const NAME: &str = "LUCARNE_TEST_NAME";
const ENDPOINT: &str = "LUCARNE_TEST_ENDPOINT";

/// The longest time for anything that is expected, on a busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

const TICKS: u32 = 0;
const ECHO: u32 = 1;

/// Gives out streams of numbers, and says when one is closed.
struct Ticker;

struct Stream;

impl Drop for Stream {
    fn drop(&mut self) {
        say("closed");
    }
}

impl Handler for Ticker {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        match index {
            TICKS => {
                let container = call.container().clone();
                let stream = Resource::notifying(move |notifier| {
                    let ticking = container.clone();
                    container.spawn(async move {
                        let mut number = 0;
                        while notifier.send(Value::from(number)).await.is_ok() {
                            number += 1;
                            let _ = ticking.sleep(Duration::from_millis(5)).await;
                        }
                    });
                    Stream
                });
                Ok(call.give(stream)?.into())
            }
            ECHO => Ok(arguments),
            _ => Err(call.no_such_method(index)),
        }
    }
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "> {line}");
    let _ = output.flush();
}

/// Runs as a machine: a system that has joined the fabric.
#[test]
#[ignore = "is a machine of the other tests"]
fn machine() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let name = std::env::var(NAME).unwrap().parse().unwrap();
    let endpoints = vec![std::env::var(ENDPOINT).unwrap()];
    let is_provider = role == "provider";
    let (listen, connect) = if is_provider { (endpoints, Vec::new()) } else { (Vec::new(), endpoints) };
    let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Default::default() });
    let abroad = Abroad::default();
    let oversight = Oversight { abroad: abroad.clone(), ..Oversight::default() };
    let manager = ServiceManager::overseen(Presence::default(), oversight);
    let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
    kernel.set_system_process(manager);
    let network =
        ZenohNetwork::open(&name, &ZenohOptions { listen, connect, ..ZenohOptions::default() }).unwrap();
    let log = Box::new(|line: &str| say(&format!("log {line}")));
    let all = || rules(&["all"]);
    let options = Options { exports: all(), imports: all(), log, ..Options::new(name, network) };
    let _status = join(&kernel, &abroad, options);
    let container = Container::start(&kernel, "program");
    if is_provider {
        let provider = container.provider("house/ticker", "1.0").provides(SENSOR, Ticker);
        let _provider = provider.install().wait().unwrap();
        say("ready");
        kernel.wait_for_programs();
    } else {
        let inner = container.clone();
        container.spawn(async move {
            loop {
                let reason = follow(&inner).await.err().map_or_else(String::new, |error| error.to_string());
                say(&format!("lost {reason}"));
                let _ = inner.sleep(Duration::from_millis(20)).await;
            }
        });
        kernel.wait_for_programs();
    }
}

/// Follows the numbers until they end.
async fn follow(container: &Container) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client: Client = Open::new(container, SENSOR).within(PATIENCE).await?;
    let bytes = Bytes::from(vec![7; 200_000]);
    let echoed = client.invoke(ECHO, Value::Bytes(bytes.clone())).await?;
    if echoed.as_bytes() != Some(&bytes) {
        say("wrong bytes");
    }
    let begin = Instant::now();
    for number in 0..100 {
        client.invoke(ECHO, Value::from(number)).await?;
    }
    say(&format!("call {} us", begin.elapsed().as_micros() / 100));
    let handle = client.invoke(TICKS, Value::Null).await?;
    let proxy = client.proxy(handle.as_int().ok_or("a handle")?);
    let mut numbers = proxy.notifications::<i64>();
    let mut expected = 0;
    while let Some(number) = numbers.next().await {
        let number = number?;
        if number != expected {
            say(&format!("wrong order: {number} for {expected}"));
        }
        expected += 1;
        if expected == 20 {
            say("follows");
        }
    }
    Ok(())
}

/// A machine, as the test sees it. It is killed at the end.
struct Machine {
    child: Child,
    lines: Receiver<String>,
}

impl Machine {
    fn start(role: &str, name: &str, endpoint: &str) -> Machine {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "machine", "--ignored", "--nocapture"])
            .envs([(ROLE, role), (NAME, name), (ENDPOINT, endpoint)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("> ")
                    && sender.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Machine { child, lines }
    }

    /// Waits for a line that begins with `beginning`, and returns it. Fails at a line that reports a mistake.
    fn expect(&self, beginning: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("the machine has not said: {beginning}"));
            assert!(!line.starts_with("wrong"), "{line}");
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns an endpoint at which nothing listens.
fn endpoint() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("tcp/127.0.0.1:{port}")
}

#[test]
fn users_on_two_machines_follow_a_provider_through_a_kill_and_a_stop() {
    let endpoint = endpoint();
    let users = ["attic", "hall"].map(|name| Machine::start("user", name, &endpoint));
    let cellar = Machine::start("provider", "cellar", &endpoint);
    cellar.expect("ready");
    for user in &users {
        println!("{}", user.expect("call"));
        user.expect("follows");
    }

    // Killed: the users notice within the timeout, and find the next provider by themselves.
    let begin = Instant::now();
    drop(cellar);
    users.iter().for_each(|user| drop(user.expect("lost")));
    println!("a killed machine is noticed after {:?}", begin.elapsed());
    let begin = Instant::now();
    let cellar = Machine::start("provider", "cellar", &endpoint);
    users.iter().for_each(|user| drop(user.expect("follows")));
    println!("its successor is used after {:?}", begin.elapsed());

    // Stopped for longer than the timeout: lost for both sides, although it goes on.
    cellar.signal("-STOP");
    let begin = Instant::now();
    users.iter().for_each(|user| drop(user.expect("lost")));
    println!("a stopped machine is noticed after {:?}", begin.elapsed());
    std::thread::sleep(Duration::from_secs(3).saturating_sub(begin.elapsed()));
    cellar.signal("-CONT");
    let begin = Instant::now();
    users.iter().for_each(|_| drop(cellar.expect("closed")));
    users.iter().for_each(|user| drop(user.expect("follows")));
    println!("a continued machine is used after {:?}", begin.elapsed());
}

#[test]
fn a_user_that_is_killed_leaves_nothing_open() {
    let endpoint = endpoint();
    let cellar = Machine::start("provider", "cellar", &endpoint);
    cellar.expect("ready");
    let hall = Machine::start("user", "hall", &endpoint);
    let attic = Machine::start("user", "attic", &endpoint);
    hall.expect("follows");
    attic.expect("follows");
    drop(hall);
    cellar.expect("closed");
    assert!(attic.lines.try_iter().all(|line| !line.starts_with("lost")), "others are not disturbed");
}
