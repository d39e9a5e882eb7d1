//! TCP connections of a simulated network, and the listeners that accept them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::Ordering;
use lucarne_services::{Bytes, Thrown};

use super::{Attempt, SimulatedNetwork, Waiting};

/// The maximum number of connections that wait to be accepted. Further connections wait until there is room.
const BACKLOG: usize = 128;

/// The maximum number of bytes that a call reads.
const READ_BYTES_MAX: usize = 64 << 10;

/// A TCP connection. It belongs to its two ends.
pub(super) struct Link {
    network: SimulatedNetwork,
    addresses: [SocketAddr; 2],
    state: Mutex<State>,
}

struct State {
    /// The directions. Each end reads from the pipe with its number.
    pipes: [Pipe; 2],
    is_reset: bool,
    /// The number of bytes after which the connection breaks, if the weather breaks it.
    bytes_left: Option<u64>,
}

/// A direction of a connection.
struct Pipe {
    /// The bytes that were sent and not read yet, with the times of their arrival, which never decrease.
    waiting: VecDeque<(u64, Bytes)>,
    bytes: usize,
    bytes_max: usize,
    /// The time at which the reader learns that the sender sends no more.
    end_us: Option<u64>,
    /// Whether the reader's end is closed.
    is_abandoned: bool,
    readers: Waiting,
    writers: Waiting,
}

/// An end of a connection. Dropping it closes it.
pub(super) struct End {
    link: Arc<Link>,
    side: usize,
}

/// A listener, as the network knows it.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    state: Mutex<Backlog>,
}

#[derive(Default)]
struct Backlog {
    ends: VecDeque<End>,
    is_closed: bool,
    acceptors: Waiting,
    connectors: Waiting,
}

impl Link {
    /// Makes a connection. Returns the end that connects and the end that accepts.
    pub(super) fn connect(network: &SimulatedNetwork, addresses: [SocketAddr; 2]) -> (End, End) {
        let weather = &network.shared.weather;
        let pipe = || Pipe::new(network.between(weather.buffer_bytes) as usize);
        let pipes = [pipe(), pipe()];
        let breaks = network.happens(weather.broken);
        let bytes_left = breaks.then(|| network.between((0, 4 * weather.buffer_bytes.1)));
        let state = Mutex::new(State { pipes, is_reset: false, bytes_left });
        let link = Arc::new(Link { network: network.clone(), addresses, state });
        network.shared.sockets.fetch_add(2, Ordering::Relaxed);
        let mut world = network.shared.world.lock();
        if world.links.len() == world.links.capacity() {
            world.links.retain(|link| link.strong_count() > 0);
            // So the next search for closed connections comes only when there are about twice as many.
            let open = world.links.len();
            world.links.reserve(open);
        }
        world.links.push(Arc::downgrade(&link));
        drop(world);
        (End { link: link.clone(), side: 0 }, End { link, side: 1 })
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.state.lock().pipes.iter().map(|pipe| pipe.bytes).sum()
    }

    /// Breaks the connection, for both ends.
    pub(super) fn reset(&self) {
        let woken = self.state.lock().reset();
        woken.into_iter().for_each(Waiting::wake);
    }
}

impl State {
    fn reset(&mut self) -> Vec<Waiting> {
        self.is_reset = true;
        let pipes = self.pipes.iter_mut();
        pipes
            .flat_map(|pipe| {
                (pipe.waiting, pipe.bytes) = (VecDeque::new(), 0);
                [pipe.readers.take(), pipe.writers.take()]
            })
            .collect()
    }
}

impl Pipe {
    fn new(bytes_max: usize) -> Pipe {
        Pipe {
            waiting: VecDeque::new(),
            bytes: 0,
            bytes_max,
            end_us: None,
            is_abandoned: false,
            readers: Waiting::default(),
            writers: Waiting::default(),
        }
    }

    /// Returns the time of an arrival that is not before those of the bytes that were sent earlier.
    fn after_earlier(&self, arrival_us: u64) -> u64 {
        self.waiting.back().map_or(arrival_us, |(last_us, _)| arrival_us.max(*last_us))
    }

    /// Takes bytes that have arrived, if there are any: at most as many as a call reads.
    fn take(&mut self, now_us: u64) -> Vec<u8> {
        let mut taken = Vec::new();
        while let Some((arrival_us, data)) = self.waiting.front_mut()
            && *arrival_us <= now_us
            && taken.len() < READ_BYTES_MAX
        {
            let count = data.len().min(READ_BYTES_MAX - taken.len());
            taken.extend_from_slice(&data[..count]);
            if count == data.len() {
                self.waiting.pop_front();
            } else {
                *data = Bytes::copy_from_slice(&data[count..]);
            }
        }
        self.bytes -= taken.len();
        taken
    }
}

impl End {
    pub(super) fn local_address(&self) -> SocketAddr {
        self.link.addresses[self.side]
    }

    pub(super) fn peer_address(&self) -> SocketAddr {
        self.link.addresses[1 - self.side]
    }

