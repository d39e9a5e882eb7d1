//! Natives for cyclic redundancy checks with any polynomial of up to 64 bits. A table maps each byte to its checksum.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("table", 3, table), ("add", 7, add)];

const ENTRIES: usize = 256;
const ENTRY_BYTES: usize = 8;

/// The number of bits of a sum, and the order in which the bits of a byte are processed: from the lowest if
/// `little_endian`.
#[derive(Clone, Copy)]
struct Shape {
    width: u32,
    little_endian: bool,
}

impl Shape {
    /// Reads the shape from two arguments. The width must be at most 64, and at least 3 (little-endian) or 8.
    fn of(call: &Call<'_>, width: usize, little_endian: usize) -> Result<Shape, Failure> {
        let width = u32::try_from(call.int(width)?).map_err(|_| Failure::INVALID_ARGUMENT)?;
        let shape = Shape { width, little_endian: call.bool(little_endian)? };
        let least = if shape.little_endian { 3 } else { 8 };
        if (least..=64).contains(&shape.width) { Ok(shape) } else { Err(Failure::INVALID_ARGUMENT) }
    }

    fn mask(self) -> u64 {
        u64::MAX >> (64 - self.width)
    }

    /// Returns the sum of a single byte: the entry of the table for it.
    fn effect(self, byte: u64, polynomial: u64) -> u64 {
        let mut sum = if self.little_endian { byte } else { byte << (self.width - 8) };
        for _ in 0..8 {
            sum = if self.little_endian {
                sum >> 1 ^ if sum & 1 == 1 { polynomial } else { 0 }
            } else {
                sum << 1 ^ if sum >> (self.width - 1) & 1 == 1 { polynomial } else { 0 }
            };
        }
        sum & self.mask()
    }

    fn add(self, sum: u64, byte: u8, effects: &[[u8; ENTRY_BYTES]]) -> u64 {
        let effect = |index: u64| u64::from_le_bytes(effects[index as usize & 0xff]);
        if self.little_endian {
            sum >> 8 ^ effect(sum ^ u64::from(byte))
        } else {
            (sum << 8 & self.mask()) ^ effect(sum >> (self.width - 8) ^ u64::from(byte))
        }
    }
}

/// `width polynomial little-endian` -> the table.
fn table<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (shape, polynomial) = (Shape::of(call, 0, 2)?, call.int(1)? as u64);
    let mut bytes = [0; ENTRIES * ENTRY_BYTES];
    for (byte, entry) in bytes.chunks_exact_mut(ENTRY_BYTES).enumerate() {
        entry.copy_from_slice(&shape.effect(byte as u64, polynomial).to_le_bytes());
    }
    call.charge(ENTRIES);
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `sum table width little-endian data from to` -> the new sum.
fn add<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (sum, shape) = (call.int(0)? as u64, Shape::of(call, 2, 3)?);
    let (effects, _) = call.bytes(1)?.as_chunks();
    if effects.len() != ENTRIES {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let data = call.data(4)?;
    let range = call.range(5, 6, data.len())?;
    let size = range.len();
    call.before_work(size);
    let sum = data[range].iter().fold(sum, |sum, byte| shape.add(sum, *byte, effects));
    // A byte takes about two nanoseconds, and a unit stands for about ten.
    call.charge(size / 5);
    Ok(call.heap.new_int(sum as i64)?.get())
}
