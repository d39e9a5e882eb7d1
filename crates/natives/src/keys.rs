//! Keys in their usual wrappings: PEM around DER, and a password around a private key.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use data_encoding::BASE64;
use rsa::pkcs8::EncryptedPrivateKeyInfoRef;
use rsa::pkcs8::pkcs5::{EncryptionScheme, pbes2::Kdf};

use super::{Call, Failure};

const BEGIN: &str = "-----BEGIN ";
/// The maximum size of a key in bytes, which is more than any key that the crates accept.
const KEY_BYTES_MAX: usize = 64 * 1024;
/// The maximum number of rounds in which a password is hashed: twice the recommended number, which takes half a second.
const ITERATIONS_MAX: u32 = 1_200_000;
/// The cost of hashing a password once, which takes about half a microsecond.
const UNITS_PER_ITERATION: usize = 50;

/// A section of a text in the form PEM.
pub(super) struct Section<'t> {
    /// The kind of the contents, such as `PUBLIC KEY`.
    pub(super) label: &'t str,
    body: &'t str,
}

impl Section<'_> {
    /// Returns the contents, or none if they are not in Base64.
    pub(super) fn der(&self) -> Option<Vec<u8>> {
        let digits: Vec<u8> = self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        BASE64.decode(&digits).ok()
    }
}

/// Returns the sections of a text in the form PEM, without the text around them. Returns none if `data` has another
/// form.
pub(super) fn sections(data: &[u8]) -> Option<impl Iterator<Item = Section<'_>>> {
    let mut rest = std::str::from_utf8(data).ok().filter(|text| text.contains(BEGIN))?;
    Some(std::iter::from_fn(move || {
        let (_, section) = rest.split_once(BEGIN)?;
        let (label, section) = section.split_once("-----")?;
        let (body, after) = section.split_once("-----END ")?;
        rest = after;
        Some(Section { label, body })
    }))
}

/// Returns the DER of the key in an argument, which has the form DER or PEM.
pub(super) fn der(call: &Call<'_>, index: usize) -> Result<Vec<u8>, Failure> {
    let data = call.data(index)?;
    if data.len() > KEY_BYTES_MAX {
        return Err(Failure::INVALID_ARGUMENT);
    }
    match sections(data) {
        // OpenSSL writes the name of the curve in front of a key.
        Some(mut sections) => {
            let key = sections.find(|section| section.label != "EC PARAMETERS");
            key.and_then(|key| key.der()).ok_or(Failure::INVALID_ARGUMENT)
        }
        None => Ok(data.to_vec()),
    }
}

/// Returns the DER of a private key, which the password in the next argument may protect.
pub(super) fn private_der(call: &mut Call<'_>, index: usize) -> Result<Vec<u8>, Failure> {
    let der = der(call, index)?;
    let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(&der[..]) else { return Ok(der) };
    let iterations = match &encrypted.encryption_algorithm {
        EncryptionScheme::Pbes2(parameters) => match &parameters.kdf {
            Kdf::Pbkdf2(parameters) => parameters.iteration_count,
            // The other function, scrypt, takes as much memory as its parameters say.
            _ => return Err(Failure::INVALID_ARGUMENT),
        },
        _ => return Err(Failure::INVALID_ARGUMENT),
    };
    if iterations > ITERATIONS_MAX {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let decrypted = encrypted.decrypt(call.string(index + 1)?.as_bytes());
    call.charge(iterations as usize * UNITS_PER_ITERATION);
    Ok(decrypted.map_err(|_| Failure::INVALID_ARGUMENT)?.as_bytes().to_vec())
}

/// Creates a generator of random numbers. Its seed is an argument, since a native cannot get secret random bytes.
pub(super) fn random(call: &Call<'_>, index: usize) -> Result<ChaCha20Rng, Failure> {
    let seed = call.bytes(index)?.try_into().map_err(|_| Failure::INVALID_ARGUMENT)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Returns the error that programs get for an invalid key or a failed operation, whatever the reason that the crate
/// gives.
pub(super) fn invalid<E>(_: E) -> Failure {
    Failure::INVALID_ARGUMENT
}
