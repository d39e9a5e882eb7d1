//! Authenticated encryption: AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439).
//!
//! Both combine a stream cipher with a hash over blocks of 16 bytes: of the additional data, of the
//! ciphertext, and of both lengths. The first bytes of the stream are not used for the text: in GCM
//! they hide the hash, in ChaCha20-Poly1305 they are its key.

use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, KeyIvInit, StreamCipher, StreamCipherCoreWrapper,
};
use aes::{Aes128, Aes192, Aes256};
use chacha20::ChaCha20;
use ctr::{CtrCore, flavors};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use poly1305::Poly1305;

use super::{BYTES_PER_UNIT, Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] =
    &[("new", 3, new), ("start", 3, start), ("add", 4, add), ("finish", 1, finish), ("verify", 2, verify)];

const BLOCK_BYTES: usize = 16;
const VECTOR_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const KEY_BYTES_MAX: usize = 32;
/// The part of the ChaCha20 stream that comes before the text.
const CHACHA_BLOCK_BYTES: usize = 64;

const AES_GCM: i64 = 0;
const CHACHA20_POLY1305: i64 = 1;

/// The cost of encrypting and hashing a byte, relative to that of reading it.
const CRYPT_COST: usize = 2;

const NOT_STARTED: Failure = Failure::Error("INVALID_STATE");

/// A key, and the message that it is used for at the moment.
struct Aead {
    key: Key,
    encrypts: bool,
    message: Option<Message>,
}

enum Key {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
    ChaCha20([u8; KEY_BYTES_MAX]),
}

impl Key {
    fn new(algorithm: i64, key: &[u8]) -> Option<Key> {
        match (algorithm, key.len()) {
            (AES_GCM, 16) => Some(Key::Aes128(Aes128::new_from_slice(key).ok()?)),
            (AES_GCM, 24) => Some(Key::Aes192(Aes192::new_from_slice(key).ok()?)),
            (AES_GCM, 32) => Some(Key::Aes256(Aes256::new_from_slice(key).ok()?)),
            (CHACHA20_POLY1305, _) => Some(Key::ChaCha20(key.try_into().ok()?)),
            _ => None,
        }
    }

    /// Returns the stream that starts with this vector, and the hash.
    fn start(&self, vector: [u8; VECTOR_BYTES]) -> (Stream, Hash) {
        match self {
            Key::Aes128(cipher) => start_gcm(cipher, vector),
            Key::Aes192(cipher) => start_gcm(cipher, vector),
            Key::Aes256(cipher) => start_gcm(cipher, vector),
            Key::ChaCha20(key) => {
                let mut stream = ChaCha20::new(key.into(), &vector.into());
                let mut first = [0; CHACHA_BLOCK_BYTES];
                stream.apply_keystream(&mut first);
                let mut hash_key = [0; KEY_BYTES_MAX];
                hash_key.copy_from_slice(&first[..KEY_BYTES_MAX]);
                (Box::new(stream), Hash::Poly1305(Box::new(Poly1305::new(&hash_key.into()))))
            }
        }
    }
}

type Stream = Box<dyn StreamCipher + Send>;

fn start_gcm<C>(cipher: &C, vector: [u8; VECTOR_BYTES]) -> (Stream, Hash)
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Clone + Send + 'static,
{
    let mut hash_key = [0; BLOCK_BYTES].into();
    cipher.encrypt_block(&mut hash_key);
    let mut counter = [0; BLOCK_BYTES];
    counter[..VECTOR_BYTES].copy_from_slice(&vector);
    counter[BLOCK_BYTES - 1] = 1;
    let core = CtrCore::<C, flavors::Ctr32BE>::inner_iv_init(cipher.clone(), &counter.into());
    let mut stream = StreamCipherCoreWrapper::from_core(core);
    let mut mask = [0; TAG_BYTES];
    stream.apply_keystream(&mut mask);
    (Box::new(stream), Hash::Ghash(GHash::new(&hash_key), mask))
}

enum Hash {
    /// The hash, and the mask that makes it a tag by exclusive or.
    Ghash(GHash, [u8; TAG_BYTES]),
    Poly1305(Box<Poly1305>),
}

impl Hash {
    /// Adds data, filled up with zeros to whole blocks.
    fn update(&mut self, data: &[u8]) {
        match self {
            Hash::Ghash(hash, _) => hash.update_padded(data),
            Hash::Poly1305(hash) => hash.update_padded(data),
        }
    }

