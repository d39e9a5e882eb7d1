//! Runs a peer that follows from any bytes: `cargo +nightly fuzz run wire` in the parent folder.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/link/tests/attack/mod.rs"]
mod attack;

fuzz_target!(|input: &[u8]| attack::attack(input));
