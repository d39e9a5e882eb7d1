//! Keys in their usual wrappings: PEM around DER, and a password around a private key.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use data_encoding::BASE64;
use rsa::pkcs8::EncryptedPrivateKeyInfoRef;
use rsa::pkcs8::pkcs5::{EncryptionScheme, pbes2::Kdf};

use super::{Call, Failure};

/// Larger than any key that the crates take.
const KEY_BYTES_MAX: usize = 64 * 1024;
/// The maximum number of rounds in which a password is hashed: twice the recommended number, which takes half a second.
const ITERATIONS_MAX: u32 = 1_200_000;
/// Hashing a password once takes about half a microsecond.
const UNITS_PER_ITERATION: usize = 50;

/// Returns the DER of the key in an argument, which has the form DER or PEM.
pub(super) fn der(call: &Call<'_>, index: usize) -> Result<Vec<u8>, Failure> {
    let data = call.data(index)?;
    if data.len() > KEY_BYTES_MAX {
        return Err(Failure::INVALID_ARGUMENT);
    }
    match std::str::from_utf8(data).ok().and_then(|text| text.split_once("-----BEGIN ")) {
        Some((_, text)) => unwrap_pem(text).ok_or(Failure::INVALID_ARGUMENT),
        None => Ok(data.to_vec()),
    }
}

fn unwrap_pem(text: &str) -> Option<Vec<u8>> {
    let (_, text) = text.split_once("-----")?;
    let (body, _) = text.split_once("-----END ")?;
    let digits: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&digits).ok()
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
