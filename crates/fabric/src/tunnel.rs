//! The protection of what two machines send to each other, if they have identities: before anything else, both prove their
//! names to each other by a handshake of TLS 1.3. After that, each packet is sealed with keys of this handshake.
//!
//! ```text
//! u8 version | u8 kind | u16 0 | u32 0 | u64 session | u64 number | content
//! kind:
//!   1 knock     asks the other machine to begin a handshake (session and number are 0)
//!   2 client    bytes of TLS, from the machine that begins the handshake: the machine with the lesser name
//!   3 server    bytes of TLS, from the other machine
//!   4 refused   says that the handshake was refused: the receiver is not accepted (number is 0)
//!   5 sealed    a packet of the flow, sealed with ChaCha20-Poly1305 (RFC 8439)
//! ```
//!
//! Numbers are in little-endian order.
//!
//! - The handshake is that of RFC 8446, by `rustls`, with certificates on both sides. The two keys, one for each direction,
//!   are exported from it (section 7.5, label [`LABEL`], with the number of the session as context). The nonce of a packet is
//!   its number, and its head is authenticated too.
//! - TLS itself protects a stream: a single packet that an attacker injects would end it. Here an injected packet is dropped,
//!   and nothing else happens. A packet is also dropped if its number is not greater than the numbers of all packets before
//!   it, so a packet that is recorded and sent again has no effect. The flow notices missing packets.
//! - A session is replaced only when the next handshake is complete. Packets of the previous session are still accepted then.
//!   So an attacker who can only inject packets cannot end a contact. He can disturb a handshake: then another one begins.
//! - Packets that are not sealed are never given to the flow.

use std::collections::VecDeque;
use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rustls::{ClientConnection, Connection, ServerConnection};

use crate::identity::{Fingerprint, Identity, server_name};
use crate::name::MachineName;
use crate::network::PACKET_MAX;

/// The version of the packets described above. It differs from the versions of packets without protection.
const VERSION: u8 = 129;

/// The label of the exported keys.
const LABEL: &[u8] = b"EXPORTER-lucarne-fabric-1";

/// The number of bytes before the content of a packet.
const HEAD: usize = 24;

/// The number of bytes that sealing adds to the content of a packet.
pub(crate) const OVERHEAD: usize = HEAD + 16;

/// The number of handshakes that begin in the time after which a machine is lost. This many are kept, because the answer to
/// an older handshake may arrive after newer ones have begun.
const HANDSHAKES_MAX: usize = 8;

/// The maximum number of packets that wait for the end of a handshake. The oldest is dropped when there are more; the flow
/// sends important packets again.
const WAITING_MAX: usize = 8;

/// The maximum number of packets of TLS from one side in a handshake.
const HANDSHAKE_PACKETS_MAX: u64 = 16;

mod kind {
    pub(super) const KNOCK: u8 = 1;
    pub(super) const CLIENT: u8 = 2;
    pub(super) const SERVER: u8 = 3;
    pub(super) const REFUSED: u8 = 4;
    pub(super) const SEALED: u8 = 5;
}

/// The sessions and handshakes with one other machine.
pub(crate) struct Tunnel {
    identity: Arc<Identity>,
    peer: MachineName,
    /// Whether this side begins handshakes.
    begins_handshakes: bool,
    /// The least time between two handshakes that this side begins, or two requests for one.
    retry_us: i64,
    /// The time after which a handshake is given up, whichever side began it.
    timeout_us: i64,
    /// The newest session comes first.
    sessions: VecDeque<Session>,
    /// The newest handshake comes last.
    handshakes: VecDeque<Handshake>,
    /// The packets of the flow that wait for the end of a handshake.
    waiting: VecDeque<Vec<u8>>,
    /// When this side last began a handshake, or asked for one.
    begun_us: Option<i64>,
    /// When a handshake last began or completed, whichever side began it.
    touched_us: i64,
}

struct Handshake {
    id: u64,
    tls: Box<Connection>,
    next_in: u64,
    next_out: u64,
    since_us: i64,
}

struct Session {
    id: u64,
    /// The certificate with which the other machine has proven its name.
    certificate: Fingerprint,
    sealing: LessSafeKey,
    opening: LessSafeKey,
    next_out: u64,
    next_in: u64,
}

/// What the caller of [`Tunnel::receive`] learns from a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A packet of the flow, from the machine that has proven its name.
    Packet(Vec<u8>),
    /// A packet without protection was dropped.
    Unprotected,
    /// The other machine has not proven its name, for this reason.
    Unproven(String),
    /// The other machine does not accept this one.
    NotAccepted,
}

struct Head {
    kind: u8,
    session: u64,
    number: u64,
}

