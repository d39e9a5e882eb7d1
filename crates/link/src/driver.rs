//! The listener's connections, on which its idle workers wait.
//!
//! A connection that received data a moment ago is *hot*: the worker polls it without a system call, and the other
//! side rings no bell. If no data has arrived for a while, the worker in the driver asks the other side of each hot
//! connection to ring from now on, and then sleeps on an epoll instance that covers all connections. Only that worker
//! makes a connection hot, so no connection is hot while that worker sleeps.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::{Clock, PATIENCE_US};
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use lucarne_kernel::{Driver, Waker};
use rustc_hash::FxHashMap;
use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

use crate::link::Link;
use crate::patience;
use crate::wire::{Descriptors, LocalWire};

/// The number of events taken at a time; the rest comes with the next call.
const EVENTS_MAX: usize = 64;

/// The only bell that a listener has on each wire.
const BELL: usize = 0;

/// The driver of a listening system: see the module documentation.
pub(crate) struct LinkDriver {
    epoll: OwnedFd,
    nudge: OwnedFd,
    state: AtomicU8,
    all: Mutex<FxHashMap<u64, Arc<Connection>>>,
    hot: Mutex<Vec<Arc<Connection>>>,
    next: AtomicU64,
}

/// A connection, and the stand-in that reads it.
struct Connection {
    number: u64,
    link: Arc<Link>,
    /// The wire of the link, to sleep on.
    wire: Arc<dyn LocalWire>,
    stand_in: Waker,
    is_hot: AtomicBool,
}

/// No worker is in the driver.
const ABSENT: u8 = 0;
/// A worker is in the driver and polls.
const AWAKE: u8 = 1;
/// A worker is in the driver and sleeps on epoll.
const ASLEEP: u8 = 2;
/// The worker in the driver must leave it, or else the next one must not wait there: `unpark` was called.
const UNPARKED: u8 = 3;

/// The number of low bits in the data of an event that hold its kind; the other bits hold the number of its connection.
const WHAT_BITS: u32 = 2;
const NUDGE: u64 = 0;
const RUNG: u64 = 1;
const SOCKET: u64 = 2;
const PROCESS: u64 = 3;

impl LinkDriver {
    pub(crate) fn new() -> io::Result<LinkDriver> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let nudge = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: each nudge is reported once, without a read.
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &nudge, epoll::EventData::new_u64(NUDGE), once)?;
        Ok(LinkDriver {
            epoll,
            nudge,
            state: AtomicU8::new(ABSENT),
            all: Mutex::default(),
            hot: Mutex::default(),
            next: AtomicU64::new(1),
        })
    }

    /// Registers the stand-in: it gets a turn whenever data arrives on its link, and once in any case.
    pub(crate) fn add(&self, link: Arc<Link>, wire: Arc<dyn LocalWire>, stand_in: Waker) -> io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let connection =
            Arc::new(Connection { number, link, wire, stand_in, is_hot: AtomicBool::new(false) });
        self.all.lock().insert(number, connection.clone());
        let added = self.listen_to(&connection);
        connection.settle();
        added.inspect_err(|_| drop(connection.link.close()))
    }

    fn listen_to(&self, connection: &Connection) -> io::Result<()> {
        let Descriptors { bells, socket, process } = connection.wire.descriptors();
        for (descriptor, what) in [(bells[BELL], RUNG), (socket, SOCKET), (process, PROCESS)] {
            if let Some(descriptor) = descriptor {
                let data = epoll::EventData::new_u64(connection.number << WHAT_BITS | what);
                epoll::add(&self.epoll, descriptor, data, epoll::EventFlags::IN)?;
            }
        }
        Ok(())
    }

    fn remove(&self, connection: &Connection) {
        self.all.lock().remove(&connection.number);
        let Descriptors { bells, socket, process } = connection.wire.descriptors();
        for descriptor in [bells[BELL], socket, process].into_iter().flatten() {
            // Fails if the descriptor was not added, which is fine.
            let _ = epoll::delete(&self.epoll, descriptor);
        }
    }

    fn warm(&self, connection: &Arc<Connection>, hot: &mut Vec<Arc<Connection>>) {
        if !connection.is_hot.swap(true, Ordering::Relaxed) {
            connection.wire.announce_awake();
            hot.push(connection.clone());
        }
    }

    /// Wakes the stand-ins of the hot connections that have work, and removes the connections whose stand-ins have
    /// ended. Returns false if no stand-in was woken.
    fn look_at(&self, hot: &mut Vec<Arc<Connection>>) -> bool {
        let mut has_found = false;
        hot.retain(|connection| {
            if !connection.stand_in.is_alive() {
                self.remove(connection);
                return false;
            }
            if connection.link.has_news() {
                // Returns false for a stand-in whose turn is due anyway: it reads the data in that turn.
                has_found |= connection.stand_in.try_wake();
            }
            true
        });
        has_found
    }

    /// Announces on each hot connection that this side no longer polls. Returns true if data arrived meanwhile.
    fn cool(&self, hot: &mut Vec<Arc<Connection>>) -> bool {
        let mut has_found = false;
        hot.retain(|connection| {
            connection.wire.announce_sleep(BELL);
            let is_ready = connection.link.has_news();
            // A stand-in whose turn is due anyway reads the data in that turn.
            let has_woken = is_ready && connection.stand_in.try_wake();
            if has_woken {
                connection.wire.announce_awake();
                has_found = true;
            } else {
                connection.is_hot.store(false, Ordering::Relaxed);
            }
            has_woken
        });
        has_found
    }

    /// Waits for events, and returns the connections that they concern.
    fn wait_for_events(&self, timeout: Option<Duration>) -> Vec<Arc<Connection>> {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        // The only error is an interruption, after which the worker calls `wait` again.
        let _ = epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref());
        let handle = |event: epoll::Event| {
            let (number, what) = (event.data.u64() >> WHAT_BITS, event.data.u64() & ((1 << WHAT_BITS) - 1));
            let connection = self.all.lock().get(&number).cloned()?;
            connection.handle_event(what);
            Some(connection)
        };
        events.into_iter().filter_map(handle).collect()
    }
}

