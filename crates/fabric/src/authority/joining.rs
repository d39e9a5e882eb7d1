//! Joins a fabric by the token of an invitation. The private key is made here, and does not leave this machine.

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
};
use thiserror::Error;

use super::files::{self, NewFolder};
use super::token::Token;
use super::wire::{
    self, ACCEPTED, CERTIFICATE_MAX, DONE, Limited, REASON_MAX, add_part, read_byte, read_part,
};
use super::{AuthorityError, INVITATION};
use crate::identity::{DOMAIN, Fingerprint, Identity, REVOKED_MAX, server_name};

/// The time in which the other machine must accept a connection, for each of its addresses.
const CONNECT: Duration = Duration::from_secs(5);

/// The maximum number of addresses of the other machine that are tried.
const ADDRESSES_MAX: usize = 4;

/// The maximum time of the connection.
const CONNECTION: Duration = Duration::from_secs(20);

/// The maximum number of bytes that are read: the handshake, two certificates and the list.
const BYTES_MAX: usize = 2 * REVOKED_MAX as usize;

/// The reason why this machine cannot join.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] AuthorityError),
    /// No machine answers at the address.
    #[error(
        "cannot connect to {address}: {error}. The invitation may be over: 'lucarne fabric invite' on the other machine makes a new token"
    )]
    Connect {
        /// The address.
        address: String,
        /// The reason.
        error: io::Error,
    },
    /// The machine that answers is not one of the authority.
    #[error(
        "{0} is not the machine that has made the token: its authority is another one. Nothing was sent to it"
    )]
    OtherAuthority(String),
    /// The certificates are not valid at this time.
    #[error("the certificate of the other machine is not valid now: compare the clocks of both machines")]
    Clock,
    /// The other machine does not let this one join.
    #[error("the other machine refuses: {0}")]
    Refused(String),
    /// The connection has ended too early.
    #[error("the connection to {address} has failed: {error}")]
    Connection {
        /// The address.
        address: String,
        /// The reason.
        error: io::Error,
    },
    /// What was sent is not an identity.
    #[error("what the other machine has sent cannot be used: {0}")]
    Answer(String),
}

/// Joins the fabric of a token. Makes the folder with the identity of this machine, which gets all files or none.
///
/// # Errors
/// See [`JoinError`]. If the folder exists, it must be empty.
pub fn join(token: &Token, folder: &Path) -> Result<Identity, JoinError> {
    let new = NewFolder::create(folder)?;
    let key = KeyPair::generate().map_err(AuthorityError::from)?;
    let request = CertificateParams::default().serialize_request(&key).map_err(AuthorityError::from)?;
    let failed = |error| JoinError::Connection { address: token.address.clone(), error };
    let mut stream = connect(token)?;

    let mut message = token.secret.to_vec();
    add_part(&mut message, request.der());
    stream.write_all(&message).map_err(failed)?;
    stream.flush().map_err(failed)?;
    if read_byte(&mut stream).map_err(failed)? != ACCEPTED {
        let reason = read_part(&mut stream, REASON_MAX).map_err(failed)?;
        // The other machine chooses the text.
        return Err(JoinError::Refused(String::from_utf8_lossy(&reason).escape_debug().to_string()));
    }
    let mut part = |max| read_part(&mut stream, max).map_err(failed);
    let certificate = CertificateDer::from(part(CERTIFICATE_MAX)?);
    let authority = CertificateDer::from(part(CERTIFICATE_MAX)?);
    let revoked = part(REVOKED_MAX as usize)?;
    check(token, &certificate, &authority)?;

    new.write("machine.key", key.serialize_pem().as_bytes(), files::SECRET)?;
    new.write("machine.pem", files::pem(&certificate).as_bytes(), files::PUBLIC)?;
    new.write("authority.pem", files::pem(&authority).as_bytes(), files::PUBLIC)?;
    if !revoked.is_empty() {
        new.write("revoked", &revoked, files::PUBLIC)?;
    }
    let identity = Identity::load(new.temporary()).map_err(answer)?;
    new.finish()?;
    // If this byte is lost, the other machine reports that this one may not have its certificate. The identity is here,
    // and valid.
    let _ = stream.write_all(&[DONE]).and_then(|()| {
        stream.conn.send_close_notify();
        stream.flush()
    });
    Ok(identity)
}

/// Connects to the machine that has made the token, and checks that the authority has signed its certificate.
fn connect(token: &Token) -> Result<StreamOwned<ClientConnection, Limited>, JoinError> {
    let address = || token.address.clone();
    let stream =
        connect_tcp(&token.address).map_err(|error| JoinError::Connect { address: address(), error })?;
    let mut tls = configure(token).map_err(answer)?;
    let mut stream = Limited::new(stream, CONNECTION, BYTES_MAX)
        .map_err(|error| JoinError::Connection { address: address(), error })?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).map_err(|error| failed_handshake(token, error))?;
    }
    Ok(StreamOwned::new(tls, stream))
}

fn connect_tcp(address: &str) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("this host has no address");
    for address in address.to_socket_addrs()?.take(ADDRESSES_MAX) {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn failed_handshake(token: &Token, error: io::Error) -> JoinError {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    let reason = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match reason {
        Some(rustls::Error::InvalidCertificate(
            UnknownIssuer | NotValidForName | NotValidForNameContext { .. },
        )) => JoinError::OtherAuthority(token.address.clone()),
        Some(rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        )) => JoinError::Clock,
        _ => JoinError::Connection { address: token.address.clone(), error },
    }
}

pub(super) fn configure(token: &Token) -> Result<ClientConnection, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = OfAuthority { fingerprint: token.authority, provider: provider.clone() };
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.resumption = Resumption::disabled();
    tls.alpn_protocols = vec![wire::PROTOCOL.to_vec()];
    let name = ServerName::try_from(format!("{INVITATION}{DOMAIN}"))
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    ClientConnection::new(Arc::new(tls), name)
}

/// Checks the certificates and the list that the other machine has sent.
fn check(
    token: &Token,
    certificate: &CertificateDer<'_>,
    authority: &CertificateDer<'_>,
) -> Result<(), JoinError> {
    if Fingerprint::of(authority) != token.authority {
        return Err(answer("its authority is not that of the token"));
    }
    let name = server_name(&token.machine).ok_or_else(|| answer("the name cannot be in a certificate"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let now = UnixTime::since_unix_epoch(Duration::from_micros(Clock::real().wall_us().cast_unsigned()));
    wire::verify(&provider, certificate, authority, &name, now).map_err(answer)
}

fn answer(reason: impl ToString) -> JoinError {
    JoinError::Answer(reason.to_string())
}

/// Accepts a certificate that the authority with this fingerprint has signed. The authority's certificate must be sent
/// with it.
#[derive(Debug)]
struct OfAuthority {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for OfAuthority {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let authority = others
            .iter()
            .find(|other| Fingerprint::of(other) == self.fingerprint)
            .ok_or(CertificateError::UnknownIssuer)?;
        wire::verify(&self.provider, certificate, authority, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
