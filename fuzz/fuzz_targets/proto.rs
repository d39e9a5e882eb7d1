//! Reads arbitrary text as a protobuf file, and makes a definition of its service.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // What is returned has been read as a definition already. The same text always gives the same definition.
    let first = lucarne_proto::import_text("fuzz.proto", text).ok();
    assert_eq!(first, lucarne_proto::import_text("fuzz.proto", text).ok());
});
