//! Runs arbitrary bytes as a program: interpreted, compiled to machine code, and with a collection at each allocation.
//! Compares the output.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/host/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracle;

fuzz_target!(|input: &[u8]| {
    oracle::program(input);
});
