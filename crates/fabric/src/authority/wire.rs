//! The messages between a machine that joins and the one that invites it, over TLS 1.3.
//!
//! ```text
//! new machine    16 secret | part: signing request (PKCS #10)
//! inviting one   u8 0 | part: certificate | part: certificate of the authority | part: list of revoked certificates
//!                or u8 1 | part: why not, as text
//! new machine    u8 0, when it has all of it in its files
//! ```
//!
//! A part is its length in 32 bits, little-endian, and its bytes. Each side has a limit for the bytes of a
//! connection and for its time.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};

/// The protocol, as TLS negotiates it.
pub(super) const PROTOCOL: &[u8] = b"lucarne-join/1";

/// The maximum size of a signing request.
pub(super) const REQUEST_MAX: usize = 8 << 10;

/// The maximum size of a certificate.
pub(super) const CERTIFICATE_MAX: usize = 16 << 10;

/// The maximum size of an explanation.
pub(super) const REASON_MAX: usize = 1 << 10;

/// The first byte of answers.
pub(super) const ACCEPTED: u8 = 0;
pub(super) const REFUSED: u8 = 1;

/// The byte that the new machine sends last.
pub(super) const DONE: u8 = 0;

/// A connection with limits.
pub(super) struct Limited {
    stream: TcpStream,
    clock: Clock,
    until_us: i64,
    bytes_left: usize,
}

impl Limited {
    /// Limits a connection to a time, and to a number of bytes that are read.
    pub(super) fn new(stream: TcpStream, time: Duration, bytes_max: usize) -> io::Result<Limited> {
        // On some systems, a connection inherits from its listener that it does not wait.
        stream.set_nonblocking(false)?;
        let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        Ok(Limited { stream, clock: Clock::real(), until_us: time, bytes_left: bytes_max })
    }

    fn time_left(&self) -> io::Result<Duration> {
        let left = self.until_us.saturating_sub(self.clock.now_us());
        if left > 0 {
            Ok(Duration::from_micros(left.cast_unsigned()))
        } else {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the other machine takes too long"))
        }
    }

    /// Replaces the error of a timeout, whose text says that a resource is temporarily unavailable.
    fn timed<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the other machine takes too long"))
            }
            result => result,
        }
    }
}

impl Read for Limited {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.bytes_left == 0 {
            return Err(io::Error::other("the other machine sends too much"));
        }
        self.stream.set_read_timeout(Some(self.time_left()?))?;
        let count = bytes.len().min(self.bytes_left);
        let count = self.stream.read(&mut bytes[..count]);
        let count = self.timed(count)?;
        self.bytes_left -= count;
        Ok(count)
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.time_left()?))?;
        let count = self.stream.write(bytes);
        self.timed(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

pub(super) fn read_byte(stream: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// Reads a part of at most `max` bytes.
pub(super) fn read_part(stream: &mut impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > max {
        return Err(io::Error::other("the other machine sends too much"));
    }
    let mut part = vec![0; length];
    stream.read_exact(&mut part)?;
    Ok(part)
}

/// Adds a part to a message.
pub(super) fn add_part(message: &mut Vec<u8>, part: &[u8]) {
    message.extend((part.len() as u32).to_le_bytes());
    message.extend(part);
}

/// Checks that an authority has signed a certificate for a name.
///
/// # Errors
/// If the certificate is not valid: a text that says what is wrong with it.
pub(super) fn verify(
    provider: &Arc<CryptoProvider>,
    certificate: &CertificateDer<'_>,
    authority: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone().into_owned())?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|_| CertificateError::UnknownIssuer)?;
    verifier.verify_server_cert(certificate, &[], name, &[], now).map(drop)
}
