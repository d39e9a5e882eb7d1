//! Runs a peer whose actions arbitrary bytes determine.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/link/tests/attack/mod.rs"]
mod attack;

fuzz_target!(|input: &[u8]| attack::attack(input));
