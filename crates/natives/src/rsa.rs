//! The natives of RSA: keys, signatures and encryption (RFC 8017).

use std::num::NonZeroU32;

use chacha20::ChaCha20Rng;
use crypto_primes::hazmat::{SetBits, SmallFactorsSieve, random_odd_integer};
use crypto_primes::{Flavor, is_prime};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::keys::{self, invalid};
use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("new-search", 2, new_search),
    ("search", 1, search),
    ("private-der", 2, private_der),
    ("public-der", 1, public_der),
    ("sign", 3, sign),
    ("verify", 4, verify),
    ("encrypt", 5, encrypt),
    ("decrypt", 4, decrypt),
];

/// The public exponent of all new keys.
const EXPONENT: u32 = 65_537;

const PADDING_PKCS1: i64 = 0;
const PADDING_OAEP: i64 = 1;

/// The search for the primes of a key. A step tests only one candidate, since the whole search takes seconds.
struct Search {
    random: ChaCha20Rng,
    prime_bits: NonZeroU32,
    sieve: SmallFactorsSieve<BoxedUint>,
    first: Option<BoxedUint>,
}

impl Search {
    fn new(mut random: ChaCha20Rng, prime_bits: NonZeroU32) -> Result<Search, Failure> {
        let sieve = start(&mut random, prime_bits)?;
        Ok(Search { random, prime_bits, sieve, first: None })
    }

    /// Tests the next candidate. Returns the key once both primes are found.
    fn step(&mut self) -> Result<Option<RsaPrivateKey>, Failure> {
        let Some(candidate) = self.sieve.next() else {
            self.sieve = start(&mut self.random, self.prime_bits)?;
            return Ok(None);
        };
        if !is_prime(Flavor::Any, &candidate) {
            return Ok(None);
        }
        self.sieve = start(&mut self.random, self.prime_bits)?;
        match self.first.take() {
            None => self.first = Some(candidate),
            // In rare cases the primes do not fit the exponent. Then the search starts again.
            Some(first) => return Ok(RsaPrivateKey::from_p_q(first, candidate, EXPONENT.into()).ok()),
        }
        Ok(None)
    }
}

/// Returns the prime candidates from a random number on. The two highest bits of the number are set, so that the
/// product of two primes has the full length.
fn start(random: &mut ChaCha20Rng, bits: NonZeroU32) -> Result<SmallFactorsSieve<BoxedUint>, Failure> {
    let start = random_odd_integer::<BoxedUint, _>(random, bits, SetBits::TwoMsb).map_err(invalid)?;
    SmallFactorsSieve::new(start.get(), bits, false).map_err(invalid)
}

/// Returns the cost of an operation with a private key of this number of bits. It grows with the cube of the bits. An
/// operation with a public key costs a hundredth of it.
fn units(bits: u32) -> usize {
    let bits = bits as usize / 64;
    bits * bits * bits * 8
}

/// `bits seed`
fn new_search<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bits = call.int(0)?;
    if ![1024, 2048, 3072, 4096].contains(&bits) {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let prime_bits = NonZeroU32::new(bits as u32 / 2).ok_or(Failure::INVALID_ARGUMENT)?;
    let search = Search::new(keys::random(call, 1)?, prime_bits)?;
    // The sieve has a word for each of its small primes.
    Ok(call.heap.new_state(search, 16 * 1024)?.get())
}

/// `search` -> the DER of a private key, or null if the search is not finished.
fn search<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let key = call.with_state(0, |call, search: &mut Search| {
        call.charge(units(search.prime_bits.get()) * 2);
        search.step()
    })?;
    match key {
        Some(key) => new_private_der(call, &key),
        None => Ok(Ref::NULL),
    }
}

fn new_private_der<'c>(call: &'c mut Call<'_>, key: &RsaPrivateKey) -> Result<Ref<'c>, Failure> {
    let der = key.to_pkcs1_der().map_err(invalid)?;
    Ok(call.heap.new_bytes_from(der.as_bytes())?.get())
}

fn parse_private(der: &[u8]) -> Result<RsaPrivateKey, Failure> {
    RsaPrivateKey::from_pkcs1_der(der).or_else(|_| RsaPrivateKey::from_pkcs8_der(der)).map_err(invalid)
}

