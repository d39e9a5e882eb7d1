//! What the fabric needs of a network: announcements, questions about them, and packets.
//!
//! An implementation keeps no state about machines, retries nothing and decides nothing. Packets to one machine should
//! arrive in their order, once each: a flow that notices that this was not so ends, and begins again.

use std::fmt;

use lucarne_kernel::Waker;

use crate::name::MachineName;
use crate::tunnel::OVERHEAD;

/// The maximum size of a packet of the flow.
pub(crate) const PLAIN_MAX: usize = 48 << 10;

/// The maximum size of a packet.
pub const PACKET_MAX: usize = PLAIN_MAX + OVERHEAD;

/// The maximum size of the description of a service.
pub const DESCRIPTION_MAX: usize = 8 << 10;

/// What a machine announces: one service. It is small, since all machines see all announcements. The rest is the
/// description, for which interested machines ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// The machine.
    pub machine: MachineName,
    /// A number of its own for each start of the system on that machine.
    pub incarnation: u64,
    /// The interface of the service.
    pub uuid: uuid::Uuid,
    /// The digest of the description: a service with another description is another announcement.
    pub digest: Digest,
}

/// The first 16 bytes of a SHA-256 sum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

/// An event of the network.
#[derive(Debug)]
pub enum Event {
    /// A machine announces a service.
    Appeared(Token),
    /// The machine does not announce the service any more, or has left.
    Disappeared(Token),
    /// The answer to a question: the description of an announced service. It is not checked yet.
    Described(Token, Vec<u8>),
    /// A packet from a machine that claims this name.
    Packet(MachineName, Vec<u8>),
}

/// A network that connects machines. No method waits for the network.
pub trait Network: Send + Sync {
    /// Announces a service of this machine until it is withdrawn, and answers questions about it.
    fn announce(&self, token: &Token, description: Vec<u8>);

    /// Ends an announcement.
    fn withdraw(&self, token: &Token);

    /// Asks for the description of an announced service. The answer is an event, or does not come.
    fn ask(&self, token: &Token);

    /// Sends a packet to a machine, or loses it. Returns false if this packet, or one before it, is known to be lost because too
    /// much waits for the network.
    fn send(&self, to: &MachineName, packet: Vec<u8>) -> bool;

    /// Sends a packet to a machine as [`Network::send`] does, after all packets before it. The caller expects that the
    /// network has room for it, since few bytes are on the way to all machines.
    fn send_light(&self, to: &MachineName, packet: Vec<u8>) -> bool {
        self.send(to, packet)
    }

    /// From now on, machines must prove their names. What comes in names that are not proven must not displace what comes in
    /// proven ones.
    fn demand_proof(&self) {}

    /// Notes whether a machine has proven its name.
    fn set_proven(&self, machine: &MachineName, is_proven: bool) {
        let _ = (machine, is_proven);
    }

    /// Returns the next event, if there is one.
    fn next_event(&self) -> Option<Event>;

    /// Sets the process to wake when there are events.
    fn set_waker(&self, waker: Waker);
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Digest, ()> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| ())?;
        }
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_as_they_are_shown() {
        let digest = Digest([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xbc, 0xde, 0xf0, 0xff, 0x10]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "00", "+0000000000000000000000000000000", &"0".repeat(33), &"G".repeat(32)] {
            assert_eq!(text.parse::<Digest>(), Err(()));
        }
    }
}
