//! Checksums and hashes, which are fed piece by piece. A checksum in progress is the state of an object.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::siphash::SipHash;
use super::{BYTES_PER_UNIT, Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("new-md5", 0, |call| start(call, Md5::new())),
    ("new-sha1", 0, |call| start(call, Sha1::new())),
    ("new-sha2", 1, new_sha2),
    ("new-blake2s", 2, new_blake2s),
    ("new-siphash", 4, new_siphash),
    ("new-adler32", 0, |call| start(call, Adler32::default())),
    ("add", 4, add),
    ("get", 1, get),
    ("copy", 1, copy),
    ("adler32-remove", 4, adler32_remove),
    ("adler32-value", 1, adler32_value),
];

/// The cost of hashing a byte, relative to that of reading it.
const HASHING_COST: usize = 4;
/// The maximum number of SipHash rounds, more than any use needs. The rounds run for each eight bytes of data.
const SIPHASH_ROUNDS_MAX: usize = 64;

/// A checksum in progress.
type Checksum = Box<dyn Sum>;

trait Sum: Send {
    fn update(&mut self, data: &[u8]);
    fn finish(self: Box<Self>) -> Vec<u8>;
    fn copy(&self) -> Checksum;
    fn as_adler32(&mut self) -> Option<&mut Adler32> {
        None
    }
}

impl<D: Digest + Clone + Send + 'static> Sum for D {
    fn update(&mut self, data: &[u8]) {
        Digest::update(self, data);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.finalize().to_vec()
    }

    fn copy(&self) -> Checksum {
        Box::new(self.clone())
    }
}

/// BLAKE2s, whose crate does not implement `Digest`.
#[derive(Clone)]
struct Blake2s(blake2s_simd::State);

impl Sum for Blake2s {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().as_bytes().to_vec()
    }

    fn copy(&self) -> Checksum {
        Box::new(self.clone())
    }
}

impl Sum for SipHash {
    fn update(&mut self, data: &[u8]) {
        SipHash::update(self, data);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        SipHash::finish(*self)
    }

    fn copy(&self) -> Checksum {
        Box::new(self.clone())
    }
}

/// Adler-32, from which the oldest data can be taken away again.
#[derive(Clone, Default)]
struct Adler32 {
    sum: adler2::Adler32,
    /// The number of bytes in the checksum.
    size: u64,
}

impl Adler32 {
    const MODULUS: u64 = 65521;

    fn value(&self) -> [u8; 4] {
        self.sum.checksum().to_be_bytes()
    }

    /// Removes the oldest bytes, which are `data`. Each byte counts once in the lower half of the checksum. In the
    /// upper half it counts once for itself and once for each byte after it.
    fn remove(&mut self, data: &[u8]) {
        let checksum = u64::from(self.sum.checksum());
        let (mut low, mut high) = (checksum & 0xffff, checksum >> 16);
        for byte in data {
            let byte = u64::from(*byte);
            low += Adler32::MODULUS - byte;
            high += 2 * Adler32::MODULUS - (self.size % Adler32::MODULUS * byte) % Adler32::MODULUS - 1;
            (low, high) = (low % Adler32::MODULUS, high % Adler32::MODULUS);
            self.size = self.size.saturating_sub(1);
        }
        self.sum = adler2::Adler32::from_checksum((high << 16 | low) as u32);
    }
}

impl Sum for Adler32 {
    fn update(&mut self, data: &[u8]) {
        self.sum.write_slice(data);
        self.size += data.len() as u64;
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.value().to_vec()
    }

    fn copy(&self) -> Checksum {
        Box::new(self.clone())
    }

    fn as_adler32(&mut self) -> Option<&mut Adler32> {
        Some(self)
    }
}

fn start<'c>(call: &'c mut Call<'_>, sum: impl Sum + 'static) -> Result<Ref<'c>, Failure> {
    new_state(call, Box::new(sum))
}

fn new_state<'c>(call: &'c mut Call<'_>, sum: Checksum) -> Result<Ref<'c>, Failure> {
    let size = size_of_val(&*sum);
    Ok(call.heap.new_state(sum, size)?.get())
}

/// `bits`
fn new_sha2<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    match call.int(0)? {
        224 => start(call, Sha224::new()),
        256 => start(call, Sha256::new()),
        384 => start(call, Sha384::new()),
        512 => start(call, Sha512::new()),
        _ => Err(Failure::INVALID_ARGUMENT),
    }
}

/// `key size`
fn new_blake2s<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, size) = (call.bytes(0)?, call.index(1)?);
    if key.len() > blake2s_simd::KEYBYTES || !(1..=blake2s_simd::OUTBYTES).contains(&size) {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let state = blake2s_simd::Params::new().hash_length(size).key(key).to_state();
    start(call, Blake2s(state))
}

/// `key size rounds final-rounds`
fn new_siphash<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let key = call.data(0)?.try_into().map_err(|_| Failure::INVALID_ARGUMENT)?;
    let is_long = match call.int(1)? {
        8 => false,
        16 => true,
        _ => return Err(Failure::INVALID_ARGUMENT),
    };
    let (rounds, final_rounds) = (call.index(2)?, call.index(3)?);
    if rounds.max(final_rounds) > SIPHASH_ROUNDS_MAX {
        return Err(Failure::INVALID_ARGUMENT);
    }
    start(call, SipHash::new(key, rounds, final_rounds, is_long))
}

/// `sum data from to`
fn add<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.with_state(0, |call, sum: &mut Checksum| {
        let data = call.data(1)?;
        let range = call.range(2, 3, data.len())?;
        let size = range.len();
        call.before_work(size * HASHING_COST);
        sum.update(&data[range]);
        call.charge(size * HASHING_COST / BYTES_PER_UNIT);
        Ok(())
    })?;
    Ok(Ref::NULL)
}

/// `sum` -> the checksum. Nothing can be added from then on.
fn get<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.take_state::<Checksum>(0)?.finish();
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `sum` -> a second checksum with the same data so far.
fn copy<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let copy = call.with_state(0, |_, sum: &mut Checksum| Ok(sum.copy()))?;
    new_state(call, copy)
}

/// `sum data from to`: takes away the oldest data.
fn adler32_remove<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.with_state(0, |call, sum: &mut Checksum| {
        let data = call.data(1)?;
        let range = call.range(2, 3, data.len())?;
        let size = range.len();
        call.before_work(size * HASHING_COST);
        sum.as_adler32().ok_or(Failure::WRONG_TYPE)?.remove(&data[range]);
        call.charge(size * HASHING_COST / BYTES_PER_UNIT);
        Ok(())
    })?;
    Ok(Ref::NULL)
}

/// `sum` -> the checksum so far.
fn adler32_value<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value =
        call.with_state(0, |_, sum: &mut Checksum| Ok(sum.as_adler32().ok_or(Failure::WRONG_TYPE)?.value()))?;
    Ok(call.heap.new_bytes_from(&value)?.get())
}
