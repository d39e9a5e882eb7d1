//! Makes identities for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use lucarne_fabric::identity::{Credentials, Identity};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

/// An authority for tests.
pub(crate) struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().unwrap();
        Authority { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    /// Makes the identity of a machine.
    pub(crate) fn identity(&self, name: &str) -> Arc<Identity> {
        Arc::new(Identity::new(self.credentials(&[name])).unwrap())
    }

    pub(crate) fn credentials(&self, names: &[&str]) -> Credentials {
        let names: Vec<String> = names.iter().map(|name| format!("{name}.lucarne.internal")).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Credentials {
            key: key.into(),
            certificate: certificate.der().clone(),
            authority: self.certificate.der().clone(),
            revoked: BTreeSet::new(),
        }
    }
}
