//! Edits a document and asks the language server about it, as arbitrary bytes choose.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/language-server/tests/oracle/mod.rs"]
mod oracle;

fuzz_target!(|input: &[u8]| oracle::check(input));
