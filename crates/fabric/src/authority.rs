//! The authority of a fabric: the key that signs the certificates of machines, on one of the machines.
//!
//! ```text
//! authority.key        its private key: it never leaves this machine
//! authority.pem        its certificate, which each machine has
//! issued/NAME.pem      the last certificate of each machine
//! ```
//!
//! These are in the same folder as the [identity](crate::identity) of the machine. All other machines have only
//! `authority.pem`. A machine joins by an [`Invitation`]: it makes its own key, and gets a certificate for it.
//!
//! The certificates of the authority and of machines are valid for ten years, from the day before they were made, since
//! the clocks of machines differ. A machine whose clock is further off than a day may refuse them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use thiserror::Error;

use crate::identity::{DOMAIN, Fingerprint, IdentityError, content, is_missing, name_in, read, server_name};
use crate::name::MachineName;

mod files;
mod invitation;
mod joining;
mod overview;
mod revoke;
mod token;
mod wire;

#[cfg(test)]
mod tests;

pub use invitation::{Invitation, InvitationError, InvitationOptions};
pub use joining::{JoinError, join};
pub use overview::{Issued, Overview, Revoked};
pub use revoke::{BadTarget, Target, revoke};
pub use token::{BadToken, Token};

/// The time for which certificates are valid.
const VALID: Duration = Duration::from_secs(3653 * DAY);

/// The number of seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// The name of the certificate with which an authority invites a machine. Machines cannot have it.
const INVITATION: &str = "invitation";

/// The authority of a fabric, on the machine that has its private key.
///
/// ```
/// use lucarne_fabric::authority::{Authority, Overview};
/// use lucarne_fabric::identity::Identity;
///
/// let folder = tempfile::tempdir()?;
/// let folder = folder.path().join("fabric");
/// let authority = Authority::create(&folder, &"cellar".parse()?)?;
/// assert_eq!(Identity::load(&folder)?.name().as_str(), "cellar");
/// assert_eq!(Overview::of(&folder)?.authority, authority.fingerprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Authority {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// The reason why an authority cannot be made or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// A file of an identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {error}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A new identity needs a new folder.
    #[error("{} is not empty: a new identity needs a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// The folder has no key of an authority.
    #[error(
        "{} is not there: only the machine that has made the fabric can do this", .0.display()
    )]
    NoAuthority(PathBuf),
    /// The key does not belong to the certificate.
    #[error("{}: this is not the key of authority.pem", .0.display())]
    OtherKey(PathBuf),
    /// The name cannot be in a certificate.
    #[error("'{0}' cannot be in a certificate: use a name that neither begins nor ends with '-'")]
    Name(MachineName),
    /// The name is reserved for invitations.
    #[error("'{INVITATION}' cannot be the name of a machine: certificates of invitations have it")]
    Reserved,
    /// The machine already has a certificate that is not revoked.
    #[error("'{0}' has a certificate already: 'lucarne fabric revoke {0}' permits a new one")]
    IsIssued(MachineName),
    /// The machine has no certificate of this authority.
    #[error("no certificate for '{0}' was issued here: 'lucarne fabric show' lists the machines")]
    Unknown(MachineName),
    /// The list of revoked certificates has no room.
    #[error("{}: it is full", .0.display())]
    ListFull(PathBuf),
    /// The request for a certificate is not valid.
    #[error("the request for a certificate is not valid: {0}")]
    Request(String),
    /// A key or certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl Authority {
    /// Makes an authority and the identity of its machine in a new folder. The folder gets all files or none; it can only
    /// be read by this user.
    ///
    /// # Errors
    /// See [`AuthorityError`]. If the folder exists, it must be empty.
    pub fn create(folder: &Path, machine: &MachineName) -> Result<Authority, AuthorityError> {
        check_name(machine)?;
        let new = files::NewFolder::create(folder)?;
        let key = KeyPair::generate()?;
        let mut params = validity(VALID);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = called(&format!("Lucarne authority of {machine}"));
        let certificate = params.self_signed(&key)?.der().clone();
        new.write("authority.key", key.serialize_pem().as_bytes(), files::SECRET)?;
        new.write("authority.pem", files::pem(&certificate).as_bytes(), files::PUBLIC)?;
        let issuer = Issuer::new(params, key);
        let authority = Authority { folder: folder.to_owned(), certificate, issuer };

        let key = KeyPair::generate()?;
        let certificate = authority.sign(machine, &key, VALID)?;
        let pem = files::pem(&certificate);
        new.write("machine.key", key.serialize_pem().as_bytes(), files::SECRET)?;
        new.write("machine.pem", pem.as_bytes(), files::PUBLIC)?;
        new.write(&issued_path(machine), pem.as_bytes(), files::PUBLIC)?;
        new.finish()?;
        Ok(authority)
    }

    /// Reads the authority of a folder.
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn open(folder: &Path) -> Result<Authority, AuthorityError> {
        let certificate = certificate(&folder.join("authority.pem"))?;
        let path = folder.join("authority.key");
        if !path.exists() {
            return Err(AuthorityError::NoAuthority(path));
        }
        let text = String::from_utf8(read(&path)?).map_err(|_| content(&path, "it is not text"))?;
        let key = KeyPair::from_pem(&text).map_err(|error| content(&path, error))?;
        let is_own = x509(&folder.join("authority.pem"), &certificate)?.public_key;
        if is_own != key.public_key_raw() {
            return Err(AuthorityError::OtherKey(path));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Authority { folder: folder.to_owned(), certificate, issuer })
    }

    /// Returns the fingerprint of the authority.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// Issues a certificate for a signing request (PKCS #10, DER), and keeps it. The name is all that the certificate says:
    /// only the key of the request is used.
    ///
    /// # Errors
    /// See [`AuthorityError`]. A machine can have only one certificate at a time that is not revoked.
    pub fn issue(
        &self,
        name: &MachineName,
        request: &[u8],
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        let request = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(request))
            .map_err(|error| AuthorityError::Request(error.to_string()))?;
        let _lock = files::lock(&self.folder)?;
        self.check_free(name)?;
        let certificate = self.sign(name, &request.public_key, VALID)?;
        let path = self.folder.join(issued_path(name));
        files::replace(&path, files::pem(&certificate).as_bytes())?;
        Ok(certificate)
    }

    /// Checks that a certificate can be issued for a name.
    ///
    /// # Errors
    /// If the name cannot be in a certificate, or the machine already has a certificate that is not revoked.
    pub fn check_free(&self, name: &MachineName) -> Result<(), AuthorityError> {
        check_name(name)?;
        let path = self.folder.join(issued_path(name));
        if is_missing(&path) {
            return Ok(());
        }
        let issued = Fingerprint::of(&certificate(&path)?);
        let is_revoked = revoke::list(&self.folder)?.iter().any(|revoked| revoked.fingerprint == issued);
        if is_revoked { Ok(()) } else { Err(AuthorityError::IsIssued(name.clone())) }
    }

    /// Makes the certificate for one invitation, and its key.
    fn invite(&self) -> Result<(CertificateDer<'static>, KeyPair), AuthorityError> {
        let key = KeyPair::generate()?;
        let name = INVITATION.parse().map_err(|_| AuthorityError::Reserved)?;
        let certificate = self.sign(&name, &key, Duration::from_secs(DAY))?;
        Ok((certificate, key))
    }

    fn sign(
        &self,
        name: &MachineName,
        key: &impl PublicKeyData,
        valid: Duration,
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        let mut params = validity(valid);
        let dns_name = format!("{name}{DOMAIN}");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(dns_name.try_into()?)];
        params.distinguished_name = called(name.as_str());
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(key, &self.issuer)?.der().clone();
        // Checks the name that other machines will read in the certificate.
        let is_readable = name_in(&certificate).as_ref() == Some(name);
        if is_readable { Ok(certificate) } else { Err(AuthorityError::Name(name.clone())) }
    }
}

