//! The content of an identity's folder, for users.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{AuthorityError, certificate, revoke, x509};
use crate::identity::{Fingerprint, Identity, IdentityError};
use crate::name::MachineName;

pub use super::revoke::Revoked;

/// What a folder says: who this machine is, and which certificates were issued here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The name of this machine.
    pub machine: MachineName,
    /// Its certificate.
    pub certificate: Fingerprint,
    /// The end of its validity, in seconds since 1970.
    pub until: i64,
    /// The certificate of the authority.
    pub authority: Fingerprint,
    /// The end of the validity of the authority, in seconds since 1970.
    pub authority_until: i64,
    /// Whether the key of the authority is on this machine.
    pub is_authority: bool,
    /// The last certificate of each machine, in the order of their names. It is empty if the authority is on another machine.
    pub issued: Vec<Issued>,
    /// The certificates that this machine does not accept any more.
    pub revoked: Vec<Revoked>,
}

/// A certificate that was issued here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The machine.
    pub machine: MachineName,
    /// The certificate.
    pub fingerprint: Fingerprint,
    /// The end of its validity, in seconds since 1970.
    pub until: i64,
    /// Whether it is in this machine's list of revoked certificates.
    pub is_revoked: bool,
}

impl Overview {
    /// Reads a folder.
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn of(folder: &Path) -> Result<Overview, AuthorityError> {
        let machine = Identity::load(folder)?.name().clone();
        let revoked = revoke::list(folder)?;
        let (certificate, until) = describe(&folder.join("machine.pem"))?;
        let (authority, authority_until) = describe(&folder.join("authority.pem"))?;
        let mut issued = Vec::new();
        for (machine, path) in issued_in(&folder.join("issued"))? {
            let (fingerprint, until) = describe(&path)?;
            let is_revoked = revoked.iter().any(|revoked| revoked.fingerprint == fingerprint);
            issued.push(Issued { machine, fingerprint, until, is_revoked });
        }
        issued.sort_by(|one, other| one.machine.cmp(&other.machine));
        Ok(Overview {
            machine,
            certificate,
            until,
            authority,
            authority_until,
            is_authority: folder.join("authority.key").exists(),
            issued,
            revoked,
        })
    }
}

/// Returns the fingerprint of a certificate, and the end of its validity.
fn describe(path: &Path) -> Result<(Fingerprint, i64), AuthorityError> {
    let certificate = certificate(path)?;
    Ok((Fingerprint::of(&certificate), x509(path, &certificate)?.until))
}

/// Lists the machines whose certificates are in a folder.
fn issued_in(folder: &Path) -> Result<Vec<(MachineName, PathBuf)>, AuthorityError> {
    let failed = |error| IdentityError::File { path: folder.to_owned(), error };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut issued = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".pem")?.parse().ok());
        issued.extend(name.map(|name| (name, path)));
    }
    Ok(issued)
}
