//! Pseudo-random numbers. A generator's state is a byte array that belongs to the Toit code, so
//! that a process repeats itself if its first state does.

use super::hash::Hasher;
use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("next", next), ("seed", seed)];

/// `state n` -> a number from 0 to n - 1.
fn next<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let limit = call.int(1)?;
    if limit <= 0 {
        return Err(Failure::OUT_OF_RANGE);
    }
    let state: &mut [u8; 8] = call.bytes_mut(0)?.try_into().map_err(|_| Failure::OUT_OF_BOUNDS)?;
    let advanced = u64::from_le_bytes(*state).wrapping_add(0x9e37_79b9_7f4a_7c15);
    *state = advanced.to_le_bytes();
    // The high half of the product: no bias worth mentioning, and no division.
    let number = (u128::from(mix(advanced)) * limit as u128) >> 64;
    Ok(call.heap.new_int(number as i64)?.get())
}

/// The output function of SplitMix64.
fn mix(state: u64) -> u64 {
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// `bytes` -> a state.
fn seed<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    let (low, high) = bytes.split_at(bytes.len() / 2);
    let state = u64::from(Hasher::FIXED.bytes(bytes))
        | u64::from(Hasher::FIXED.bytes(low) ^ Hasher::FIXED.bytes(high).rotate_left(16)) << 32;
    Ok(call.heap.new_bytes_from(&state.to_le_bytes())?.get())
}
