//! Invites one machine: listens at a port of its own until the machine with the token has its certificate, or the time
//! is over.
//!
//! Anyone who reaches the port can connect. What that can cost is limited: the number of connections at a time,
//! the time and the bytes of each, and how often a secret can be wrong.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Mutex, thread};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::NoServerSessionStorage;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use thiserror::Error;

use super::token::{SECRET, Token, is_address};
use super::wire::{
    self, ACCEPTED, DONE, Limited, REASON_MAX, REFUSED, REQUEST_MAX, add_part, read_byte, read_part,
};
use super::{Authority, AuthorityError, revoke};
use crate::identity::Fingerprint;
use crate::name::MachineName;

/// The maximum number of wrong secrets and requests.
const TRIES: u32 = 1_000;

/// The maximum number of connections at a time. Further connections wait.
const CONNECTIONS_MAX: usize = 4;

/// The maximum time of a connection.
const CONNECTION: Duration = Duration::from_secs(10);

/// The maximum number of bytes that a new machine sends: its part of the handshake, and the request.
const BYTES_MAX: usize = 64 << 10;

/// The pause after a connection cannot be accepted, for example because this process has too many open files.
const PAUSE: Duration = Duration::from_millis(20);

/// How a machine is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The host and port at which the new machine finds this one. By default this is the address to listen at. If that
    /// stands for all addresses of this machine, it is the address from which this machine reaches other networks.
    pub address: Option<String>,
    /// How long the token can be used.
    pub time: Duration,
}

/// The reason why no machine has joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// The authority cannot be used, or does not issue the certificate.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// This machine cannot listen.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        error: io::Error,
    },
    /// The address for the new machine is not known.
    #[error("cannot find an address of this machine that others can use: say it with --address HOST:PORT")]
    NoAddress,
    /// The text is not an address for the new machine.
    #[error("'{0}' is not an address: write a host and a port, such as 192.168.1.20:7448")]
    BadAddress(String),
    /// The token was not used in time.
    #[error("no machine has joined in time")]
    Expired,
    /// Requests were wrong too often.
    #[error("too many requests had a wrong token, so the invitation has ended")]
    TooManyTries,
    /// The certificate was issued, but the machine may not have it.
    #[error(
        "'{machine}' may have its certificate or not: {error}. If it has none, use 'lucarne fabric revoke {machine}' and invite it again"
    )]
    NotConfirmed {
        /// The machine.
        machine: MachineName,
        /// The reason why the confirmation has not arrived.
        error: io::Error,
    },
    /// The system has no random numbers, threads or TLS.
    #[error("cannot wait for a machine: {0}")]
    System(String),
}

/// An invitation of one machine.
pub struct Invitation {
    listener: TcpListener,
    token: Token,
    clock: Clock,
    until_us: i64,
    desk: Arc<Desk>,
    /// Receives a byte when a connection has ended.
    ended: UnixStream,
}

/// What all connections share.
struct Desk {
    authority: Authority,
    token: Token,
    tls: Arc<ServerConfig>,
    connection: Duration,
    state: Mutex<State>,
    /// The other end of [`Invitation::ended`].
    ends: UnixStream,
}

struct State {
    connections: usize,
    tries_left: u32,
    /// Whether a machine has shown the secret. Then no other machine can use the invitation.
    is_used: bool,
    result: Option<Result<Fingerprint, InvitationError>>,
}

impl Invitation {
    /// Begins to listen.
    ///
    /// # Errors
    /// See [`InvitationError`].
    pub fn open(
        authority: Authority,
        machine: &MachineName,
        options: &InvitationOptions,
    ) -> Result<Invitation, InvitationError> {
        Invitation::open_with(authority, machine, options, CONNECTION, TRIES)
    }

