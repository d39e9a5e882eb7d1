//! X.509 certificates (RFC 5280): reading them, and the names in them.
//!
//! Programs hold certificates in the binary form, DER. The encoding says where a certificate ends, so several ones follow
//! each other in one byte array: a certificate, and those that lead from it to a root.

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::{PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Any, Decode, Header, Reader, SliceReader, Tag, Tagged};
use x509_cert::name::Name;

use super::keys;
use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("parse", 1, parse), ("common-name", 1, common_name)];

/// The most bytes of a text or byte array with certificates.
const CERTIFICATES_BYTES_MAX: usize = 1 << 20;
/// The label of a certificate in PEM. OpenSSL has two more, which are rare.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
/// The cost of reading a certificate, which takes about ten microseconds.
const PARSING_UNITS: usize = 1_000;

/// The object identifiers of the parts of names that have short names in texts.
const NAME_PARTS: [(&str, &str); 8] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];
const COMMON_NAME: &str = "2.5.4.3";

/// `data` -> the DER of the certificates in a text in the form PEM, or in bytes in the form PEM or DER.
fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let argument = call.argument(0);
    let is_text = call.heap.string(argument).is_some();
    let data = call.data(0).map_err(|_| Failure::WRONG_TYPE)?;
    if data.len() > CERTIFICATES_BYTES_MAX {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let der = match keys::sections(data) {
        Some(sections) => joined(sections)?,
        None if is_text => return Err(Failure::INVALID_ARGUMENT),
        None => data.to_vec(),
    };
    let chain = split(&der).ok_or_else(malformed)?;
    call.charge(chain.len() * PARSING_UNITS);
    for certificate in chain {
        check(&read(&certificate).ok_or_else(malformed)?)?;
    }
    Ok(call.heap.new_bytes_from(&der)?.get())
}

fn joined<'t>(sections: impl Iterator<Item = keys::Section<'t>>) -> Result<Vec<u8>, Failure> {
    let mut joined = Vec::new();
    for section in sections.filter(|section| LABELS.contains(&section.label)) {
        joined.extend(section.der().ok_or_else(malformed)?);
    }
    if joined.is_empty() { Err(Failure::INVALID_ARGUMENT) } else { Ok(joined) }
}

fn malformed() -> Failure {
    Failure::Error("X509 - The CRT/CRL/CSR format is invalid, e.g. different type expected")
}

/// Refuses a certificate whose two names of the signature algorithm differ: one of them was changed after it was signed.
fn check(certificate: &Certificate) -> Result<(), Failure> {
    let inner = certificate.tbs_certificate().signature().oid;
    if inner == certificate.signature_algorithm().oid {
        return Ok(());
    }
    let outer = certificate.signature_algorithm().oid;
    let text = format!("X509 - Signed with {outer}, but says {inner}: OID is not found");
    Err(Failure::Message(text))
}

/// `der` -> the common name in the first certificate; an empty string if it has none.
fn common_name<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let first = split(call.bytes(0)?).and_then(|chain| chain.into_iter().next());
    let certificate = first.and_then(|first| read(&first)).ok_or_else(malformed)?;
    let name = common_name_of(&certificate).unwrap_or_default();
    call.charge(PARSING_UNITS);
    Ok(call.heap.new_string(&name)?.get())
}

/// Returns the certificates that follow each other in `der`. Returns none if the bytes do not end where a certificate
/// ends.
pub(super) fn split(mut der: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut chain = Vec::new();
    while !der.is_empty() {
        let mut reader = SliceReader::new(der).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        if header.tag() != Tag::Sequence {
            return None;
        }
        let size = (reader.position() + header.length()).ok()?;
        let (certificate, rest) = der.split_at_checked(usize::try_from(size).ok()?)?;
        chain.push(CertificateDer::from(certificate.to_vec()));
        der = rest;
    }
    if chain.is_empty() { None } else { Some(chain) }
}

/// Reads a certificate. Returns none if it is malformed.
pub(super) fn read(der: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(der).ok()
}

/// Returns the common name of a certificate, the last one if there are several.
pub(super) fn common_name_of(certificate: &Certificate) -> Option<String> {
    let parts = certificate.tbs_certificate().subject().iter();
    let names = parts.filter(|part| part.oid.to_string() == COMMON_NAME);
    names.last().map(|part| text(&part.value))
}

/// Returns a name as text, such as `O=Lucarne, CN=Test Root`.
pub(super) fn name_text(name: &Name) -> String {
    let parts = name.iter().map(|part| {
        let id = part.oid.to_string();
        let short = NAME_PARTS.iter().find(|(oid, _)| *oid == id).map(|(_, short)| *short);
        format!("{}={}", short.unwrap_or(&id), text(&part.value))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns the text in a part of a name. Control characters become question marks, since the text comes from a peer and
/// goes to terminals and logs.
fn text(value: &Any) -> String {
    let text = match value.tag() {
        Tag::PrintableString => {
            value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.as_str().to_owned())
        }
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned()),
        Tag::TeletexString => {
            value.decode_as::<TeletexStringRef<'_>>().ok().map(|text| text.as_str().to_owned())
        }
        _ => None,
    };
    let text = text.unwrap_or_else(|| decoded(value.tag(), value.value()));
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

/// Decodes the strings that have two bytes for each character, and those that break the rules of their kind.
fn decoded(tag: Tag, bytes: &[u8]) -> String {
    if tag != Tag::BmpString {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