fn check_name(name: &MachineName) -> Result<(), AuthorityError> {
    if name.as_str() == INVITATION {
        return Err(AuthorityError::Reserved);
    }
    server_name(name).map(drop).ok_or_else(|| AuthorityError::Name(name.clone()))
}

fn called(name: &str) -> DistinguishedName {
    let mut all = DistinguishedName::new();
    all.push(DnType::CommonName, name);
    all
}

/// Returns parameters with a validity that begins one day ago.
fn validity(valid: Duration) -> CertificateParams {
    let now = Duration::from_micros(Clock::real().wall_us().cast_unsigned());
    let begin = rcgen::date_time_ymd(1970, 1, 1) + now.saturating_sub(Duration::from_secs(DAY));
    let mut params = CertificateParams::default();
    params.not_before = begin;
    params.not_after = begin + Duration::from_secs(DAY) + valid;
    params
}

/// Returns where the certificate of a machine is kept, from the folder of the authority.
fn issued_path(name: &MachineName) -> String {
    format!("issued/{name}.pem")
}

/// Reads a certificate.
fn certificate(path: &Path) -> Result<CertificateDer<'static>, AuthorityError> {
    Ok(CertificateDer::from_pem_slice(&read(path)?).map_err(|error| content(path, error))?)
}

/// What this module needs of a certificate.
struct X509 {
    public_key: Vec<u8>,
    /// The end of the certificate's validity, in seconds since 1970.
    until: i64,
}

fn x509(path: &Path, certificate: &CertificateDer<'_>) -> Result<X509, AuthorityError> {
    let (_, parsed) =
        x509_parser::parse_x509_certificate(certificate).map_err(|error| content(path, error))?;
    let public_key = parsed.public_key().subject_public_key.data.to_vec();
    Ok(X509 { public_key, until: parsed.validity().not_after.timestamp() })
}