fn parse_public(der: &[u8]) -> Result<RsaPublicKey, Failure> {
    let public = RsaPublicKey::from_public_key_der(der)
        .or_else(|_| RsaPublicKey::from_pkcs1_der(der).map_err(invalid));
    public.or_else(|_: Failure| Ok(parse_private(der)?.to_public_key()))
}

/// `key password` -> the DER of a private key.
fn private_der<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let key = parse_private(&keys::private_der(call, 0)?)?;
    call.charge(units(key.n().bits_vartime()));
    new_private_der(call, &key)
}

/// `key` -> the DER of a public key. For a private key, this is the public key that belongs to it.
fn public_der<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let key = parse_public(&keys::der(call, 0)?)?;
    let der = key.to_public_key_der().map_err(invalid)?;
    call.charge(units(key.n().bits_vartime()) / 100);
    Ok(call.heap.new_bytes_from(der.as_bytes())?.get())
}

/// Returns the padding of signatures for a kind of digest. The argument at the index `hash` has the number of the kind.
fn signature_of(call: &Call<'_>, hash: usize) -> Result<Pkcs1v15Sign, Failure> {
    match call.int(hash)? {
        1 => Ok(Pkcs1v15Sign::new::<Sha1>()),
        256 => Ok(Pkcs1v15Sign::new::<Sha256>()),
        384 => Ok(Pkcs1v15Sign::new::<Sha384>()),
        512 => Ok(Pkcs1v15Sign::new::<Sha512>()),
        _ => Err(Failure::INVALID_ARGUMENT),
    }
}

/// `private-der digest hash` -> the signature.
fn sign<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, padding) = (parse_private(call.bytes(0)?)?, signature_of(call, 2)?);
    let signature = key.sign(padding, call.bytes(1)?).map_err(invalid)?;
    call.charge(units(key.n().bits_vartime()));
    Ok(call.heap.new_bytes_from(&signature)?.get())
}

/// `public-der digest signature hash` -> whether the signature is that of the digest.
fn verify<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, padding) = (parse_public(call.bytes(0)?)?, signature_of(call, 3)?);
    let fits = key.verify(padding, call.bytes(1)?, call.bytes(2)?).is_ok();
    call.charge(units(key.n().bits_vartime()) / 100);
    Ok(Ref::bool(fits))
}

/// `public-der data padding hash seed` -> the data, encrypted.
fn encrypt<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, mut random) = (parse_public(call.bytes(0)?)?, keys::random(call, 4)?);
    let data = call.bytes(1)?;
    let encrypted = match (call.int(2)?, call.int(3)?) {
        (PADDING_PKCS1, _) => key.encrypt(&mut random, Pkcs1v15Encrypt, data),
        (PADDING_OAEP, 1) => key.encrypt(&mut random, Oaep::<Sha1>::new(), data),
        (PADDING_OAEP, 256) => key.encrypt(&mut random, Oaep::<Sha256>::new(), data),
        (PADDING_OAEP, 384) => key.encrypt(&mut random, Oaep::<Sha384>::new(), data),
        (PADDING_OAEP, 512) => key.encrypt(&mut random, Oaep::<Sha512>::new(), data),
        _ => return Err(Failure::INVALID_ARGUMENT),
    };
    let encrypted = encrypted.map_err(invalid)?;
    call.charge(units(key.n().bits_vartime()) / 100);
    Ok(call.heap.new_bytes_from(&encrypted)?.get())
}

/// `private-der data padding hash` -> the data, decrypted.
fn decrypt<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, data) = (parse_private(call.bytes(0)?)?, call.bytes(1)?);
    let decrypted = match (call.int(2)?, call.int(3)?) {
        (PADDING_PKCS1, _) => key.decrypt(Pkcs1v15Encrypt, data),
        (PADDING_OAEP, 1) => key.decrypt(Oaep::<Sha1>::new(), data),
        (PADDING_OAEP, 256) => key.decrypt(Oaep::<Sha256>::new(), data),
        (PADDING_OAEP, 384) => key.decrypt(Oaep::<Sha384>::new(), data),
        (PADDING_OAEP, 512) => key.decrypt(Oaep::<Sha512>::new(), data),
        _ => return Err(Failure::INVALID_ARGUMENT),
    };
    let decrypted = decrypted.map_err(invalid)?;
    call.charge(units(key.n().bits_vartime()));
    Ok(call.heap.new_bytes_from(&decrypted)?.get())
}
