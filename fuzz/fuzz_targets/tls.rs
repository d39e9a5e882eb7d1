//! Reads arbitrary bytes as the token of a session and the bytes of a server of TLS, in a program.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/host/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracle;

fuzz_target!(|input: &[u8]| oracle::format("tls", input));
