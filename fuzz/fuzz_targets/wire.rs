//! A peer that follows from any bytes: `cargo +nightly fuzz run wire` in the folder above.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/link/tests/attack/mod.rs"]
mod attack;

fuzz_target!(|input: &[u8]| attack::attack(input));
