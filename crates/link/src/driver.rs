//! What the listener's idle workers wait in: all of its connections.
//!
//! A connection over which something came a moment ago is *hot*: it is looked at without a system call, and its
//! other side rings no bell. When the worker in here wants to sleep, and nothing has come for a while, all hot ones are
//! told so, and then the epoll instance hears for all of them. Only that worker makes a connection hot: while it
//! sleeps there is none.

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
use crate::wire::Descriptors;

/// So many events are taken at a time; the rest comes with the next look.
const EVENTS_MAX: usize = 64;

/// The one bell that a listener has on each wire.
const BELL: usize = 0;

/// See the top of this file.
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
    stand_in: Waker,
    is_hot: AtomicBool,
}

/// Nobody is in here.
const ABSENT: u8 = 0;
/// Somebody is, and looks around.
const AWAKE: u8 = 1;
/// Somebody is, and hears.
const ASLEEP: u8 = 2;
/// Nobody is to stay.
const UNPARKED: u8 = 3;

/// What an event is about is in the low bits, of which connection in the others.
const WHAT_BITS: u32 = 2;
const NUDGE: u64 = 0;
const RUNG: u64 = 1;
const SOCKET: u64 = 2;
const PROCESS: u64 = 3;

impl LinkDriver {
    pub(crate) fn new() -> io::Result<LinkDriver> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let nudge = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Each nudge is heard once, without being read.
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

    /// From now on the stand-in gets a turn when something comes over its link, and once in any case.
    pub(crate) fn add(&self, link: Arc<Link>, stand_in: Waker) -> io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection { number, link, stand_in, is_hot: AtomicBool::new(false) });
        self.all.lock().insert(number, connection.clone());
        let added = self.listen_to(&connection);
        connection.settle();
        added.inspect_err(|_| connection.link.close())
    }

    fn listen_to(&self, connection: &Connection) -> io::Result<()> {
        let Descriptors { bells, socket, process } = connection.link.wire().descriptors();
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
        let Descriptors { bells, socket, process } = connection.link.wire().descriptors();
        for descriptor in [bells[BELL], socket, process].into_iter().flatten() {
            // It may not have been added.
            let _ = epoll::delete(&self.epoll, descriptor);
        }
    }

    fn warm(&self, connection: &Arc<Connection>, hot: &mut Vec<Arc<Connection>>) {
        if !connection.is_hot.swap(true, Ordering::Relaxed) {
            connection.link.wire().announce_awake();
            hot.push(connection.clone());
        }
    }

    /// Gives turns to those for whom something has come, and forgets those that are over. False if there was nothing.
    fn look_at(&self, hot: &mut Vec<Arc<Connection>>) -> bool {
        let mut has_found = false;
        hot.retain(|connection| {
            if !connection.stand_in.is_alive() {
                self.remove(connection);
                return false;
            }
            if connection.link.has_news() {
                // One that has its turn already goes on by itself.
                has_found |= connection.stand_in.try_wake();
            }
            true
        });
        has_found
    }

    /// Tells the other sides that nobody looks any more. True if something came meanwhile.
    fn cool(&self, hot: &mut Vec<Arc<Connection>>) -> bool {
        let mut has_found = false;
        hot.retain(|connection| {
            connection.link.wire().announce_sleep(BELL);
            let is_ready = connection.link.has_news();
            // One that has its turn already looks again after it.
            let has_woken = is_ready && connection.stand_in.try_wake();
            if has_woken {
                connection.link.wire().announce_awake();
                has_found = true;
            } else {
                connection.is_hot.store(false, Ordering::Relaxed);
            }
            has_woken
        });
        has_found
    }

    /// Waits for events, and gives those connections that they are about.
    fn hear(&self, timeout: Option<Duration>) -> Vec<Arc<Connection>> {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        // An error is an interruption: whoever waits comes back.
        let _ = epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref());
        let heard = |event: epoll::Event| {
            let (number, what) = (event.data.u64() >> WHAT_BITS, event.data.u64() & ((1 << WHAT_BITS) - 1));
            let connection = self.all.lock().get(&number).cloned()?;
            connection.hear(what);
            Some(connection)
        };
        events.into_iter().filter_map(heard).collect()
    }
}

impl Connection {
    fn hear(&self, what: u64) {
        match what {
            RUNG => self.link.wire().silence(BELL),
            SOCKET => self.link.wire().look_at_socket(),
            // What it has sent can still be read.
            PROCESS => self.link.wire().close(),
            _ => {}
        }
    }

    /// Gives the stand-in a turn, and has the bell rung for what comes later.
    fn settle(&self) {
        self.link.wire().announce_sleep(BELL);
        self.stand_in.wake();
    }
}

impl LinkDriver {
    /// Looks around for a while, and then sleeps.
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
        let heard = self.hear(patience);
        if !heard.is_empty() {
            let mut hot = self.hot.lock();
            heard.iter().for_each(|connection| self.warm(connection, &mut hot));
            self.look_at(&mut hot);
        }
    }
}

impl Driver for LinkDriver {
    fn look(&self) {
        // Whoever sits here looks more often.
        if self.state.load(Ordering::Relaxed) != ABSENT || self.all.lock().is_empty() {
            return;
        }
        if let Some(mut hot) = self.hot.try_lock() {
            self.look_at(&mut hot);
        }
        for connection in self.hear(Some(Duration::ZERO)) {
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
            // It can only fail if it was nudged so often that it is sure to be heard.
            let _ = rustix::io::write(&self.nudge, &1_u64.to_ne_bytes());
        }
    }
}
