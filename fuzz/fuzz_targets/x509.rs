//! Reads arbitrary bytes as certificates, in a program.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/host/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracle;

fuzz_target!(|input: &[u8]| oracle::format("x509", input));
