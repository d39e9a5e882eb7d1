//! A session: bytes of the peer and data of the program go in, bytes for the peer and data for the program come out.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption, danger::ServerCertVerifier};
use rustls::pki_types::ServerName;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, HandshakeKind, ProtocolVersion, ServerConnection,
};

use super::identity::{Anonymous, Clock, Identity, PROVIDER};
use super::resume::{Conditions, Session, Sessions, Token};
use super::roots::Roots;
use super::verify::{Refused, Verifier};

/// The most bytes of a program that are encrypted at once.
pub(super) const WRITE_BYTES_MAX: usize = 64 * 1024;
/// An estimate of the memory that a session takes besides its own size and the data that it keeps of its peer.
pub(super) const OUTSIDE_BYTES: usize = 16 * 1024;

/// The bits of a status, as `lib/tls/session.toit` has them: the handshake is complete.
const DONE: i64 = 1 << 0;
/// The session waits for bytes of the peer.
const WANTS_READ: i64 = 1 << 1;
/// There are bytes for the peer.
const WANTS_WRITE: i64 = 1 << 2;
/// The peer sends no more data.
const ENDED: i64 = 1 << 3;
/// The session has failed.
const FAILED: i64 = 1 << 4;

/// The name for servers whose name is not checked. It is not sent.
const UNNAMED: &str = "unnamed.invalid";

/// The choices of a client.
pub(super) struct Client {
    pub(super) roots: Arc<Roots>,
    /// The name of the server. Without one, the name is not checked.
    pub(super) name: Option<String>,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) skips_validation: bool,
    /// The token of a session to resume.
    pub(super) token: Option<Token>,
    /// The token of the session if it is not resumed.
    pub(super) seed: Token,
    /// The time, in seconds since 1970.
    pub(super) seconds: u64,
}

/// A session.
pub(super) struct Connection {
    tls: rustls::Connection,
    incoming: Vec<u8>,
    records: Records,
    /// The number of bytes that the peer has sent. Until the handshake is complete, all of them may be kept.
    handshake_bytes: usize,
    has_ended: bool,
    error: Option<String>,
    resumable: Option<Resumable>,
}

/// The session of a client in the table of those that can be resumed.
struct Resumable {
    session: Arc<Session>,
    token: Token,
    sessions: Arc<Sessions>,
}

impl Connection {
    /// Starts a session of a client.
    ///
    /// # Errors
    /// The reason as text.
    pub(super) fn client(client: Client, sessions: Arc<Sessions>) -> Result<Connection, String> {
        let (session, token) = client.session(&sessions);
        let name = match &client.name {
            Some(name) => ServerName::try_from(name.clone())
                .map_err(|_| format!("'{name}' is not the name or address of a server"))?,
            None => ServerName::try_from(UNNAMED).map_err(|error| error.to_string())?,
        };
        let clock = Arc::new(Clock::default());
        clock.set(client.seconds);
        let mut config = ClientConfig::builder_with_details(PROVIDER.clone(), clock)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(session.verifier.clone())
            .with_client_cert_resolver(session.identity.clone());
        config.enable_sni = client.name.is_some();
        config.resumption = Resumption::store(session.clone());
        let tls = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        let resumable = Resumable { session, token, sessions };
        Ok(Connection::new(tls.into(), Some(resumable)))
    }

    /// Starts a session of a server. With `roots`, clients need a certificate. `seconds` is the time since 1970.
    ///
    /// # Errors
    /// The reason as text.
    pub(super) fn server(
        identity: &Identity,
        roots: Option<Arc<Roots>>,
        seconds: u64,
    ) -> Result<Connection, String> {
        let server = identity.server(roots, seconds).and_then(ServerConnection::new);
        Ok(Connection::new(server.map_err(|error| error.to_string())?.into(), None))
    }

    fn new(mut tls: rustls::Connection, resumable: Option<Resumable>) -> Connection {
        tls.set_buffer_limit(None);
        let (incoming, records) = (Vec::new(), Records::default());
        Connection { tls, incoming, records, handshake_bytes: 0, has_ended: false, error: None, resumable }
    }

    /// Returns the number of records of a handshake that these bytes of the peer complete: each can need long work.
    pub(super) fn count_messages(&mut self, bytes: &[u8]) -> usize {
        let records = self.records.count(bytes);
        if self.tls.is_handshaking() { records } else { 0 }
    }

