//! TLS (RFC 5246, RFC 8446): the states of sessions, which are fed with bytes and give out bytes.
//!
//! No native here touches a socket or a clock: the Toit code reads and writes the bytes of any reader and writer, and
//! says the time. So a session works over every network, also over one that another container provides.
//!
//! - [`roots`] are the certificates that a session trusts.
//! - An [`identity`] is a certificate with its private key. That of a server keeps the state that the sessions of the server share.
//! - [`verify`] checks the certificates of peers, and says which one failed and why.
//! - A [`connection`] is a session.
//! - [`resume`] keeps what clients need to resume sessions.
//!
//! The cryptography is that of `rustls`. Its random numbers come from the operating system also under simulation. So
//! encrypted bytes differ from run to run, but their sizes do not, nor do the steps of programs.

use std::sync::Arc;

use self::connection::{Client, Connection};
use self::identity::Identity;
use self::resume::Sessions;
use self::roots::Roots;
use super::keys;
use super::x509;
use super::{BYTES_PER_UNIT, Call, Failure, Row};
use lucarne_heap::Ref;

mod connection;
mod identity;
mod resume;
mod roots;
#[cfg(test)]
mod tests;
mod verify;

pub(super) const TABLE: &[Row] = &[
    ("roots", 1, new_roots),
    ("system-roots", 0, system_roots),
    ("fingerprint", 1, fingerprint),
    ("identity", 3, new_identity),
    ("client", 7, new_client),
    ("server", 3, new_server),
    ("feed", 2, feed),
    ("status", 1, status),
    ("take-incoming", 1, take_incoming),
    ("take-outgoing", 1, take_outgoing),
    ("encrypt", 4, encrypt),
    ("close-write", 1, close_write),
    ("error", 1, error),
    ("is-resumed", 1, is_resumed),
    ("version", 1, version),
    ("session-state", 1, session_state),
    ("close", 1, close),
];

/// The cost of reading a trusted certificate, which takes about ten microseconds.
const ROOT_UNITS: usize = 1_000;
/// The cost of checking a private key, which takes up to half a millisecond.
const IDENTITY_UNITS: usize = 50_000;
/// The cost of making the keys for the start of a handshake, which takes about thirty microseconds.
const START_UNITS: usize = 3_000;
/// The cost of a message of a handshake. One or several signatures and a shared secret take up to half a millisecond.
const HANDSHAKE_UNITS: usize = 40_000;
/// The cost of encrypting or decrypting a byte, relative to that of reading it.
const CIPHER_COST: usize = 4;

/// `der` -> the roots in a sequence of certificates.
fn new_roots<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let der = call.bytes(0)?;
    let chain =
        if der.is_empty() { Vec::new() } else { x509::split(der).ok_or(Failure::INVALID_ARGUMENT)? };
    call.charge(chain.len() * ROOT_UNITS);
    let roots = Roots::new(chain).map_err(Failure::Message)?;
    let bytes = roots.bytes();
    Ok(call.heap.new_state(Arc::new(roots), bytes)?.get())
}

/// -> the DER of the certificates that the machine trusts, without those that cannot be roots here.
fn system_roots<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.before_waiting();
    let text = call.environment.trusted_certificates();
    let certificates = keys::sections(&text).into_iter().flatten().filter_map(|section| section.der());
    let usable: Vec<_> =
        certificates.filter(|der| Roots::new(x509::split(der).unwrap_or_default()).is_ok()).collect();
    call.charge(usable.len() * 2 * ROOT_UNITS);
    Ok(call.heap.new_bytes_from(&usable.concat())?.get())
}

/// `der` -> a number of 32 bits that stands for a certificate.
fn fingerprint<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let digest = roots::digest(call.bytes(0)?);
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    Ok(Ref::small(number.into()))
}

/// `certificates key password` -> an identity.
fn new_identity<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let chain = x509::split(call.bytes(0)?).ok_or(Failure::INVALID_ARGUMENT)?;
    let key = keys::private_der(call, 1)?;
    call.charge(IDENTITY_UNITS);
    let identity = Identity::new(chain, key, call.environment.is_simulated()).map_err(Failure::Message)?;
    let bytes = identity.bytes();
    Ok(call.heap.new_state(Arc::new(identity), bytes)?.get())
}

/// `roots name identity skips-validation token seed seconds` -> a session of a client. The name, the identity and the
/// token can be null. The seed is the token that the session will have. The seconds are the time since 1970.
fn new_client<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let client = Client {
        roots: shared(call, 0)?,
        name: if call.argument(1).is_null() { None } else { Some(call.string(1)?.to_owned()) },
        identity: if call.argument(2).is_null() { None } else { Some(shared(call, 2)?) },
        skips_validation: call.bool(3)?,
        token: if call.argument(4).is_null() { None } else { call.bytes(4)?.try_into().ok() },
        seed: call.bytes(5)?.try_into().map_err(|_| Failure::INVALID_ARGUMENT)?,
        seconds: seconds(call, 6)?,
    };
    call.charge(START_UNITS);
    let sessions = call.environment.shared().get::<Sessions>();
    let connection = Connection::client(client, sessions).map_err(Failure::Message)?;
    Ok(call.heap.new_state(connection, connection::OUTSIDE_BYTES)?.get())
}

