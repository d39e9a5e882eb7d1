//! The only place that makes random numbers.
//!
//! Numbers for ids, hash seeds and schedules come from a small generator. Secrets come from the
//! operating system, unless a seed was given: then everything is reproducible.

use thiserror::Error;

use crate::sync::Mutex;

/// A source of random numbers that threads can share.
#[derive(Debug)]
pub struct Random {
    generator: Mutex<Generator>,
    is_seeded: bool,
}

/// The operating system has no source of random numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("NO_ENTROPY")]
pub struct NoEntropy;

impl Random {
    /// Returns a source that the operating system seeds.
    pub fn from_os() -> Random {
        let mut seed = [0; 8];
        // Without a source of entropy an address is better than a constant.
        if getrandom::fill(&mut seed).is_err() {
            seed = (&raw const seed as u64).to_le_bytes();
        }
        let generator = Mutex::new(Generator::new(u64::from_le_bytes(seed)));
        Random { generator, is_seeded: false }
    }

    /// Returns a source with a fixed seed, which always gives the same numbers.
    pub fn seeded(seed: u64) -> Random {
        Random { generator: Mutex::new(Generator::new(seed)), is_seeded: true }
    }

    /// Returns 64 random bits.
    pub fn next_u64(&self) -> u64 {
        self.generator.lock().next_u64()
    }

    /// Returns a number from 0 up to, not including, `limit`, which must not be 0.
    pub fn below(&self, limit: u64) -> u64 {
        self.generator.lock().below(limit)
    }

    /// Fills `bytes` with a secret. With a fixed seed, the bytes follow from the seed.
    ///
    /// # Errors
    /// If the operating system has no source of random numbers.
    pub fn fill_secret(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        if !self.is_seeded {
            return getrandom::fill(bytes).map_err(|_| NoEntropy);
        }
        let mut generator = self.generator.lock();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&generator.next_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// SplitMix64: tiny, fast, and good enough for this purpose.
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
        assert!(limit > 0, "the limit must not be 0");
        // The high half of the product: negligible bias, and no division.
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u64
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_reproducible() {
        let (first, second) = (Random::seeded(7), Random::seeded(7));
        for _ in 0..100 {
            assert_eq!(first.next_u64(), second.next_u64());
        }
        assert_ne!(Random::seeded(8).next_u64(), Random::seeded(7).next_u64());
    }

    #[test]
    fn secrets_repeat_only_with_a_seed() {
        let secret = |random: Random| {
            let mut bytes = [0; 19];
            random.fill_secret(&mut bytes).expect("there is entropy");
            bytes
        };
        assert_eq!(secret(Random::seeded(7)), secret(Random::seeded(7)));
        assert_ne!(secret(Random::from_os()), secret(Random::from_os()));
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
