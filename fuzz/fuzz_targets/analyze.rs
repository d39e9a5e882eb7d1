//! Analyzes arbitrary bytes as a program.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/compiler/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracle;

fuzz_target!(|input: &[u8]| oracle::check(None, input));