impl Head {
    fn write(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = VERSION;
        bytes[1] = self.kind;
        bytes[8..16].copy_from_slice(&self.session.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes
    }

    /// Reads the head of a packet. Returns it with the content, or none if the bytes are not a packet of this version.
    fn read(bytes: &[u8]) -> Option<(Head, &[u8])> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let [VERSION, kind, 0, 0, 0, 0, 0, 0, ..] = *head else { return None };
        let number = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
        Some((Head { kind, session: number(8)?, number: number(16)? }, rest))
    }
}

impl Tunnel {
    pub(crate) fn new(identity: Arc<Identity>, peer: MachineName, timeout_us: i64) -> Tunnel {
        Tunnel {
            begins_handshakes: *identity.name() < peer,
            identity,
            peer,
            retry_us: timeout_us / HANDSHAKES_MAX as i64,
            timeout_us,
            sessions: VecDeque::new(),
            handshakes: VecDeque::new(),
            waiting: VecDeque::new(),
            begun_us: None,
            touched_us: 0,
        }
    }

    /// Returns whether the other machine has proven its name.
    pub(crate) fn is_proven(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Returns whether the present contact rests on a certificate that is revoked now. This checks the newest session in which
    /// the other machine has sent something, or all sessions if it has sent nothing yet. An older session can have a
    /// certificate that the machine has renewed meanwhile, which says nothing about the present contact.
    pub(crate) fn is_revoked(&self) -> bool {
        let is_revoked = |session: &Session| self.identity.revoked.contains(&session.certificate);
        match self.sessions.iter().find(|session| session.next_in > 0) {
            Some(used) => is_revoked(used),
            None => !self.sessions.is_empty() && self.sessions.iter().all(is_revoked),
        }
    }

    /// Forgets the sessions with certificates that are revoked now.
    pub(crate) fn drop_revoked(&mut self) {
        let revoked = &self.identity.revoked;
        self.sessions.retain(|session| !revoked.contains(&session.certificate));
    }

    /// Returns whether no handshake began or completed within the timeout.
    pub(crate) fn is_quiet(&self, now_us: i64) -> bool {
        now_us - self.touched_us >= self.timeout_us
    }

    /// Returns whether a handshake is in progress.
    pub(crate) fn is_handshaking(&self) -> bool {
        !self.handshakes.is_empty()
    }

    /// Returns when a handshake last began or completed, in microseconds.
    pub(crate) fn touched_us(&self) -> i64 {
        self.touched_us
    }

    /// Returns the time at which the oldest handshake times out, in microseconds, if there is a handshake.
    pub(crate) fn next_us(&self) -> Option<i64> {
        self.handshakes.front().map(|handshake| handshake.since_us + self.timeout_us)
    }

    /// Drops the handshakes that have timed out.
    pub(crate) fn drop_expired(&mut self, now_us: i64) {
        let timeout_us = self.timeout_us;
        self.handshakes.retain(|handshake| now_us - handshake.since_us < timeout_us);
    }

    /// Sends a packet of the flow, or keeps it until a handshake is complete. Adds the packets to send to `out`. If a
    /// handshake begins, `random` becomes the number of its session.
    pub(crate) fn send(&mut self, packet: Vec<u8>, now_us: i64, random: u64, out: &mut Vec<Vec<u8>>) {
        match self.sending() {
            Some(session) => out.extend(session.seal(packet)),
            None => {
                if self.waiting.len() == WAITING_MAX {
                    self.waiting.pop_front();
                }
                self.waiting.push_back(packet);
                self.begin(now_us, random, out);
            }
        }
    }

    /// Seals the last packet to the other machine and returns it. Returns none without a session.
    pub(crate) fn send_last(&mut self, packet: Vec<u8>) -> Option<Vec<u8>> {
        self.sending()?.seal(packet)
    }

    /// Handles a packet that claims to be from the other machine. Adds the packets to send to `out`. If a handshake begins,
    /// `random` becomes the number of its session. Returns what the caller has to know, if anything.
    pub(crate) fn receive(
        &mut self,
        bytes: &[u8],
        now_us: i64,
        random: u64,
        out: &mut Vec<Vec<u8>>,
    ) -> Option<News> {
        let Some((head, rest)) = Head::read(bytes) else {
            return Some(News::Unprotected);
        };
        match head.kind {
            kind::KNOCK if self.begins_handshakes => self.begin(now_us, random, out),
            kind::CLIENT if !self.begins_handshakes => return self.serve(&head, rest, now_us, out),
            kind::SERVER if self.begins_handshakes => return self.proceed(&head, rest, now_us, out),
            kind::REFUSED if self.begins_handshakes => return self.refused(head.session),
            kind::SEALED => return self.open(&head, rest, now_us, random, out),
            // A kind that this side never receives, or that a later version has added.
            _ => {}
        }
        None
    }

    /// Returns the session for sending. The machine that began the handshake also sends its last message, which may be lost.
    /// So it keeps sending in the previous session, if there is one, until it receives a packet in the new one.
    fn sending(&mut self) -> Option<&mut Session> {
        let at = self.sessions.iter().position(|session| !self.begins_handshakes || session.next_in > 0);
        self.sessions.get_mut(at.unwrap_or_default())
    }

    /// Begins a handshake, or asks the other machine to begin one. Does nothing within `retry_us` after the last time.
    fn begin(&mut self, now_us: i64, random: u64, out: &mut Vec<Vec<u8>>) {
        if self.begun_us.is_some_and(|begun_us| now_us - begun_us < self.retry_us) {
            return;
        }
        self.begun_us = Some(now_us);
        if !self.begins_handshakes {
            return out.push(Head { kind: kind::KNOCK, session: 0, number: 0 }.write().to_vec());
        }
        let Some(name) = server_name(&self.peer) else { return };
        let Ok(tls) = ClientConnection::new(self.identity.client.clone(), name) else { return };
        self.add_handshake(random, Connection::from(tls), now_us);
        if let Some(handshake) = self.handshakes.back_mut() {
            handshake.flush(kind::CLIENT, out);
        }
    }

    /// Adds a handshake. Drops the oldest one if there are [`HANDSHAKES_MAX`] already.
    fn add_handshake(&mut self, id: u64, tls: Connection, now_us: i64) {
        if self.handshakes.len() == HANDSHAKES_MAX {
            self.handshakes.pop_front();
        }
        self.touched_us = now_us;
        self.handshakes.push_back(Handshake {
            id,
            tls: Box::new(tls),
            next_in: 0,
            next_out: 0,
            since_us: now_us,
        });
    }

    /// Continues a handshake of the other machine. Creates it at its first packet.
    fn serve(&mut self, head: &Head, bytes: &[u8], now_us: i64, out: &mut Vec<Vec<u8>>) -> Option<News> {
        let is_known = self.handshakes.iter().any(|handshake| handshake.id == head.session);
        if !is_known {
            let is_new = head.number == 0 && self.sessions.iter().all(|session| session.id != head.session);
            if !is_new {
                return None;
            }
            let tls = ServerConnection::new(self.identity.server.clone()).ok()?;
            self.add_handshake(head.session, Connection::from(tls), now_us);
        }
        let news = self.proceed(head, bytes, now_us, out);
        if let Some(News::Unproven(_)) = news {
            out.push(Head { kind: kind::REFUSED, session: head.session, number: 0 }.write().to_vec());
        }
        news
    }

    /// Continues a handshake. Adds the session if the handshake is complete then.
    fn proceed(&mut self, head: &Head, bytes: &[u8], now_us: i64, out: &mut Vec<Vec<u8>>) -> Option<News> {
        let mine = if self.begins_handshakes { kind::CLIENT } else { kind::SERVER };
        let at = self.handshakes.iter().position(|handshake| handshake.id == head.session)?;
        let handshake = self.handshakes.get_mut(at)?;
        if head.number < handshake.next_in {
            return None;
        }
        let result = handshake.receive(head.number, bytes).and_then(|()| {
            let is_complete = !handshake.tls.is_handshaking();
            if is_complete {
                let certificate = handshake.tls.peer_certificates().and_then(|chain| chain.first());
                self.identity.check(&self.peer, certificate.ok_or("it has no certificate")?)?;
            }
            Ok(is_complete)
        });
        if result.is_ok() {
            // A machine that is not accepted does not get the last message of the handshake.
            handshake.flush(mine, out);
        }
        let session = match result {
            Ok(false) => return None,
            Ok(true) => self.handshakes.remove(at)?.establish(self.begins_handshakes),
            Err(reason) => {
                self.handshakes.remove(at);
                Err(reason)
            }
        };
        match session {
            Ok(session) => {
                self.touched_us = now_us;
                self.add_session(session, out);
                None
            }
            Err(reason) => Some(News::Unproven(reason)),
        }
    }

    /// Adds a session. Of the previous sessions, keeps only the newest in which the other machine has sent something.
    fn add_session(&mut self, mut session: Session, out: &mut Vec<Vec<u8>>) {
        if self.begins_handshakes {
            self.handshakes.clear();
        } else {
            // Tells the other machine that its last message of the handshake has arrived.
            out.extend(session.seal(Vec::new()));
        }
        let used = self.sessions.drain(..).find(|session| session.next_in > 0);
        self.sessions = [Some(session), used].into_iter().flatten().collect();
        for packet in std::mem::take(&mut self.waiting) {
            let sealed = self.sending().and_then(|session| session.seal(packet));
            out.extend(sealed);
        }
    }

    /// Drops the handshake or session that the other machine reports as refused. A session in which it has sent something is
    /// kept, because the report is not authenticated.
    fn refused(&mut self, id: u64) -> Option<News> {
        let count = self.sessions.len() + self.handshakes.len();
        self.sessions.retain(|session| session.id != id || session.next_in > 0);
        self.handshakes.retain(|handshake| handshake.id != id);
        let was_dropped = self.sessions.len() + self.handshakes.len() < count;
        was_dropped.then_some(News::NotAccepted)
    }

    /// Opens a sealed packet. Begins a handshake if its session is not known.
    fn open(
        &mut self,
        head: &Head,
        bytes: &[u8],
        now_us: i64,
        random: u64,
        out: &mut Vec<Vec<u8>>,
    ) -> Option<News> {
        let Some(session) = self.sessions.iter_mut().find(|session| session.id == head.session) else {
            // The session may be from before this machine was restarted.
            self.begin(now_us, random, out);
            return None;
        };
        session.open(head, bytes).filter(|packet| !packet.is_empty()).map(News::Packet)
    }
}

impl Handshake {
    /// Makes a session of a complete handshake. Fails with the reason if it has no certificate, or no keys.
    fn establish(self, begins_handshakes: bool) -> Result<Session, String> {
        let Handshake { id, tls, .. } = self;
        let certificate = tls.peer_certificates().and_then(|chain| chain.first()).map(Fingerprint::of);
        let certificate = certificate.ok_or("it has no certificate")?;
        let keys = tls
            .export_keying_material([0; 64], LABEL, Some(&id.to_le_bytes()))
            .map_err(|error| error.to_string())?;
        let (client, server) = keys.split_at(32);
        let (mine, others) = if begins_handshakes { (client, server) } else { (server, client) };
        let key = |bytes: &[u8]| {
            let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).map(LessSafeKey::new);
            key.map_err(|_| "the session keys cannot be made".to_owned())
        };
        let (sealing, opening) = (key(mine)?, key(others)?);
        Ok(Session { id, certificate, sealing, opening, next_out: 0, next_in: 0 })
    }

