//! Runs a peer whose actions arbitrary bytes determine. Run it with `cargo +nightly fuzz run wire` in the folder
//! `fuzz`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/link/tests/attack/mod.rs"]
mod attack;

fuzz_target!(|input: &[u8]| attack::attack(input));
