//! The datagrams that wait for a UDP socket of a simulated network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Waker;

use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Thrown};

use super::{Attempt, MACHINE, SimulatedNetwork, Waiting, is_own, unreachable};

/// The maximum size of all datagrams that wait for a socket, in bytes. Further ones are lost.
const WAITING_BYTES_MAX: usize = 208 << 10;

/// The bytes that each waiting datagram counts for, besides its data.
const DATAGRAM_COST: usize = 256;

/// The maximum number of bytes of a datagram, as on Linux.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// A UDP socket, as the network knows it.
pub(super) struct Mailbox {
    pub(super) address: SocketAddr,
    /// Whether other sockets can use the same port.
    pub(super) is_shared: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The datagrams, by the time of their arrival and a number.
    waiting: BTreeMap<(u64, u64), Datagram>,
    bytes: usize,
    peer: Option<SocketAddr>,
    groups: BTreeSet<Ipv4Addr>,
    readers: Waiting,
}

/// A datagram.
#[derive(Clone)]
pub(super) struct Datagram {
    pub(super) data: Bytes,
    pub(super) sender: SocketAddr,
}

impl Mailbox {
    pub(super) fn new(address: SocketAddr, is_shared: bool) -> Mailbox {
        Mailbox { address, is_shared, state: Mutex::default() }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.state.lock().bytes
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.state.lock().peer
    }

    /// Determines the only peer whose datagrams arrive from now on.
    pub(super) fn connect(&self, peer: SocketAddr) -> Result<(), Thrown> {
        if !is_own(peer.ip()) {
            return Err(unreachable());
        }
        self.state.lock().peer = Some(peer);
        Ok(())
    }

    pub(super) fn join(&self, group: Ipv4Addr) -> Result<(), Thrown> {
        let is_new = group.is_multicast().then(|| self.state.lock().groups.insert(group));
        match is_new {
            None => Err(Thrown::new("Invalid argument")),
            Some(false) => Err(Thrown::new("Address already in use")),
            Some(true) => Ok(()),
        }
    }

    pub(super) fn leave(&self, group: Ipv4Addr) -> Result<(), Thrown> {
        let was_in = self.state.lock().groups.remove(&group);
        if was_in { Ok(()) } else { Err(Thrown::new("Cannot assign requested address")) }
    }

    /// Attempts to receive a datagram.
    pub(super) fn receive(&self, now_us: u64, waker: &Waker) -> Attempt<Result<Datagram, Thrown>> {
        let mut state = self.state.lock();
        match state.waiting.first_entry() {
            Some(first) if first.key().0 <= now_us => {
                let datagram = first.remove();
                state.bytes -= cost(&datagram);
                Attempt::Done(Ok(datagram))
            }
            first => {
                let at_us = first.map(|first| first.key().0);
                state.readers.add(waker);
                at_us.map_or(Attempt::Woken, Attempt::At)
            }
        }
    }

    /// Returns whether a datagram for the given address, which has the port of this socket, is for this socket too.
    fn takes(&self, receiver: SocketAddr, sender: SocketAddr) -> bool {
        let state = self.state.lock();
        let is_for_all = match receiver.ip() {
            IpAddr::V4(ip) => ip.is_broadcast() || state.groups.contains(&ip),
            IpAddr::V6(_) => false,
        };
        let (own, given) = (self.address.ip(), receiver.ip());
        let is_here =
            own == given || own.is_unspecified() && own.is_ipv4() == given.is_ipv4() && is_own(given);
        (is_for_all || is_here) && state.peer.is_none_or(|peer| peer == sender)
    }

    /// Puts a datagram into the queue, if there is room.
    fn put(&self, key: (u64, u64), datagram: Datagram) {
        let mut state = self.state.lock();
        if state.bytes + cost(&datagram) > WAITING_BYTES_MAX {
            return;
        }
        state.bytes += cost(&datagram);
        state.waiting.insert(key, datagram);
        let readers = state.readers.take();
        drop(state);
        readers.wake();
    }
}

fn cost(datagram: &Datagram) -> usize {
    datagram.data.len() + DATAGRAM_COST
}

/// Sends a datagram. `hears_itself` says whether sockets of this machine receive datagrams to a group.
pub(super) fn send(
    network: &SimulatedNetwork,
    from: &Mailbox,
    data: &Bytes,
    receiver: SocketAddr,
    hears_itself: bool,
) -> Result<(), Thrown> {
    if data.len() > DATAGRAM_BYTES_MAX {
        return Err(Thrown::new("Message too long"));
    }
    let is_group = matches!(receiver.ip(), IpAddr::V4(ip) if ip.is_multicast() || ip.is_broadcast());
    if !is_group && !is_own(receiver.ip()) {
        return Err(unreachable());
    }
    if network.parted_until_us().is_some() || is_group && !hears_itself {
        return Ok(());
    }
    let sender = SocketAddr::new(source(from.address.ip(), receiver.ip()), from.address.port());
    let all = network.shared.world.lock().mailboxes.at(receiver.port()).to_vec();
    let mut receivers: Vec<Arc<Mailbox>> =
        all.into_iter().filter(|mailbox| mailbox.takes(receiver, sender)).collect();
    if !is_group {
        // Of the sockets that share a port, the one at this very address or else the newest receives it.
        receivers.sort_by_key(|mailbox| mailbox.address.ip() == receiver.ip());
        receivers.drain(..receivers.len().saturating_sub(1));
    }
    let weather = &network.shared.weather;
    for mailbox in receivers {
        let copies = u32::from(!network.happens(weather.lost)) + u32::from(network.happens(weather.doubled));
        for _ in 0..copies {
            let key = (network.arrival_us(), network.shared.world.lock().number());
            mailbox.put(key, Datagram { data: data.clone(), sender });
        }
    }
    Ok(())
}

/// Returns the address from which a receiver gets datagrams of a socket at the address `own`.
fn source(own: IpAddr, receiver: IpAddr) -> IpAddr {
    match (own.is_unspecified(), is_own(receiver)) {
        (false, _) => own,
        (true, true) => receiver,
        (true, false) => MACHINE.into(),
    }
}