    /// Attempts to read. Returns none at the end of the connection.
    pub(super) fn read(&self, waker: &Waker) -> Attempt<Result<Option<Bytes>, Thrown>> {
        let now_us = self.link.network.now_us();
        let mut state = self.link.state.lock();
        if state.is_reset {
            return Attempt::Done(Err(reset_by_peer()));
        }
        let pipe = &mut state.pipes[self.side];
        let taken = pipe.take(now_us);
        if !taken.is_empty() {
            let writers = pipe.writers.take();
            drop(state);
            writers.wake();
            return Attempt::Done(Ok(Some(taken.into())));
        }
        let next_us = pipe.waiting.front().map(|(arrival_us, _)| *arrival_us).or(pipe.end_us);
        match next_us {
            Some(end_us) if end_us <= now_us => Attempt::Done(Ok(None)),
            next_us => {
                pipe.readers.add(waker);
                next_us.map_or(Attempt::Woken, Attempt::At)
            }
        }
    }

    /// Attempts to send bytes: as many as there is room for. Returns their number.
    pub(super) fn write(&self, data: &[u8], waker: &Waker) -> Attempt<Result<usize, Thrown>> {
        let network = &self.link.network;
        let mut state = self.link.state.lock();
        if state.is_reset {
            return Attempt::Done(Err(reset_by_peer()));
        }
        let pipe = &mut state.pipes[1 - self.side];
        if pipe.end_us.is_some() || pipe.is_abandoned {
            return Attempt::Done(Err(Thrown::new("Broken pipe")));
        }
        let room = pipe.bytes_max - pipe.bytes;
        if data.is_empty() || room == 0 {
            pipe.writers.add(waker);
            return if data.is_empty() { Attempt::Done(Ok(0)) } else { Attempt::Woken };
        }
        let most = data.len().min(room);
        let count =
            if network.shared.weather.divides { network.between((1, most as u64)) as usize } else { most };
        let arrival_us = pipe.after_earlier(network.arrival_us());
        pipe.waiting.push_back((arrival_us, Bytes::copy_from_slice(&data[..count])));
        pipe.bytes += count;
        let mut woken = vec![pipe.readers.take()];
        if let Some(left) = &mut state.bytes_left {
            *left = left.saturating_sub(count as u64);
            if *left == 0 {
                woken.extend(state.reset());
            }
        }
        drop(state);
        woken.into_iter().for_each(Waiting::wake);
        Attempt::Done(Ok(count))
    }

    /// Ends the sending direction.
    pub(super) fn close_write(&self) -> Result<(), Thrown> {
        let mut state = self.link.state.lock();
        if state.is_reset {
            return Err(Thrown::new("Transport endpoint is not connected"));
        }
        let readers = state.pipes[1 - self.side].end(&self.link.network);
        drop(state);
        readers.wake();
        Ok(())
    }
}

impl Pipe {
    /// Ends the direction, unless it has ended. Returns the readers, which are to be woken.
    fn end(&mut self, network: &SimulatedNetwork) -> Waiting {
        if self.end_us.is_none() {
            self.end_us = Some(self.after_earlier(network.arrival_us()));
        }
        self.readers.take()
    }
}

impl Drop for End {
    /// Closes the end. If bytes were not read, the connection breaks for the peer, as on Linux.
    fn drop(&mut self) {
        let network = &self.link.network;
        network.shared.sockets.fetch_sub(1, Ordering::Relaxed);
        let mut state = self.link.state.lock();
        let has_unread = state.pipes[self.side].bytes > 0;
        let woken = if has_unread {
            state.reset()
        } else {
            let readers = state.pipes[1 - self.side].end(network);
            let pipe = &mut state.pipes[self.side];
            pipe.is_abandoned = true;
            vec![readers, pipe.writers.take()]
        };
        drop(state);
        woken.into_iter().for_each(Waiting::wake);
    }
}

impl Listener {
    pub(super) fn new(address: SocketAddr) -> Listener {
        Listener { address, state: Mutex::default() }
    }

    /// Attempts to add a connection to those that wait. `connect` makes it. Returns the end that has connected.
    pub(super) fn add(
        &self,
        connect: impl FnOnce() -> (End, End),
        waker: &Waker,
    ) -> Attempt<Result<End, Thrown>> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Attempt::Done(Err(refused()));
        }
        if state.ends.len() >= BACKLOG {
            state.connectors.add(waker);
            return Attempt::Woken;
        }
        let (own, other) = connect();
        state.ends.push_back(other);
        let acceptors = state.acceptors.take();
        drop(state);
        acceptors.wake();
        Attempt::Done(Ok(own))
    }

    /// Attempts to accept a connection.
    pub(super) fn accept(&self, waker: &Waker) -> Attempt<Result<End, Thrown>> {
        let mut state = self.state.lock();
        let Some(end) = state.ends.pop_front() else {
            state.acceptors.add(waker);
            return Attempt::Woken;
        };
        let connectors = state.connectors.take();
        drop(state);
        connectors.wake();
        Attempt::Done(Ok(end))
    }

    /// Refuses further connections, and breaks those that wait.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let (ends, connectors) = (std::mem::take(&mut state.ends), state.connectors.take());
        drop(state);
        for end in ends {
            end.link.reset();
        }
        connectors.wake();
    }
}

pub(super) fn refused() -> Thrown {
    Thrown::new("Connection refused")
}

fn reset_by_peer() -> Thrown {
    Thrown::new("Connection reset by peer")
}
