//! Reads arbitrary text as the definition of a service, and the part after the first line `---` as its index file.
#![no_main]

#[path = "../../crates/interface/tests/common/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.split_once("\n---\n") {
        Some((definition, lock)) => oracle::check(definition, Some(lock)),
        None => oracle::check(text, None),
    };
});
