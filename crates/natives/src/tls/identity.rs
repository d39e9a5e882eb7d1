//! Certificates with their private keys, by which servers and clients prove who they are.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};
use lucarne_kernel::sync::{LazyLock, Mutex};
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::time_provider::TimeProvider;
use rustls::{Error, ServerConfig, SignatureAlgorithm, SignatureScheme};

use super::super::x509;
use super::roots::{Digest32, Roots, digest};
use super::verify::Verifier;

/// The cryptography of all sessions.
pub(super) static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// The maximum number of sets of roots with which an identity is used. For one more, all earlier ones are dropped, and
/// their sessions cannot be resumed any more.
const SERVERS_MAX: usize = 4;
/// The size of a private key and of the other data that a server keeps besides its certificates.
const OWN_BYTES: usize = 8 * 1024;

/// The time as the program sees it.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

impl Clock {
    /// Sets the time, in seconds since 1970.
    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
    }
}

/// A certificate with its private key.
pub(super) struct Identity {
    certified: Arc<CertifiedKey>,
    digest: Digest32,
    bytes: usize,
    clock: Arc<Clock>,
    /// The state that the sessions of a server share, for each set of roots: a session is resumed only among those that ask
    /// clients for the same certificates.
    servers: Mutex<HashMap<Option<Digest32>, Arc<ServerConfig>>>,
}

impl Identity {
    /// Creates an identity. If `is_simulated`, the sizes of its signatures are always the same.
    ///
    /// # Errors
    /// The reason why the key cannot be used.
    pub(super) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Vec<u8>,
        is_simulated: bool,
    ) -> Result<Identity, String> {
        let name = chain.first().and_then(x509::read);
        let name = name.map(|it| x509::name_text(it.tbs_certificate().subject())).unwrap_or_default();
        let bytes = chain.iter().map(|certificate| certificate.len()).sum::<usize>() + key.len() + OWN_BYTES;
        let digest = digest(&chain.iter().map(|certificate| &certificate[..]).collect::<Vec<_>>().concat());
        let key = PrivateKeyDer::try_from(key).map_err(|_| "the private key has no known form".to_owned())?;
        let mut certified = CertifiedKey::from_der(chain, key, &PROVIDER).map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                format!("the private key does not belong to the certificate '{name}'")
            }
            _ => format!("the private key of the certificate '{name}' cannot be used: {error}"),
        })?;
        if is_simulated {
            certified.key = Arc::new(EvenKey(certified.key));
        }
        let (certified, clock, servers) = (Arc::new(certified), Arc::default(), Mutex::default());
        Ok(Identity { certified, digest, bytes, clock, servers })
    }

    /// Returns the digest of the certificates.
    pub(super) fn digest(&self) -> Digest32 {
        self.digest
    }

    /// Returns about how much memory the identity takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the state that the sessions of a server share. With `roots`, clients need a certificate. `seconds` is the time since 1970.
    pub(super) fn server(
        &self,
        roots: Option<Arc<Roots>>,
        seconds: u64,
    ) -> Result<Arc<ServerConfig>, rustls::Error> {
        self.clock.set(seconds);
        let key = roots.as_ref().map(|roots| roots.digest());
        let mut servers = self.servers.lock();
        if let Some(server) = servers.get(&key) {
            return Ok(server.clone());
        }
        if servers.len() >= SERVERS_MAX {
            servers.clear();
        }
        let server = Arc::new(self.new_server(roots)?);
        servers.insert(key, server.clone());
        Ok(server)
    }

    fn new_server(&self, roots: Option<Arc<Roots>>) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_details(PROVIDER.clone(), self.clock.clone())
            .with_safe_default_protocol_versions()?;
        let builder = match roots {
            Some(roots) => builder.with_client_cert_verifier(Arc::new(Verifier::of_clients(roots))),
            None => builder.with_no_client_auth(),
        };
        let mut server = builder.with_cert_resolver(Arc::new(Own(self.certified.clone())));
        // The clients keep the sessions, encrypted: so the memory of a server does not grow with their number.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.ticketer = rustls::crypto::ring::Ticketer::new()?;
        Ok(server)
    }

    /// Returns the identity as that of a client.
    pub(super) fn of_client(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(Own(self.certified.clone()))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// A key for simulations. The size of a signature with an elliptic curve varies by some bytes, and the number of a
/// program's steps with it. This key signs until the size is the usual one.
#[derive(Debug)]
struct EvenKey(Arc<dyn SigningKey>);

#[derive(Debug)]
struct EvenSigner(Box<dyn Signer>);

/// The maximum number of attempts to get a signature of the usual size. Half of the signatures have it, so this is
/// never reached.
const ATTEMPTS_MAX: usize = 64;

impl SigningKey for EvenKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let signer = self.0.choose_scheme(offered)?;
        Some(Box::new(EvenSigner(signer)))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl Signer for EvenSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        // The two numbers of a signature, one of them with a zero in front, and six bytes around them.
        let usual_size = match self.scheme() {
            SignatureScheme::ECDSA_NISTP256_SHA256 => 2 * 32 + 7,
            SignatureScheme::ECDSA_NISTP384_SHA384 => 2 * 48 + 7,
            _ => return self.0.sign(message),
        };
        let mut signature = self.0.sign(message)?;
        for _ in 1..ATTEMPTS_MAX {
            if signature.len() == usual_size {
                break;
            }
            signature = self.0.sign(message)?;
        }
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

/// The only certificate of a server or client, which it presents to each peer.
#[derive(Debug)]
struct Own(Arc<CertifiedKey>);

impl ResolvesServerCert for Own {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _roots: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A client without a certificate.
#[derive(Debug)]
pub(super) struct Anonymous;

impl ResolvesClientCert for Anonymous {
    fn resolve(&self, _roots: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
