//! A network without cables, in which the weather can be bad: machines have TUN devices, and threads of the test pass on what
//! comes out of one to another. They delay IP packets, lose them, or let later ones overtake them.
//!
//! It needs root, `ip` and `/dev/net/tun`. (The kernel has the same as `tc netem`, but not every kernel.)

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::machines::{Cables, ip};

/// How bad the weather is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// The time that each packet takes.
    pub(crate) delay: Duration,
    /// The chances out of 1,000 that a packet is lost.
    pub(crate) losses: u16,
    /// The chances out of 1,000 that a packet takes up to 50 ms longer, so that others overtake it.
    pub(crate) reorders: u16,
}

/// The network, and the machines in it.
pub(crate) struct Air(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    weather: Weather,
    random: fastrand::Rng,
    /// The devices of the machines, by address.
    devices: Vec<([u8; 4], Arc<File>)>,
    /// What is on its way: the earliest packet comes first, and of equal ones the one that was sent first.
    packets: BinaryHeap<Reverse<(Instant, u64, usize, Vec<u8>)>>,
    sent: u64,
    is_over: bool,
    /// The numbers of packets that were passed on, lost, and delayed so that others could overtake them.
    counts: [u64; 3],
}

impl Air {
    /// Returns none if this user may not make such devices.
    pub(crate) fn new(seed: u64) -> Option<Air> {
        if let Err(error) = File::options().read(true).write(true).open("/dev/net/tun") {
            eprintln!("skipped: /dev/net/tun: {error}");
            return None;
        }
        let state = State {
            weather: Weather::default(),
            random: fastrand::Rng::with_seed(seed),
            devices: Vec::new(),
            packets: BinaryHeap::new(),
            sent: 0,
            is_over: false,
            counts: [0; 3],
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let delivering = shared.clone();
        std::thread::spawn(move || delivering.deliver_all());
        Some(Air(shared))
    }

    /// Adds a machine, which has a namespace already. The address has the form 10.77.3.1.
    pub(crate) fn connect(&self, cables: &Cables, machine: &str, address: &str) {
        let namespace = cables.name(machine);
        let device = Arc::new(open_device(&namespace));
        assert!(ip(&["-n", &namespace, "address", "add", &format!("{address}/24"), "dev", DEVICE]));
        assert!(ip(&["-n", &namespace, "link", "set", DEVICE, "up"]));
        let bytes: Vec<u8> = address.split('.').map(|part| part.parse().expect("an address")).collect();
        let address = bytes.try_into().expect("an address");
        self.0.lock().devices.push((address, device.clone()));
        let shared = self.0.clone();
        std::thread::spawn(move || shared.read_all(&device));
    }

    /// Changes the weather.
    pub(crate) fn set_weather(&self, weather: Weather) {
        self.0.lock().weather = weather;
    }

    /// Returns the numbers of packets that were passed on, lost, and held back, and counts from 0 again.
    pub(crate) fn take_counts(&self) -> [u64; 3] {
        std::mem::take(&mut self.0.lock().counts)
    }
}

impl Drop for Air {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what a machine sends, until its device is removed.
    fn read_all(&self, mut device: &File) {
        let mut packet = vec![0; 65_536];
        while let Ok(length) = device.read(&mut packet) {
            self.lock().send(&packet[..length]);
            self.changed.notify_all();
        }
    }

    /// Passes packets on when their time has come.
    fn deliver_all(&self) {
        let mut state = self.lock();
        while !state.is_over {
            let now = Instant::now();
            let until = state.packets.peek().map(|Reverse((due, ..))| due.saturating_duration_since(now));
            state = match until {
                Some(Duration::ZERO) => {
                    state.deliver();
                    state
                }
                Some(until) => {
                    self.changed.wait_timeout(state, until).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl State {
    /// Takes a packet that a machine has sent.
    fn send(&mut self, packet: &[u8]) {
        // The destination of a packet of IPv4.
        let destination = packet.get(16..20).filter(|_| packet[0] >> 4 == 4);
        let Some(to) = self.devices.iter().position(|(address, _)| Some(&address[..]) == destination) else {
            return;
        };
        let happens = |chance: u16, random: &mut fastrand::Rng| random.u16(..1_000) < chance;
        if happens(self.weather.losses, &mut self.random) {
            self.counts[1] += 1;
            return;
        }
        let mut due = Instant::now() + self.weather.delay;
        if happens(self.weather.reorders, &mut self.random) {
            self.counts[2] += 1;
            due += Duration::from_micros(self.random.u64(..50_000));
        }
        self.counts[0] += 1;
        self.sent += 1;
        self.packets.push(Reverse((due, self.sent, to, packet.to_vec())));
    }

    fn deliver(&mut self) {
        let Some(Reverse((_, _, to, packet))) = self.packets.pop() else { return };
        // A device that takes no more loses the packet, as a cable does.
        let _ = (&*self.devices[to].1).write(&packet);
    }
}

/// The name of the device in each namespace.
const DEVICE: &str = "air";

/// Makes a TUN device in a namespace.
fn open_device(namespace: &str) -> File {
    let path = format!("/run/netns/{namespace}");
    // A thread of its own moves there, and ends.
    let opening = std::thread::spawn(move || {
        let space = File::open(path).expect("the namespace is there");
        move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).expect("this is root");
        let device = File::options().read(true).write(true).open("/dev/net/tun").expect("it was there");
        attach(&device);
        device
    });
    opening.join().expect("no panic")
}

/// The `ifreq` of the kernel, as far as a TUN device needs it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// Makes an open `/dev/net/tun` the device of this namespace: for IP packets, without anything before them.
#[allow(unsafe_code, reason = "no library has a safe call for this request to the kernel")]
fn attach(device: &File) {
    const TUN: u16 = 0x0001;
    const NO_HEAD: u16 = 0x1000;
    const TUNSETIFF: rustix::ioctl::Opcode = rustix::ioctl::opcode::write::<i32>(b'T', 202);
    let mut request = Request { name: [0; 16], flags: TUN | NO_HEAD, rest: [0; 22] };
    request.name[..DEVICE.len()].copy_from_slice(DEVICE.as_bytes());
    // SAFETY: TUNSETIFF reads an `ifreq`, which is 40 bytes on 64-bit Linux, and writes none but those.
    unsafe {
        let set = rustix::ioctl::Setter::<TUNSETIFF, Request>::new(request);
        rustix::ioctl::ioctl(device, set).expect("the kernel makes a device");
    }
}