    /// Adds both lengths. Returns the tag.
    fn finish(mut self, authenticated: u64, text: u64) -> [u8; TAG_BYTES] {
        let lengths = match self {
            Hash::Ghash(..) => [authenticated * 8, text * 8].map(u64::to_be_bytes),
            Hash::Poly1305(_) => [authenticated, text].map(u64::to_le_bytes),
        };
        self.update(lengths.as_flattened());
        match self {
            Hash::Ghash(hash, mask) => {
                let hash: [u8; TAG_BYTES] = hash.finalize().into();
                std::array::from_fn(|index| hash[index] ^ mask[index])
            }
            Hash::Poly1305(hash) => hash.finalize().into(),
        }
    }
}

/// A message that is being encrypted or decrypted.
struct Message {
    stream: Stream,
    hash: Hash,
    authenticated_size: u64,
    size: u64,
    /// The bytes that do not fill a block yet.
    rest: Vec<u8>,
}

impl Message {
    /// Encrypts or decrypts in place, and hashes the ciphertext.
    fn crypt(&mut self, encrypts: bool, bytes: &mut [u8]) -> Result<(), Failure> {
        if !encrypts {
            self.hash.update(bytes);
        }
        self.stream.try_apply_keystream(bytes).map_err(|_| Failure::OUT_OF_RANGE)?;
        if encrypts {
            self.hash.update(bytes);
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Returns the last bytes, and the tag.
    fn finish(mut self, encrypts: bool) -> Result<(Vec<u8>, [u8; TAG_BYTES]), Failure> {
        let mut rest = std::mem::take(&mut self.rest);
        self.crypt(encrypts, &mut rest)?;
        Ok((rest, self.hash.finish(self.authenticated_size, self.size)))
    }
}

/// `algorithm key encrypts`
fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, encrypts) = (Key::new(call.int(0)?, call.bytes(1)?), call.bool(2)?);
    let key = key.ok_or(Failure::INVALID_ARGUMENT)?;
    // A message has its own copy of the key schedule, and a hash.
    let size = size_of::<Key>() + size_of::<Poly1305>();
    Ok(call.heap.new_state(Aead { key, encrypts, message: None }, size)?.get())
}

/// `aead vector authenticated`
fn start<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.with_state(0, |call, aead: &mut Aead| {
        if aead.message.is_some() {
            return Err(NOT_STARTED);
        }
        let vector = call.bytes(1)?.try_into().map_err(|_| Failure::INVALID_ARGUMENT)?;
        let authenticated = call.data(2)?;
        let authenticated_size = authenticated.len() as u64;
        let (stream, mut hash) = aead.key.start(vector);
        hash.update(authenticated);
        aead.message = Some(Message { stream, hash, authenticated_size, size: 0, rest: Vec::new() });
        call.charge_bytes(authenticated_size as usize);
        Ok(())
    })?;
    Ok(Ref::NULL)
}

/// `aead data from to` -> the blocks that this completes, encrypted or decrypted.
fn add<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.scratch_of(1)?;
    call.charge(data.len() * CRYPT_COST / BYTES_PER_UNIT);
    let ready = call.with_state(0, |_, aead: &mut Aead| {
        let message = aead.message.as_mut().ok_or(NOT_STARTED)?;
        let mut bytes = std::mem::take(&mut message.rest);
        bytes.extend_from_slice(&data);
        message.rest = bytes.split_off(bytes.len() / BLOCK_BYTES * BLOCK_BYTES);
        message.crypt(aead.encrypts, &mut bytes)?;
        Ok(bytes)
    })?;
    Ok(call.heap.new_bytes_from(&ready)?.get())
}

/// `aead` -> the last bytes of an encryption, and the tag.
fn finish<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let last = call.with_state(0, |_, aead: &mut Aead| {
        if !aead.encrypts {
            return Err(NOT_STARTED);
        }
        let (mut last, tag) = aead.message.take().ok_or(NOT_STARTED)?.finish(true)?;
        last.extend_from_slice(&tag);
        Ok(last)
    })?;
    Ok(call.heap.new_bytes_from(&last)?.get())
}

/// `aead tag` -> the last bytes of a decryption.
fn verify<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let last = call.with_state(0, |call, aead: &mut Aead| {
        if aead.encrypts {
            return Err(NOT_STARTED);
        }
        let wanted: [u8; TAG_BYTES] = call.bytes(1)?.try_into().map_err(|_| Failure::INVALID_ARGUMENT)?;
        let (last, tag) = aead.message.take().ok_or(NOT_STARTED)?.finish(false)?;
        if differ(&tag, &wanted) { Err(Failure::Error("INVALID_SIGNATURE")) } else { Ok(last) }
    })?;
    Ok(call.heap.new_bytes_from(&last)?.get())
}

/// Returns whether bytes differ. The duration does not depend on the position of a difference.
fn differ(first: &[u8], second: &[u8]) -> bool {
    let pairs = first.iter().zip(second);
    pairs.fold(0, |difference, (first, second)| std::hint::black_box(difference | (first ^ second))) != 0
}
