//! The list of certificates that are not accepted any more. Each machine has its own.

use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use super::{AuthorityError, certificate, files, issued_path};
use crate::identity::{Fingerprint, REVOKED_MAX, is_missing, read, read_revoked};
use crate::name::MachineName;

/// A certificate to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The certificate that was issued here for a machine.
    Machine(MachineName),
    /// The certificate with this fingerprint.
    Certificate(Fingerprint),
}

/// The text is neither the name of a machine nor a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this is neither the name of a machine nor the SHA-256 sum of a certificate")]
pub struct BadTarget;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The certificate.
    pub fingerprint: Fingerprint,
    /// What the list says about it: usually the name of the machine.
    pub note: Option<String>,
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Target, BadTarget> {
        // A fingerprint has one character more than the longest name.
        match (text.parse(), text.parse()) {
            (Ok(fingerprint), _) => Ok(Target::Certificate(fingerprint)),
            (Err(()), Ok(name)) => Ok(Target::Machine(name)),
            (Err(()), Err(_)) => Err(BadTarget),
        }
    }
}

/// Adds a certificate to the list in a folder. Returns its fingerprint, and whether it was not in the list before.
///
/// A system that has joined the fabric follows the list. The lists of other machines do not change.
///
/// # Errors
/// See [`AuthorityError`].
pub fn revoke(folder: &Path, target: &Target) -> Result<(Fingerprint, bool), AuthorityError> {
    // A list is useful only beside an identity.
    certificate(&folder.join("machine.pem"))?;
    let _lock = files::lock(folder)?;
    let (fingerprint, note) = match target {
        Target::Certificate(fingerprint) => (*fingerprint, String::new()),
        Target::Machine(name) => {
            let path = folder.join(issued_path(name));
            if !path.exists() {
                return Err(AuthorityError::Unknown(name.clone()));
            }
            (Fingerprint::of(&certificate(&path)?), format!("  # {name}"))
        }
    };
    if list(folder)?.iter().any(|revoked| revoked.fingerprint == fingerprint) {
        return Ok((fingerprint, false));
    }
    let path = folder.join("revoked");
    let mut text = text(folder)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text += &format!("{fingerprint}{note}\n");
    if text.len() as u64 > REVOKED_MAX {
        return Err(AuthorityError::ListFull(path));
    }
    files::replace(&path, text.as_bytes())?;
    Ok((fingerprint, true))
}

/// Reads the list of a folder.
pub(super) fn list(folder: &Path) -> Result<Vec<Revoked>, AuthorityError> {
    let mut all = Vec::new();
    for line in text(folder)?.lines() {
        let (sum, note) = line.split_once('#').unwrap_or((line, ""));
        let note = note.trim();
        if let Ok(fingerprint) = sum.trim().parse() {
            all.push(Revoked { fingerprint, note: (!note.is_empty()).then(|| note.to_owned()) });
        }
    }
    Ok(all)
}

/// Returns the text of the revocation list in a folder; empty if the file does not exist. Fails if the list is invalid.
pub(super) fn text(folder: &Path) -> Result<String, AuthorityError> {
    let path = folder.join("revoked");
    if is_missing(&path) {
        return Ok(String::new());
    }
    read_revoked(&path)?;
    Ok(String::from_utf8_lossy(&read(&path)?).into_owned())
}
