//! Containers that speak the protocol and lie: they send frames of every kind, about processes, requests and
//! resources that are not theirs. Each ends alone, and leaves no resource behind.
#![cfg(not(loom))]

mod common;

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::*;
use lucarne_kernel::{Gid, Kernel, KernelOptions, SpawnOptions};
use lucarne_link::wire::rings::{DESCRIPTORS, RingWire};
use lucarne_link::wire::socket::{self, Received};
use lucarne_link::wire::{Frame, Limits, LocalWire, Sent, Wire};
use lucarne_link::{Connections, PROTOCOL_VERSION};
use lucarne_message::{Buffer, Payload, Value};
use lucarne_services::{Client, Container, Presence, ServiceManager};

const LIARS: u64 = 300;
const LIES: usize = 400;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize]
    }

    /// Returns a number as used by the protocol, or an invalid one.
    fn number(&mut self) -> i64 {
        match self.roll(8) {
            0 => self.pick(&[-1, i64::MIN, i64::MAX, 1 << 40]),
            1 => 300 + self.roll(5) as i64,
            _ => self.roll(6) as i64,
        }
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.roll(if depth > 3 { 4 } else { 8 }) {
            0 => Value::Null,
            1 | 2 => self.number().into(),
            3 => self.pick(&["", "0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7", "text"]).into(),
            _ => Value::List((0..self.roll(8)).map(|_| self.value(depth + 1)).collect()),
        }
    }

    fn payload(&mut self) -> Vec<u8> {
        if self.roll(50) == 0 {
            return (0..self.roll(30)).map(|_| self.roll(256) as u8).collect();
        }
        Payload::from_value(&self.value(0)).expect("a value").bytes().to_vec()
    }
}

fn head(kind: u8, detail: u8, buffers: u16, length: u32, [pid, gid, first, second]: [i64; 4]) -> Vec<u8> {
    let mut head = vec![kind, detail];
    head.extend(buffers.to_le_bytes());
    head.extend(length.to_le_bytes());
    [pid, gid, first, second].iter().for_each(|field| head.extend(field.to_le_bytes()));
    head
}

