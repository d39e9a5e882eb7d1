//! The identity of a machine: a private key, the certificate of its name, and the authority that has signed it.
//!
//! An identity is a folder with three files, in the usual forms (PEM, X.509, PKCS #8), so that other tools can make them
//! too:
//!
//! ```text
//! machine.key      the private key of the machine
//! machine.pem      its certificate: DNS name NAME.lucarne.internal, for servers and clients
//! authority.pem    the certificate of the authority
//! revoked          optional: SHA-256 sums of certificates that are not accepted any more, one in a line; # begins a comment;
//!                  a system that has joined a fabric follows the changes of this file
//! ```

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SignatureScheme};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::name::MachineName;
use crate::revocations::Revocations;

/// The suffix of the name of a machine in its certificate. `internal` is reserved for private use.
pub(crate) const DOMAIN: &str = ".lucarne.internal";

/// The protocol, as TLS negotiates it. Certificates of a fabric are for nothing else.
const PROTOCOL: &[u8] = b"lucarne/1";

/// The schemes of signatures, by preference.
const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
];

/// The maximum size of a file with revoked certificates, in bytes.
pub(crate) const REVOKED_MAX: u64 = 1 << 20;

/// The SHA-256 sum of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The identity of this machine, and the authority whose certificates it accepts.
pub struct Identity {
    name: MachineName,
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
    key: Arc<dyn SigningKey>,
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ClientCertVerifier>,
    pub(crate) revoked: Arc<Revocations>,
}

/// The reason why an identity cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A file has no valid content.
    #[error("{}: {reason}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Key, certificate and authority do not belong together.
    #[error("the key, the certificate and the authority do not belong together: {0}")]
    Mismatch(rustls::Error),
    /// The certificate is not one of a machine.
    #[error("the certificate names no machine: a name such as 'cellar{DOMAIN}' is missing")]
    NoName,
}

/// The parts of an identity.
pub struct Credentials {
    /// The private key.
    pub key: PrivateKeyDer<'static>,
    /// The certificate of the machine.
    pub certificate: CertificateDer<'static>,
    /// The certificate of the authority.
    pub authority: CertificateDer<'static>,
    /// The certificates that are not accepted any more.
    pub revoked: BTreeSet<Fingerprint>,
}

impl Identity {
    /// Reads an identity from its folder.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn load(folder: &Path) -> Result<Identity, IdentityError> {
        let path = folder.join("machine.key");
        let key = PrivateKeyDer::from_pem_slice(&read(&path)?).map_err(|error| content(&path, error))?;
        let certificate = |name: &str| {
            let path = folder.join(name);
            CertificateDer::from_pem_slice(&read(&path)?).map_err(|error| content(&path, error))
        };
        let (certificate, authority) = (certificate("machine.pem")?, certificate("authority.pem")?);
        let path = folder.join("revoked");
        let revoked = if is_missing(&path) { BTreeSet::new() } else { read_revoked(&path)? };
        let mut identity =
            Identity::new(Credentials { key, certificate, authority, revoked: BTreeSet::new() })?;
        // The list is followed from here on.
        identity.revoked = Arc::new(Revocations::new(revoked, Some(path)));
        Ok(identity)
    }

    /// Makes an identity of its parts.
    ///
    /// # Errors
    /// [`IdentityError::Mismatch`] and [`IdentityError::NoName`].
    pub fn new(credentials: Credentials) -> Result<Identity, IdentityError> {
        let Credentials { key, certificate, authority, revoked } = credentials;
        let name = name_in(&certificate).ok_or(IdentityError::NoName)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(IdentityError::Mismatch)?;
        let (roots, provider) = (Arc::new(roots), Arc::new(ring::default_provider()));
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|error| IdentityError::Mismatch(rustls::Error::General(error.to_string())))?;
        let signing = provider.key_provider.load_private_key(key.clone_key());
        let server = serve(&provider, verifier.clone(), certificate.clone(), key.clone_key());
        let client = call(&provider, roots, certificate.clone(), key);
        Ok(Identity {
            name,
            client: Arc::new(client.map_err(IdentityError::Mismatch)?),
            server: Arc::new(server.map_err(IdentityError::Mismatch)?),
            key: signing.map_err(IdentityError::Mismatch)?,
            certificate,
            provider,
            verifier,
            revoked: Arc::new(Revocations::new(revoked, None)),
        })
    }

    /// Returns the name of this machine.
    pub fn name(&self) -> &MachineName {
        &self.name
    }

    /// Returns the fingerprint of the certificate of this machine.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// Checks the certificate of another machine, which TLS has found to be signed by the authority.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(
        &self,
        machine: &MachineName,
        certificate: &CertificateDer<'_>,
    ) -> Result<(), String> {
        if let Some(name) = name_in(certificate).filter(|name| name != machine) {
            return Err(format!("its certificate is that of {name}"));
        }
        if name_in(certificate).is_none() {
            return Err("its certificate names no machine".to_owned());
        }
        if self.revoked.contains(&Fingerprint::of(certificate)) {
            return Err("its certificate is revoked".to_owned());
        }
        Ok(())
    }
}

