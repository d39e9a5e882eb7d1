//! Formats arbitrary text: text without errors keeps its tree, tokens and comments, and formatting it again changes
//! nothing. The first byte gives the length of lines.
#![no_main]

#[path = "../../crates/format/tests/oracle/mod.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;
use lucarne_format::{Options, with_formatter};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let line_length = 20 + usize::from(input.first().copied().unwrap_or(0)) % 100;
    with_formatter(|formatter| oracle::check(formatter, &text, Options { line_length }));
});