/// Connects as any container does. Returns the wire, the own pid, and the pid of the manager.
fn come_in(stream: UnixStream) -> (RingWire, i64, i64) {
    let name = b"liar";
    let fields = [0, Gid::SYSTEM.as_i64(), i64::from(PROTOCOL_VERSION), 0];
    let hello = [head(13, 0, 0, name.len() as u32, fields), name.to_vec()].concat();
    (&stream).write_all(&[&(hello.len() as u32).to_le_bytes()[..], &hello].concat()).expect("a listener");
    let mut files = Vec::new();
    let mut welcome = Vec::new();
    let mut bytes = [0; 100];
    let end = Instant::now() + Duration::from_secs(10);
    while welcome.len() < 44 && Instant::now() < end {
        match socket::receive(&stream, &mut bytes, &mut files, DESCRIPTORS).expect("a welcome") {
            Received::Bytes(len) => welcome.extend(&bytes[..len]),
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    let field = |at: usize| i64::from_le_bytes(welcome[4 + at..12 + at].try_into().expect("a welcome"));
    let descriptors: [OwnedFd; DESCRIPTORS] = files.try_into().expect("all descriptors");
    let wire = RingWire::join(stream.into(), None, descriptors, Limits::default()).expect("a wire");
    (wire, field(8), field(24))
}

/// Lies until it is disconnected, or has sent all its frames.
fn lie(stream: UnixStream, seed: u64, other: i64) -> usize {
    let (wire, me, manager) = come_in(stream);
    let mut dice = Dice(seed);
    let mut frame = Frame::default();
    let mut heard = vec![1];
    for lies in 0..LIES {
        let pid = dice.pick(&[-1, manager, manager, other, other, me, 0, 7, i64::MAX]);
        let kind = dice.pick(&[1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 10]);
        let kind = if dice.roll(300) == 0 { dice.roll(17) as u8 } else { kind };
        let detail = if kind == 10 { 64 } else { dice.roll(2) as u8 * u8::from(matches!(kind, 1 | 3)) };
        let uses = |of: &[u8]| i64::from(of.contains(&kind));
        let first = if dice.roll(3) == 0 { dice.pick(&heard) } else { dice.number() };
        let fields = [
            pid,
            Gid::SYSTEM.as_i64(),
            first * uses(&[1, 2, 3, 4, 5, 6, 7, 12]),
            dice.number() * uses(&[1, 5, 6, 7]),
        ];
        let payload = if uses(&[1, 2, 5, 10]) > 0 { dice.payload() } else { Vec::new() };
        let mut buffers = Vec::new();
        if dice.roll(40) == 0 {
            buffers.push(Buffer::zeroed(100_000).expect("memory"));
        }
        let lie = head(kind, detail, buffers.len() as u16, 0, fields);
        loop {
            match wire.send(&[&lie, &payload], &mut buffers) {
                Ok(Sent::Yes) => break,
                Ok(Sent::NoRoom) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => return lies,
            }
            wire.flush();
            wire.look_at_socket();
        }
        wire.flush();
        wire.look_at_socket();
        while let Ok(true) = wire.receive(&mut frame) {
            // The number of a request, a client or a handle that is in use.
            heard.push(i64::from_le_bytes(frame.bytes[24..32].try_into().expect("a head")));
        }
        heard.truncate(50);
    }
    LIES
}

/// Returns a guard that lets only one test run at a time, because the tests count the resources and the processor time
/// of this OS process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn liars_end_alone() {
    let _alone = alone();
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
    let manager = ServiceManager::new(Presence::default());
    let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
    kernel.set_system_process(manager);
    let connections = Connections::new(&kernel).expect("descriptors");
    let local = Container::start(&kernel, "local");
    let house = House::default();
    let provider = local.provider("test/house", "1.0").provides(HOUSE, house.clone());
    let _provider = provider.install().wait().expect("installed");
    let guest = Container::start(&kernel, "guest");
    let client = Client::open(&guest, HOUSE).wait().expect("opened");
    let before = (kernel.process_count(), std::fs::read_dir("/proc/self/fd").expect("a folder").count());

    let is_over = AtomicBool::new(false);
    let lies: usize = std::thread::scope(|scope| {
        // Other processes work all the time.
        let working = scope.spawn(|| {
            let mut calls = 0;
            while !is_over.load(Ordering::Relaxed) {
                let call = client.invoke(ECHO, Value::from(calls)).within(Duration::from_secs(20));
                assert_eq!(call.wait(), Ok(Value::from(calls)));
                calls += 1;
            }
            calls
        });
        let pid = local.pid().as_i64();
        let lies = (0..LIARS).map(|seed| {
            let (near, far) = UnixStream::pair().expect("a socket");
            let liar = scope.spawn(move || lie(far, seed, pid));
            let program = connections.adopt("liar", near, None).expect("the listener accepts the connection");
            let lies = liar.join().expect("a liar does not panic");
            // It was disconnected or left: in both cases it has ended.
            program.wait();
            lies
        });
        let lies = {
            let _over = SetOnDrop(&is_over);
            lies.sum()
        };
        assert!(working.join().expect("calls") > 0);
        lies
    });
    assert!(lies > LIARS as usize, "{lies}");

    let end = Instant::now() + Duration::from_secs(10);
    let after = || (kernel.process_count(), std::fs::read_dir("/proc/self/fd").expect("a folder").count());
    while after() != before && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(after(), before);
    assert_eq!((house.calls.now(), house.lamps.now()), (0, 0));
}

/// Returns the processor time of this OS process.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn a_peer_that_asks_but_does_not_read_costs_no_time() {
    let _alone = alone();
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
    let manager = ServiceManager::new(Presence::default());
    let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
    kernel.set_system_process(manager);
    let connections = Connections::new(&kernel).expect("descriptors");
    let (near, far) = UnixStream::pair().expect("a socket");
    let coming = std::thread::spawn(move || come_in(far));
    let program = connections.adopt("deaf", near, None).expect("the listener accepts the connection");
    let (wire, _, manager) = coming.join().expect("a wire");
    let question = head(1, 0, 0, 0, [manager, Gid::SYSTEM.as_i64(), 1, 300]);
    let payload = Payload::null();
    let mut refusals = 0;
    while refusals < 20 {
        match wire.send(&[&question, payload.bytes()], &mut Vec::new()).expect("a listener") {
            Sent::Yes => refusals = 0,
            Sent::NoRoom => {
                refusals += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        wire.flush();
    }
    let before = worked();
    std::thread::sleep(Duration::from_millis(500));
    let worked = worked() - before;
    assert!(worked < Duration::from_millis(100), "{worked:?}");
    wire.close();
    program.wait();
}
