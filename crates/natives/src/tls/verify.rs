//! Checks the certificates of peers.
//!
//! The checks are those of `webpki`, with two additions that programs rely on. A certificate that is itself among the
//! roots is trusted, even if it is self-signed. A certificate without alternative names can have the name of the server
//! as its common name.
//!
//! An error names the certificate and the reason by the words that programs look for, such as `CN_MISMATCH`.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;

use super::super::x509;
use super::identity::PROVIDER;
use super::roots::Roots;

/// The words for the reasons, with the bits that stand for them.
const EXPIRED: (u32, &str) = (0x0001, "EXPIRED");
const CN_MISMATCH: (u32, &str) = (0x0004, "CN_MISMATCH");
const NOT_TRUSTED: (u32, &str) = (0x0008, "NOT_TRUSTED");
const OTHER: (u32, &str) = (0x0100, "OTHER");
const FUTURE: (u32, &str) = (0x0200, "FUTURE");
const EXT_KEY_USAGE: (u32, &str) = (0x1000, "EXT_KEY_USAGE");
const BAD_MD: (u32, &str) = (0x4000, "BAD_MD");

/// Checks certificates against roots.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: Arc<Roots>,
    checks_name: bool,
    skips_validation: bool,
}

impl Verifier {
    /// Checks the certificates of servers. Their names are checked if `checks_name`.
    pub(super) fn of_servers(roots: Arc<Roots>, checks_name: bool, skips_validation: bool) -> Verifier {
        Verifier { roots, checks_name, skips_validation }
    }

    /// Checks the certificates of clients.
    pub(super) fn of_clients(roots: Arc<Roots>) -> Verifier {
        Verifier { roots, checks_name: false, skips_validation: false }
    }

    /// Checks a peer. With `name`, it must be that of the certificate.
    fn check(&self, peer: &Peer<'_>, name: Option<&ServerName<'_>>, usage: KeyUsage) -> Result<(), Error> {
        let trust = peer.check_trust(&self.roots, usage).err();
        let named = name.and_then(|name| peer.check_name(name).err());
        if trust.is_none() && named.is_none() {
            return Ok(());
        }
        let text = peer.text(trust, named);
        Err(CertificateError::Other(OtherError(Arc::new(Refused(text)))).into())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.skips_validation {
            let name = self.checks_name.then_some(name);
            self.check(&Peer { certificate, intermediates, now }, name, KeyUsage::server_auth())?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.roots.subjects
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(&Peer { certificate, intermediates, now }, None, KeyUsage::client_auth())?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

/// The text of an error about certificates.
#[derive(Debug)]
pub(super) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// A reason to refuse a certificate.
struct Fault {
    reason: (u32, &'static str),
    detail: String,
}

impl Fault {
    fn new(reason: (u32, &'static str), detail: impl Into<String>) -> Fault {
        Fault { reason, detail: detail.into() }
    }
}

/// The certificates of a peer, and the time.
struct Peer<'p> {
    certificate: &'p CertificateDer<'p>,
    intermediates: &'p [CertificateDer<'p>],
    now: UnixTime,
}

impl Peer<'_> {
    fn check_trust(&self, roots: &Roots, usage: KeyUsage) -> Result<(), webpki::Error> {
        if roots.contains(self.certificate) {
            return self.check_validity();
        }
        let certificate = EndEntityCert::try_from(self.certificate)?;
        let algorithms = PROVIDER.signature_verification_algorithms.all;
        certificate
            .verify_for_usage(algorithms, &roots.anchors, self.intermediates, self.now, usage, None, None)
            .map(|_| ())
    }

    /// Checks the period in which a trusted certificate is valid.
    fn check_validity(&self) -> Result<(), webpki::Error> {
        let certificate = x509::read(self.certificate).ok_or(webpki::Error::BadDer)?;
        let [not_before, not_after] = validity(&certificate);
        if self.now < not_before {
            return Err(webpki::Error::CertNotValidYet { time: self.now, not_before });
        }
        if self.now > not_after {
            return Err(webpki::Error::CertExpired { time: self.now, not_after });
        }
        Ok(())
    }

    fn check_name(&self, name: &ServerName<'_>) -> Result<(), Fault> {
        let is_valid = EndEntityCert::try_from(self.certificate)
            .is_ok_and(|certificate| certificate.verify_is_valid_for_subject_name(name).is_ok());
        if is_valid {
            return Ok(());
        }
        let wanted = name.to_str();
        let Some(certificate) = x509::read(self.certificate) else {
            return Err(Fault::new(CN_MISMATCH, "the certificate cannot be read"));
        };
        let names = match alternative_names(&certificate) {
            Some(names) => names,
            None => {
                let common_name = x509::common_name_of(&certificate).unwrap_or_default();
                if common_name.eq_ignore_ascii_case(&wanted) {
                    return Ok(());
                }
                common_name
            }
        };
        Err(Fault::new(CN_MISMATCH, format!("the certificate is for '{names}', not for '{wanted}'")))
    }

    /// Returns the text of an error: which certificates failed, and why.
    fn text(&self, trust: Option<webpki::Error>, name: Option<Fault>) -> String {
        let mut text = String::new();
        let mut faults: Vec<Fault> = name.into_iter().collect();
        let mut blamed = subject(self.certificate);
        if let Some(error) = trust {
            if is_unknown(&error) {
                text = format!("Unknown root certificate: '{}'\n", self.last_issuer());
            }
            blamed = self.blamed(&error).map_or(blamed, subject);
            faults.push(fault(&error));
        }
        let bits = faults.iter().fold(0, |bits, fault| bits | fault.reason.0);
        text += &format!("Certificate error 0x{bits:04x}: '{blamed}'");
        for Fault { reason: (_, word), detail } in faults {
            let separator = if detail.is_empty() { "" } else { ": " };
            text += &format!("\n{word}{separator}{detail}");
        }
        text
    }

    /// Returns the first certificate that has expired or is not valid yet. Returns none if the error has another reason.
    fn blamed(&self, error: &webpki::Error) -> Option<&CertificateDer<'_>> {
        let is_of_time =
            matches!(error, webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. });
        let mut all = std::iter::once(self.certificate).chain(self.intermediates);
        all.find(|certificate| {
            let valid = x509::read(certificate).map(|certificate| validity(&certificate));
            is_of_time && valid.is_some_and(|[from, to]| self.now < from || self.now > to)
        })
    }