    /// Gives bytes of the other machine to TLS. Fails with the reason if a packet is missing, or TLS refuses the bytes.
    fn receive(&mut self, number: u64, mut bytes: &[u8]) -> Result<(), String> {
        if number > self.next_in {
            return Err("a part of the handshake is missing".to_owned());
        }
        if number >= HANDSHAKE_PACKETS_MAX {
            return Err(format!("the handshake has more than {HANDSHAKE_PACKETS_MAX} packets"));
        }
        self.next_in += 1;
        while !bytes.is_empty() && self.tls.is_handshaking() {
            // TLS reads no more bytes after the other side has closed the connection.
            if self.tls.read_tls(&mut bytes).map_err(|error| error.to_string())? == 0 {
                return Err("it has ended the handshake".to_owned());
            }
            self.tls.process_new_packets().map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Adds the bytes that TLS wants to send to `out`, in packets of this kind.
    fn flush(&mut self, kind: u8, out: &mut Vec<Vec<u8>>) {
        let mut bytes = Vec::new();
        while self.tls.wants_write() && self.tls.write_tls(&mut bytes).is_ok() {}
        for part in bytes.chunks(PACKET_MAX - HEAD) {
            let mut packet = Head { kind, session: self.id, number: self.next_out }.write().to_vec();
            self.next_out += 1;
            packet.extend_from_slice(part);
            out.push(packet);
        }
    }
}

impl Session {
    /// Returns the sealed packet; none if it cannot be sealed.
    fn seal(&mut self, packet: Vec<u8>) -> Option<Vec<u8>> {
        let head = Head { kind: kind::SEALED, session: self.id, number: self.next_out }.write();
        let mut content = packet;
        let tag = self
            .sealing
            .seal_in_place_separate_tag(nonce(self.next_out), Aad::from(head), &mut content)
            .ok()?;
        self.next_out += 1;
        let mut sealed = Vec::with_capacity(content.len() + OVERHEAD);
        sealed.extend_from_slice(&head);
        sealed.extend_from_slice(&content);
        sealed.extend_from_slice(tag.as_ref());
        Some(sealed)
    }

    /// Returns the content of a packet; none if it is not from the other machine, or not newer than the last one.
    fn open(&mut self, head: &Head, bytes: &[u8]) -> Option<Vec<u8>> {
        if head.number < self.next_in {
            return None;
        }
        let mut content = bytes.to_vec();
        let length =
            self.opening.open_in_place(nonce(head.number), Aad::from(head.write()), &mut content).ok()?.len();
        content.truncate(length);
        self.next_in = head.number.checked_add(1)?;
        Some(content)
    }
}

/// The nonce of a packet. Each key is for one session and one direction, where each number is used once.
fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests;