impl Connection {
    fn handle_event(&self, what: u64) {
        match what {
            RUNG => self.wire.silence(BELL),
            SOCKET => self.wire.look_at_socket(),
            // Data that the other side has sent can still be read.
            PROCESS => self.wire.close(),
            _ => {}
        }
    }

    /// Gives the stand-in a turn, and requests a bell for later data.
    fn settle(&self) {
        self.wire.announce_sleep(BELL);
        self.stand_in.wake();
    }
}

impl LinkDriver {
    /// Polls the hot connections for a while, and then sleeps until an event, `unpark`, or the end of `patience`.
    fn sit(&self, has_work: &dyn Fn() -> bool, patience: Option<Duration>) {
        let clock = Clock::real();
        let patience_us = patience.map_or(PATIENCE_US, |patience| {
            i64::try_from(patience.as_micros()).map_or(PATIENCE_US, |us| us.min(PATIENCE_US))
        });
        loop {
            let mut hot = self.hot.lock();
            if self.look_at(&mut hot) || has_work() || self.state.load(Ordering::Relaxed) == UNPARKED {
                return;
            }
            if hot.is_empty() || clock.now_us() >= patience_us {
                if self.cool(&mut hot) {
                    return;
                }
                break;
            }
            patience::wait_a_moment(|| hot.iter().any(|connection| connection.link.has_news()));
        }
        if self.state.compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        let ready = self.wait_for_events(patience);
        if !ready.is_empty() {
            let mut hot = self.hot.lock();
            ready.iter().for_each(|connection| self.warm(connection, &mut hot));
            self.look_at(&mut hot);
        }
    }
}

impl Driver for LinkDriver {
    fn look(&self) {
        // If a worker is in the driver, it polls more often than this call would.
        if self.state.load(Ordering::Relaxed) != ABSENT || self.all.lock().is_empty() {
            return;
        }
        if let Some(mut hot) = self.hot.try_lock() {
            self.look_at(&mut hot);
        }
        for connection in self.wait_for_events(Some(Duration::ZERO)) {
            connection.settle();
        }
    }

    fn wait(&self, has_work: &dyn Fn() -> bool, patience: Option<Duration>) {
        if self.state.swap(AWAKE, Ordering::SeqCst) != UNPARKED {
            self.sit(has_work, patience);
        }
        self.state.store(ABSENT, Ordering::SeqCst);
    }

    fn unpark(&self) {
        if self.state.swap(UNPARKED, Ordering::SeqCst) == ASLEEP {
            // Fails only if so many nudges are pending that one is certain to be noticed.
            let _ = rustix::io::write(&self.nudge, &1_u64.to_ne_bytes());
        }
    }
}
