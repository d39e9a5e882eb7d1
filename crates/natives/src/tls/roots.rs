//! The certificates that a session trusts.

use std::collections::HashSet;

use rustls::DistinguishedName;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};

use super::super::x509;

/// A SHA-256 digest.
pub(super) type Digest32 = [u8; 32];

/// Returns the SHA-256 of bytes.
pub(super) fn digest(bytes: &[u8]) -> Digest32 {
    Sha256::digest(bytes).into()
}

/// Trusted certificates.
#[derive(Debug, Default)]
pub(super) struct Roots {
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// The subjects, which a server tells its clients.
    pub(super) subjects: Vec<DistinguishedName>,
    certificates: HashSet<Digest32>,
    digest: Digest32,
    bytes: usize,
}

impl Roots {
    /// # Errors
    /// Returns the name of a certificate that cannot be a root, with the reason.
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Roots, String> {
        let mut roots = Roots::default();
        let mut all = Sha256::new();
        for certificate in certificates {
            let digest = digest(&certificate);
            all.update(digest);
            if !roots.certificates.insert(digest) {
                continue;
            }
            let anchor = webpki::anchor_from_trusted_cert(&certificate).map_err(|error| {
                let name = x509::read(&certificate).map(|it| x509::name_text(it.tbs_certificate().subject()));
                format!("cannot trust the certificate '{}': {error}", name.unwrap_or_default())
            })?;
            roots.bytes += 2 * certificate.len();
            roots.subjects.push(DistinguishedName::in_sequence(&anchor.subject));
            roots.anchors.push(anchor.to_owned());
        }
        roots.digest = all.finalize().into();
        Ok(roots)
    }

    /// Returns whether this very certificate is trusted.
    pub(super) fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.contains(&digest(certificate))
    }

    /// Returns the digest that tells different sets of roots apart.
    pub(super) fn digest(&self) -> Digest32 {
        self.digest
    }

    /// Returns about how much memory the roots take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
