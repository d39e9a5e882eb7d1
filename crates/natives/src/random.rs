//! Pseudo-random numbers: the published xorshift128+ with the shifts 23, 18 and 5.
//!
//! A generator's state is a byte array that belongs to the Toit code, so that processes that start with the same state
//! get the same numbers. It holds two words of 64 bits, little-endian.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("next", 1, next), ("below", 2, below), ("seed", 1, seed)];

/// The size of a state in bytes.
const STATE_SIZE: usize = 16;

/// The words of a state before the seed overwrites them: programs expect the sequence that follows from them.
const UNSEEDED: [u64; 2] = [0xde_fa17, 0xf0_0baa];

/// The number of bits in a random number.
const NUMBER_BITS: u32 = 28;

/// `state` -> a number of 28 bits.
fn next<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(Ref::small(advance(call.bytes_mut(0)?)?))
}

/// `state n` -> a number from 0 to n - 1.
fn below<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let limit = call.int(1)?;
    if limit <= 0 {
        return Err(Failure::OUT_OF_RANGE);
    }
    let number = advance(call.bytes_mut(0)?)?;
    // Calculates in floats, so that a seed gives the sequence that programs expect.
    let scaled = number as f64 * limit as f64 / f64::from(1_u32 << NUMBER_BITS);
    Ok(call.heap.new_int(scaled as i64)?.get())
}

/// Advances a state and returns the number that it gives.
fn advance(state: &mut [u8]) -> Result<i64, Failure> {
    let state: &mut [u8; STATE_SIZE] = state.try_into().map_err(|_| Failure::OUT_OF_BOUNDS)?;
    let words = step(words(state));
    *state = bytes(words);
    let sum = words[0].wrapping_add(words[1]);
    Ok((sum & ((1 << NUMBER_BITS) - 1)) as i64)
}

fn step([first, second]: [u64; 2]) -> [u64; 2] {
    let mixed = first ^ (first << 23);
    [second, mixed ^ second ^ (mixed >> 18) ^ (second >> 5)]
}

fn words(state: &[u8; STATE_SIZE]) -> [u64; 2] {
    let word = |half: &[u8]| half.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let (first, second) = state.split_at(STATE_SIZE / 2);
    [word(first), word(second)]
}

fn bytes([first, second]: [u64; 2]) -> [u8; STATE_SIZE] {
    (u128::from(first) | u128::from(second) << 64).to_le_bytes()
}

/// `bytes` -> a state with these bytes at its start. Bytes beyond the size of a state are ignored.
fn seed<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let mut state = bytes(UNSEEDED);
    let seed = call.bytes(0)?;
    let size = seed.len().min(STATE_SIZE);
    state[..size].copy_from_slice(&seed[..size]);
    Ok(call.heap.new_bytes_from(&state)?.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the first numbers below 256 after seeding.
    fn sequence(seed: &[u8]) -> Vec<i64> {
        let mut state = bytes(UNSEEDED);
        state[..seed.len()].copy_from_slice(seed);
        (0..3).map(|_| (advance(&mut state).expect("a state") * 256) >> NUMBER_BITS).collect()
    }

    #[test]
    fn gives_the_known_sequence() {
        assert_eq!(sequence(b"ostehaps"), [92, 141, 178]);
    }

    #[test]
    fn each_word_of_the_seed_counts() {
        assert_ne!(sequence(b""), sequence(b"ostehaps"));
        assert_ne!(sequence(b"0123456789abcdef"), sequence(b"0123456789Abcdef"));
    }
}