    /// Returns the name of the root that is missing: the issuer at the end of the chain.
    fn last_issuer(&self) -> String {
        let mut known: Vec<Certificate> = self.intermediates.iter().filter_map(x509::read).collect();
        let Some(mut last) = x509::read(self.certificate) else { return String::new() };
        while let Some(next) = known.iter().position(|certificate| {
            certificate.tbs_certificate().subject() == last.tbs_certificate().issuer()
        }) {
            last = known.swap_remove(next);
        }
        x509::name_text(last.tbs_certificate().issuer())
    }
}

fn subject(certificate: &CertificateDer<'_>) -> String {
    let certificate = x509::read(certificate);
    certificate.map(|it| x509::name_text(it.tbs_certificate().subject())).unwrap_or_default()
}

fn validity(certificate: &Certificate) -> [UnixTime; 2] {
    let validity = certificate.tbs_certificate().validity();
    [validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration()]
        .map(UnixTime::since_unix_epoch)
}

/// Returns the alternative names of a certificate, or none if it has no list of them.
fn alternative_names(certificate: &Certificate) -> Option<String> {
    use x509_cert::ext::pkix::name::GeneralName;
    let (_, SubjectAltName(names)) = certificate.tbs_certificate().get_extension().ok().flatten()?;
    let texts = names.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(address) => address_text(address.as_bytes()),
        _ => None,
    });
    Some(texts.collect::<Vec<_>>().join("', '"))
}

fn address_text(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::Ipv4Addr::from(bytes).to_string());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| std::net::Ipv6Addr::from(bytes).to_string())).ok()
}

/// Returns whether no root leads to a certificate. For the certificate of an authority, such as a self-signed one,
/// `webpki` reports that it cannot be that of a server.
fn is_unknown(error: &webpki::Error) -> bool {
    matches!(error, webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity)
}

fn fault(error: &webpki::Error) -> Fault {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer => Fault::new(NOT_TRUSTED, ""),
        E::CaUsedAsEndEntity => {
            Fault::new(NOT_TRUSTED, "the certificate is that of an authority, and not among the roots")
        }
        E::CertExpired { not_after, .. } => Fault::new(EXPIRED, format!("valid until {}", date(*not_after))),
        E::CertNotValidYet { not_before, .. } => {
            Fault::new(FUTURE, format!("valid from {}", date(*not_before)))
        }
        E::RequiredEkuNotFoundContext(_) => {
            Fault::new(EXT_KEY_USAGE, "the certificate is for another purpose")
        }
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Fault::new(BAD_MD, "the algorithm of a signature is not supported")
        }
        E::InvalidSignatureForPublicKey => Fault::new(NOT_TRUSTED, "a signature is wrong"),
        other => Fault::new(OTHER, other.to_string()),
    }
}

fn date(time: UnixTime) -> String {
    let date = x509_cert::der::DateTime::from_unix_duration(std::time::Duration::from_secs(time.as_secs()));
    date.map(|date| date.to_string()).unwrap_or_default()
}
