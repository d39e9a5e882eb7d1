//! Decodes arbitrary bytes as a payload.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/message/tests/oracle/mod.rs"]
mod oracle;

fuzz_target!(|input: &[u8]| oracle::check(input));