    /// As [`Invitation::open`], with a maximum time of connections.
    pub(super) fn open_with(
        authority: Authority,
        machine: &MachineName,
        options: &InvitationOptions,
        connection: Duration,
        tries: u32,
    ) -> Result<Invitation, InvitationError> {
        authority.check_free(machine)?;
        let failed = |error| InvitationError::Listen { address: options.listen, error };
        let listener = TcpListener::bind(options.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = match &options.address {
            Some(address) if !is_address(address) => {
                return Err(InvitationError::BadAddress(address.escape_debug().to_string()));
            }
            Some(address) => address.clone(),
            None => reachable(listener.local_addr().map_err(failed)?)
                .ok_or(InvitationError::NoAddress)?
                .to_string(),
        };
        let mut secret = [0; SECRET];
        SystemRandom::new().fill(&mut secret).map_err(|_| system("there are no random numbers"))?;
        let token = Token { authority: authority.fingerprint(), secret, machine: machine.clone(), address };
        let tls = Arc::new(configure(&authority)?);
        let (ended, ends) = UnixStream::pair().map_err(system)?;
        ended.set_nonblocking(true).map_err(system)?;
        ends.set_nonblocking(true).map_err(system)?;
        let state = State { connections: 0, tries_left: tries, is_used: false, result: None };
        let state = Mutex::new(state);
        let desk = Arc::new(Desk { authority, token: token.clone(), tls, connection, state, ends });
        let until_us = i64::try_from(options.time.as_micros()).unwrap_or(i64::MAX);
        Ok(Invitation { listener, token, clock: Clock::real(), until_us, desk, ended })
    }

    /// Returns what the new machine needs.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Waits until the machine has joined. Returns the fingerprint of its certificate.
    ///
    /// # Errors
    /// See [`InvitationError`].
    pub fn wait(self) -> Result<Fingerprint, InvitationError> {
        loop {
            let (has_room, until_us) = {
                let mut state = self.desk.state.lock();
                if !state.is_used && state.result.is_none() && self.clock.now_us() >= self.until_us {
                    // The connections also see this result: they are refused.
                    state.result = Some(Err(InvitationError::Expired));
                }
                if let Some(result) = state.result.take() {
                    state.is_used = true;
                    return result;
                }
                // A machine has shown the secret: only the time limit of its connection counts now.
                (state.connections < CONNECTIONS_MAX, (!state.is_used).then_some(self.until_us))
            };
            if self.wait_for_connection(has_room, until_us).map_err(system)? {
                match self.listener.accept() {
                    Ok((stream, _)) => self.serve(stream)?,
                    // An error of one connection says nothing about others.
                    Err(error) if is_of_connection(&error) => {}
                    Err(_) => thread::sleep(PAUSE),
                }
            }
        }
    }

    /// Waits until a connection comes (only if there is room for one), a connection has ended, or the time is over.
    /// Returns whether a connection has come.
    fn wait_for_connection(&self, has_room: bool, until_us: Option<i64>) -> io::Result<bool> {
        // Rounded up, so that the time is over when the wait ends.
        let left_us = until_us.map(|until_us| (until_us - self.clock.now_us()).max(0) + 1);
        let time = left_us
            .map(|left_us| Timespec { tv_sec: left_us / 1_000_000, tv_nsec: left_us % 1_000_000 * 1_000 });
        let ended = PollFd::new(&self.ended, PollFlags::IN);
        let mut all = vec![ended];
        if has_room {
            all.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        match poll(&mut all, time.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let has_come = all.get(1).is_some_and(|listener| !listener.revents().is_empty());
        // Takes all bytes that are there: the caller looks at the state once for all of them.
        let _ = (&self.ended).read(&mut [0; 64]);
        Ok(has_come)
    }

    fn serve(&self, stream: TcpStream) -> Result<(), InvitationError> {
        let desk = self.desk.clone();
        desk.state.lock().connections += 1;
        let serve = move || {
            // A machine that does not follow the protocol is not told why.
            let _ = desk.serve(stream);
            desk.state.lock().connections -= 1;
            // If the socket has no room for a byte, the bytes in it wake the other end.
            let _ = (&desk.ends).write(&[0]);
        };
        let started = thread::Builder::new().name("lucarne-invite".to_owned()).spawn(serve);
        started.map(drop).map_err(system)
    }
}

impl Desk {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let tls = ServerConnection::new(self.tls.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(tls, Limited::new(stream, self.connection, BYTES_MAX)?);
        let mut secret = [0; SECRET];
        stream.read_exact(&mut secret)?;
        let request = read_part(&mut stream, REQUEST_MAX)?;
        match self.decide(&secret, &request) {
            Ok((fingerprint, answer)) => {
                let confirmed = deliver(&mut stream, &answer);
                let machine = self.token.machine.clone();
                let result = match confirmed {
                    Ok(()) => Ok(fingerprint),
                    Err(error) => Err(InvitationError::NotConfirmed { machine, error }),
                };
                self.state.lock().result = Some(result);
            }
            Err(reason) => {
                let mut answer = vec![REFUSED];
                add_part(&mut answer, &reason.as_bytes()[..reason.len().min(REASON_MAX)]);
                stream.write_all(&answer)?;
            }
        }
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// Returns the certificate and the answer for a request, or why there is none.
    fn decide(&self, secret: &[u8], request: &[u8]) -> Result<(Fingerprint, Vec<u8>), String> {
        let mut state = self.state.lock();
        if state.is_used || state.result.is_some() {
            return Err("the invitation is over".to_owned());
        }
        let result = if is_equal(secret, &self.token.secret) {
            self.answer(request)
        } else {
            Err(AuthorityError::Request("the token is wrong".to_owned()))
        };
        match result {
            Ok(answer) => {
                state.is_used = true;
                Ok(answer)
            }
            Err(AuthorityError::Request(reason)) => {
                state.tries_left -= 1;
                if state.tries_left == 0 {
                    state.result = Some(Err(InvitationError::TooManyTries));
                }
                Err(reason)
            }
            Err(error) => {
                let reason = error.to_string();
                state.result = Some(Err(error.into()));
                Err(reason)
            }
        }
    }

    fn answer(&self, request: &[u8]) -> Result<(Fingerprint, Vec<u8>), AuthorityError> {
        let revoked = revoke::text(&self.authority.folder)?;
        let certificate = self.authority.issue(&self.token.machine, request)?;
        let mut answer = vec![ACCEPTED];
        for part in [&*certificate, &*self.authority.certificate, revoked.as_bytes()] {
            add_part(&mut answer, part);
        }
        Ok((Fingerprint::of(&certificate), answer))
    }
}

/// Returns whether an error is of one connection: it ended before it was accepted, or another thread took it.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | WouldBlock)
}

/// Sends an answer, and waits until the machine has it.
fn deliver(stream: &mut (impl Read + Write), answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer)?;
    stream.flush()?;
    match read_byte(stream)? {
        DONE => Ok(()),
        _ => Err(io::Error::other("the machine has not taken it")),
    }
}

/// Compares two texts in a time that does not depend on where they differ: by their HMACs under a new key.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let Ok(key) = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()) else { return false };
    hmac::verify(&key, one, hmac::sign(&key, other).as_ref()).is_ok()
}

fn configure(authority: &Authority) -> Result<ServerConfig, InvitationError> {
    let (certificate, key) = authority.invite()?;
    let chain = vec![certificate, authority.certificate.clone()];
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from(key)))
        .map_err(system)?;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    tls.alpn_protocols = vec![wire::PROTOCOL.to_vec()];
    Ok(tls)
}

/// Returns the address at which other machines reach this one, if it listens at `listening`.
fn reachable(listening: SocketAddr) -> Option<SocketAddr> {
    if !listening.ip().is_unspecified() {
        return Some(listening);
    }
    // Nothing is sent: the system only chooses the address from which it would send. The destinations are reserved for
    // documentation.
    let v4 = || own_address(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let v6 =
        || own_address(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into());
    // A listener at the unspecified address of IPv6 usually takes connections of both versions.
    let own = v4().or_else(|| if listening.is_ipv6() { v6() } else { None })?;
    Some(SocketAddr::new(own, listening.port()))
}

fn own_address(from: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_unspecified() && !own.is_loopback()).then_some(own)
}

fn system(error: impl ToString) -> InvitationError {
    InvitationError::System(error.to_string())
}
