//! The only place that makes random numbers.
//!
//! They name things and vary hash seeds and schedules; they are not meant for cryptography.

use crate::sync::Mutex;

/// A source of random numbers that threads can share.
#[derive(Debug)]
pub struct Random(Mutex<Generator>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_os() -> Random {
        let mut seed = [0; 8];
        // Without a source of entropy an address is better than a constant.
        if getrandom::fill(&mut seed).is_err() {
            seed = (&raw const seed as u64).to_le_bytes();
        }
        Random::seeded(u64::from_le_bytes(seed))
    }

    /// The same numbers for the same seed.
    pub fn seeded(seed: u64) -> Random {
        Random(Mutex::new(Generator::new(seed)))
    }

    /// Any 64 bits.
    pub fn next_u64(&self) -> u64 {
        self.0.lock().next_u64()
    }

    /// A number from 0 up to, not including, `limit`, which must not be 0.
    pub fn below(&self, limit: u64) -> u64 {
        self.0.lock().below(limit)
    }
}

/// SplitMix64: tiny, fast, and good enough for what this is for.
#[derive(Debug, Clone)]
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        assert!(limit > 0, "there is no number below 0");
        // The high half of the product: no bias worth mentioning, and no division.
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u64
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself() {
        let (first, second) = (Random::seeded(7), Random::seeded(7));
        for _ in 0..100 {
            assert_eq!(first.next_u64(), second.next_u64());
        }
        assert_ne!(Random::seeded(8).next_u64(), Random::seeded(7).next_u64());
    }

    #[test]
    fn below_stays_below_and_reaches_everything() {
        let random = Random::seeded(1);
        let mut seen = [false; 10];
        for _ in 0..1_000 {
            seen[random.below(10) as usize] = true;
        }
        assert_eq!(seen, [true; 10]);
    }
}