/// Signatures of data that other machines read without contact. The signed form is:
///
/// ```text
/// content | certificate | signature | u16 scheme of TLS 1.3 | u16 length of the certificate | u16 length of the signature
/// ```
///
/// The signature is over the context, its length as u64, and the content. All numbers are little-endian.
impl Identity {
    /// Signs the content, and returns the signed form. `context` names the kind of the content, and its subject.
    /// Returns none if the key cannot sign.
    pub(crate) fn sign(&self, context: &[u8], content: &[u8]) -> Option<Vec<u8>> {
        let signer = self.key.choose_scheme(SCHEMES)?;
        let signature = signer.sign(&message(context, content)).ok()?;
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).ok();
        let numbers = [u16::from(signer.scheme()), length(&self.certificate)?, length(&signature)?];
        let mut signed = [content, &self.certificate, &signature].concat();
        numbers.iter().for_each(|number| signed.extend(number.to_le_bytes()));
        Some(signed)
    }

    /// Returns the content that a machine has signed for this context, and its certificate. Returns none if it has not
    /// signed it.
    pub(crate) fn verify<'s>(
        &self,
        machine: &MachineName,
        context: &[u8],
        signed: &'s [u8],
    ) -> Option<(&'s [u8], Fingerprint)> {
        let (rest, numbers) = signed.split_last_chunk::<6>()?;
        let number = |at: usize| Some(u16::from_le_bytes([*numbers.get(at)?, *numbers.get(at + 1)?]));
        let (scheme, certificate, signature) = (SignatureScheme::from(number(0)?), number(2)?, number(4)?);
        let (rest, signature) = rest.split_at_checked(rest.len().checked_sub(signature.into())?)?;
        let (content, certificate) = rest.split_at_checked(rest.len().checked_sub(certificate.into())?)?;
        let certificate = CertificateDer::from(certificate);
        let signer = Fingerprint::of(&certificate);
        self.verifier.verify_client_cert(&certificate, &[], UnixTime::now()).ok()?;
        self.check(machine, &certificate).ok()?;
        let known = self.provider.signature_verification_algorithms.mapping;
        let (_, algorithms) = known.iter().find(|(known, _)| *known == scheme && SCHEMES.contains(known))?;
        let certificate = webpki::EndEntityCert::try_from(&certificate).ok()?;
        let message = message(context, content);
        let is_valid = algorithms
            .iter()
            .any(|&algorithm| certificate.verify_signature(algorithm, &message, signature).is_ok());
        is_valid.then_some((content, signer))
    }
}

fn message(context: &[u8], content: &[u8]) -> Vec<u8> {
    [context, &(context.len() as u64).to_le_bytes(), content].concat()
}

impl Fingerprint {
    /// Returns the fingerprint of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = ();

    fn from_str(text: &str) -> Result<Fingerprint, ()> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| ())?;
        }
        Ok(Fingerprint(bytes))
    }
}

/// Returns the settings of the side that is called.
fn serve(
    provider: &Arc<CryptoProvider>,
    verifier: Arc<dyn ClientCertVerifier>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)?;
    // Each contact makes one connection, so resuming a connection would not be worth the state.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    server.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(server)
}

/// Returns the settings of the side that calls.
fn call(
    provider: &Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)?;
    client.resumption = Resumption::disabled();
    client.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(client)
}

/// Returns the name of a machine as TLS checks it.
pub(crate) fn server_name(machine: &MachineName) -> Option<ServerName<'static>> {
    ServerName::try_from(format!("{machine}{DOMAIN}")).ok()
}

/// Returns the machine that a certificate names; none unless it names exactly one.
pub(crate) fn name_in(certificate: &CertificateDer<'_>) -> Option<MachineName> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let mut names = certificate.valid_dns_names();
    let name = names.next()?.strip_suffix(DOMAIN)?.parse().ok()?;
    names.next().is_none().then_some(name)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    std::fs::read(path).map_err(|error| IdentityError::File { path: path.to_owned(), error })
}

pub(crate) fn content(path: &Path, reason: impl ToString) -> IdentityError {
    IdentityError::Content { path: path.to_owned(), reason: reason.to_string() }
}

/// Returns whether nothing exists at the path. A broken link exists: it may lead to a list that is temporarily missing.
pub(crate) fn is_missing(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

pub(crate) fn read_revoked(path: &Path) -> Result<BTreeSet<Fingerprint>, IdentityError> {
    let size = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    if size > REVOKED_MAX {
        return Err(content(path, format!("it is larger than {REVOKED_MAX} bytes")));
    }
    let text = String::from_utf8(read(path)?).map_err(|_| content(path, "it is not text"))?;
    let mut revoked = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let sum = line.split('#').next().unwrap_or_default().trim();
        if sum.is_empty() {
            continue;
        }
        let sum = sum.parse().map_err(|()| content(path, format!("line {number} is not a SHA-256 sum")))?;
        revoked.insert(sum);
    }
    Ok(revoked)
}