    /// Takes bytes of the peer.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        self.handshake_bytes += bytes.len();
        while !bytes.is_empty() && self.error.is_none() {
            match self.step(&mut bytes) {
                // After its end, nothing that the peer sends has a meaning.
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => self.error = Some(error),
            }
        }
    }

    /// Returns about how much memory the session takes besides its own size. Until the handshake is complete, it can have
    /// kept all that the peer has sent.
    pub(super) fn outside_bytes(&self) -> usize {
        let of_handshake = if self.tls.is_handshaking() { self.handshake_bytes } else { 0 };
        OUTSIDE_BYTES + of_handshake + self.incoming.capacity()
    }

    fn step(&mut self, bytes: &mut &[u8]) -> Result<usize, String> {
        let size = self.tls.read_tls(bytes).map_err(|error| format!("TLS - {error}"))?;
        let state = self.tls.process_new_packets().map_err(|error| self.text(&error))?;
        let start = self.incoming.len();
        self.incoming.resize(start + state.plaintext_bytes_to_read(), 0);
        let read = self.tls.reader().read_exact(&mut self.incoming[start..]);
        read.map_err(|error| format!("TLS - {error}"))?;
        self.has_ended = state.peer_has_closed();
        Ok(size)
    }

    /// Returns the text of an error, by which programs know it.
    fn text(&self, error: &Error) -> String {
        match error {
            Error::AlertReceived(alert) => {
                format!("SSL - A fatal alert message was received from our peer: {alert:?}")
            }
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                match other.0.downcast_ref::<Refused>() {
                    Some(refused) => refused.to_string(),
                    None => format!("Certificate error: {other}"),
                }
            }
            Error::InvalidCertificate(reason) => format!("Certificate error: {reason}"),
            Error::NoCertificatesPresented => {
                "SSL - No client certification received from the client, but required".to_owned()
            }
            Error::InvalidMessage(_) if self.records.is_foreign() => {
                format!("Unknown TLS record type: {}: the peer does not speak TLS", self.records.first())
            }
            other => format!("TLS - {other}"),
        }
    }

    pub(super) fn status(&self) -> i64 {
        let bit = |is_set, bit| if is_set { bit } else { 0 };
        bit(!self.tls.is_handshaking(), DONE)
            | bit(self.tls.wants_read(), WANTS_READ)
            | bit(self.tls.wants_write(), WANTS_WRITE)
            | bit(self.has_ended, ENDED)
            | bit(self.error.is_some(), FAILED)
    }

    /// Takes the data for the program.
    pub(super) fn take_incoming(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.incoming)
    }

    /// Takes the bytes for the peer.
    pub(super) fn take_outgoing(&mut self) -> Vec<u8> {
        let mut outgoing = Vec::new();
        while self.tls.wants_write() {
            // A vector takes all bytes.
            if self.tls.write_tls(&mut outgoing).is_err() {
                break;
            }
        }
        outgoing
    }

    /// Encrypts data of the program. Returns the bytes for the peer.
    ///
    /// # Errors
    /// The reason as text, if the session has failed.
    pub(super) fn encrypt(&mut self, data: &[u8]) -> Result<Vec<u8>, String> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.tls.writer().write_all(data).map_err(|error| format!("TLS - {error}"))?;
        Ok(self.take_outgoing())
    }

    /// Tells the peer that no more data follows.
    pub(super) fn close_write(&mut self) {
        self.tls.send_close_notify();
    }

    /// Returns why the session has failed.
    pub(super) fn error(&self) -> Option<String> {
        self.error.clone()
    }

    /// Returns whether the session continues an earlier one.
    pub(super) fn is_resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Returns the version of the protocol, 12 or 13.
    pub(super) fn version(&self) -> Option<i64> {
        match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Some(12),
            ProtocolVersion::TLSv1_3 => Some(13),
            _ => None,
        }
    }

    /// Returns the token by which the session of a client can be resumed, and keeps the session for that. A server with
    /// TLS 1.3 sends tickets when it has data for the program, so the token can be useless until then. Returns none for
    /// a server, and if the session cannot be resumed.
    pub(super) fn token(&self) -> Option<Token> {
        let Resumable { session, token, sessions } = self.resumable.as_ref()?;
        let may_come = self.version() == Some(13);
        if (may_come || session.is_known()) && sessions.keep(*token, session) { Some(*token) } else { None }
    }
}

#[cfg(test)]
impl Connection {
    /// Returns the session of a client.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.resumable.as_ref().map(|resumable| resumable.session.clone())
    }
}

impl Client {
    /// Returns the session to resume, or a new one, with its token.
    fn session(&self, sessions: &Sessions) -> (Arc<Session>, Token) {
        let conditions = Conditions {
            name: self.name.clone(),
            roots: self.roots.digest(),
            identity: self.identity.as_ref().map(|identity| identity.digest()),
            skips_validation: self.skips_validation,
        };
        if let Some(token) = self.token
            && let Some(session) = sessions.find(&token, &conditions)
        {
            return (session, token);
        }
        let verifier: Arc<dyn ServerCertVerifier> =
            Arc::new(Verifier::of_servers(self.roots.clone(), self.name.is_some(), self.skips_validation));
        let identity: Arc<dyn ResolvesClientCert> = match &self.identity {
            Some(identity) => identity.of_client(),
            None => Arc::new(Anonymous),
        };
        let session = Session::new(conditions, verifier, identity, self.roots.bytes());
        (Arc::new(session), self.seed)
    }
}

/// Follows the records of the peer: a byte for the type, two for the version, two for the size, and the contents.
#[derive(Default)]
struct Records {
    header: [u8; 5],
    header_size: usize,
    rest: usize,
    has_started: bool,
    first: u8,
}

impl Records {
    /// Returns the number of records that `bytes` complete.
    fn count(&mut self, mut bytes: &[u8]) -> usize {
        let mut count = 0;
        if let (false, Some(first)) = (self.has_started, bytes.first()) {
            (self.has_started, self.first) = (true, *first);
        }
        while let Some((byte, after)) = bytes.split_first() {
            if self.rest > 0 {
                let size = self.rest.min(bytes.len());
                self.rest -= size;
                bytes = &bytes[size..];
                count += usize::from(self.rest == 0);
                continue;
            }
            self.header[self.header_size] = *byte;
            self.header_size += 1;
            bytes = after;
            if self.header_size == self.header.len() {
                self.header_size = 0;
                self.rest = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
                count += usize::from(self.rest == 0);
            }
        }
        count
    }

    /// Returns the type of the first record.
    fn first(&self) -> u8 {
        self.first
    }

    /// Returns whether the first byte starts no record of TLS: their types are 20 to 24.
    fn is_foreign(&self) -> bool {
        !(20..=24).contains(&self.first)
    }
}
