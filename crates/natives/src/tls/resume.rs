//! What clients need to resume sessions: secrets that servers have agreed on, and tickets that servers have sent.
//!
//! A program holds a token, which means nothing outside of this system. The table that it leads into is the system's, so
//! that a token that a program has stored is still good after the program has started again. A session is resumed
//! only by a client that would have accepted the certificate of the server: with the same name, roots and identity.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use rustls::NamedGroup;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;

use super::roots::Digest32;

/// The name of a session in the table. It cannot be guessed.
pub(super) type Token = [u8; 32];

/// The most sessions in the table, and the most bytes that they take. Those that were not used for the longest time are
/// forgotten.
const SESSIONS_MAX: usize = 1_024;
const SESSIONS_BYTES_MAX: usize = 32 << 20;
/// The most bytes of a session that is kept.
const SESSION_BYTES_MAX: usize = SESSIONS_BYTES_MAX / 16;
/// About how much memory a session takes besides its roots: the certificates of the server and the tickets.
const OWN_BYTES: usize = 16 * 1024;
/// The most tickets for a session. Each is used once.
const TICKETS_MAX: usize = 4;

/// The conditions under which a client accepts a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Conditions {
    pub(super) name: Option<String>,
    pub(super) roots: Digest32,
    pub(super) identity: Option<Digest32>,
    pub(super) skips_validation: bool,
}

/// A session that can be resumed.
pub(super) struct Session {
    conditions: Conditions,
    /// The verifier and the identity of the first connection, since `rustls` resumes a session only with the same objects.
    pub(super) verifier: Arc<dyn ServerCertVerifier>,
    pub(super) identity: Arc<dyn ResolvesClientCert>,
    bytes: usize,
    values: Mutex<Values>,
}

#[derive(Default)]
struct Values {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Session {
    /// Creates a session for which the server has sent nothing yet. `roots_bytes` is about how much memory its roots take.
    pub(super) fn new(
        conditions: Conditions,
        verifier: Arc<dyn ServerCertVerifier>,
        identity: Arc<dyn ResolvesClientCert>,
        roots_bytes: usize,
    ) -> Session {
        let bytes = roots_bytes + OWN_BYTES;
        Session { conditions, verifier, identity, bytes, values: Mutex::default() }
    }

    /// Returns whether the server has sent what resuming needs.
    pub(super) fn is_known(&self) -> bool {
        let values = self.values.lock();
        values.tls12.is_some() || !values.tls13.is_empty()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("conditions", &self.conditions).finish_non_exhaustive()
    }
}

impl ClientSessionStore for Session {
    fn set_kx_hint(&self, _server: ServerName<'static>, group: NamedGroup) {
        self.values.lock().group = Some(group);
    }

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        self.values.lock().group
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.values.lock().tls12 = Some(value);
    }

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.values.lock().tls12.clone()
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {
        self.values.lock().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _server: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut values = self.values.lock();
        if values.tls13.len() >= TICKETS_MAX {
            values.tls13.pop_front();
        }
        values.tls13.push_back(value);
    }

    fn take_tls13_ticket(&self, _server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.values.lock().tls13.pop_back()
    }
}

/// The table of sessions that programs hold tokens of.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Table>);

#[derive(Default)]
struct Table {
    entries: HashMap<Token, Entry>,
    bytes: usize,
    uses: u64,
}

struct Entry {
    session: Arc<Session>,
    last_use: u64,
}

impl Sessions {
    /// Keeps a session under a token. Returns false if it is too large.
    pub(super) fn keep(&self, token: Token, session: &Arc<Session>) -> bool {
        if session.bytes > SESSION_BYTES_MAX {
            return false;
        }
        self.0.lock().keep(token, session.clone());
        true
    }

    /// Returns the session of a token, if the table has it and the conditions are the same.
    pub(super) fn find(&self, token: &Token, conditions: &Conditions) -> Option<Arc<Session>> {
        let mut table = self.0.lock();
        table.uses += 1;
        let uses = table.uses;
        let entry = table.entries.get_mut(token)?;
        entry.last_use = uses;
        if entry.session.conditions == *conditions { Some(entry.session.clone()) } else { None }
    }
}

#[cfg(test)]
impl Sessions {
    pub(super) fn is_kept(&self, token: &Token) -> bool {
        let mut table = self.0.lock();
        table.uses += 1;
        let uses = table.uses;
        table.entries.get_mut(token).map(|entry| entry.last_use = uses).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().entries.len()
    }
}

impl Table {
    fn keep(&mut self, token: Token, session: Arc<Session>) {
        self.uses += 1;
        self.bytes += session.bytes;
        let entry = Entry { session, last_use: self.uses };
        if let Some(old) = self.entries.insert(token, entry) {
            self.bytes -= old.session.bytes;
        }
        while self.entries.len() > SESSIONS_MAX || self.bytes > SESSIONS_BYTES_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last_use);
            let Some(token) = oldest.map(|(token, _)| *token) else { return };
            if let Some(old) = self.entries.remove(&token) {
                self.bytes -= old.session.bytes;
            }
        }
    }
}