/// `identity roots seconds` -> a session of a server. The roots are null if clients need no certificate.
fn new_server<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let identity: Arc<Identity> = shared(call, 0)?;
    let roots: Option<Arc<Roots>> = if call.argument(1).is_null() { None } else { Some(shared(call, 1)?) };
    let seconds = seconds(call, 2)?;
    call.charge(START_UNITS);
    let connection = Connection::server(&identity, roots, seconds).map_err(Failure::Message)?;
    Ok(call.heap.new_state(connection, connection::OUTSIDE_BYTES)?.get())
}

fn shared<T: Send + Sync + 'static>(call: &mut Call<'_>, index: usize) -> Result<Arc<T>, Failure> {
    call.with_state(index, |_, state: &mut Arc<T>| Ok(state.clone()))
}

fn seconds(call: &Call<'_>, index: usize) -> Result<u64, Failure> {
    u64::try_from(call.int(index)?).map_err(|_| Failure::OUT_OF_RANGE)
}

/// `session bytes` -> the status, after these bytes of the peer.
fn feed<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.bytes(1)?.len();
    let mut bytes = call.scratch(size)?;
    bytes.extend_from_slice(call.bytes(1)?);
    let (status, outside) = call.with_state(0, |call, connection: &mut Connection| {
        let messages = connection.count_messages(&bytes);
        call.charge(size * CIPHER_COST / BYTES_PER_UNIT + messages.min(1) * HANDSHAKE_UNITS);
        connection.feed(&bytes);
        Ok((connection.status(), connection.outside_bytes()))
    })?;
    let session = call.register(0);
    call.heap.resize_state(session, outside)?;
    Ok(Ref::small(status))
}

/// `session` -> the status: a sum of the bits of [`connection`].
fn status<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let status = call.with_state(0, |_, connection: &mut Connection| Ok(connection.status()))?;
    Ok(Ref::small(status))
}

/// `session` -> the bytes for the program that have arrived, or null if there are none.
fn take_incoming<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.with_state(0, |_, connection: &mut Connection| Ok(connection.take_incoming()))?;
    call.charge_bytes(bytes.len());
    if bytes.is_empty() {
        return Ok(Ref::NULL);
    }
    let session = call.register(0);
    call.heap.resize_state(session, connection::OUTSIDE_BYTES)?;
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `session` -> the bytes for the peer, which can be none.
fn take_outgoing<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.with_state(0, |_, connection: &mut Connection| Ok(connection.take_outgoing()))?;
    call.charge_bytes(bytes.len());
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `session data from to` -> the bytes for the peer, with this data of the program in them. At most
/// [`connection::WRITE_BYTES_MAX`] bytes can be encrypted at once.
fn encrypt<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.scratch_of(1)?;
    if data.len() > connection::WRITE_BYTES_MAX {
        return Err(Failure::OUT_OF_RANGE);
    }
    call.charge(data.len() * CIPHER_COST / BYTES_PER_UNIT);
    let bytes = call.with_state(0, |_, connection: &mut Connection| {
        connection.encrypt(&data).map_err(Failure::Message)
    })?;
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `session`: tells the peer that no more data follows, in the next bytes for it.
fn close_write<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.with_state(0, |_, connection: &mut Connection| {
        connection.close_write();
        Ok(())
    })?;
    Ok(Ref::NULL)
}

/// `session` -> why it failed, or null.
fn error<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let error = call.with_state(0, |_, connection: &mut Connection| Ok(connection.error()))?;
    match error {
        Some(error) => Ok(call.heap.new_string(&error)?.get()),
        None => Ok(Ref::NULL),
    }
}

/// `session` -> whether it continues an earlier one.
fn is_resumed<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let is_resumed = call.with_state(0, |_, connection: &mut Connection| Ok(connection.is_resumed()))?;
    Ok(Ref::bool(is_resumed))
}

/// `session` -> the version of the protocol: 12 or 13, or null before it is known.
fn version<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let version = call.with_state(0, |_, connection: &mut Connection| Ok(connection.version()))?;
    Ok(version.map_or(Ref::NULL, Ref::small))
}

/// `session` -> the token by which a client resumes the session, or null if the server does not offer it.
fn session_state<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let token = call.with_state(0, |_, connection: &mut Connection| Ok(connection.token()))?;
    match token {
        Some(token) => Ok(call.heap.new_bytes_from(&token)?.get()),
        None => Ok(Ref::NULL),
    }
}

/// `session`: frees it.
fn close<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let session = call.register(0);
    call.heap.close_state(session);
    Ok(Ref::NULL)
}
