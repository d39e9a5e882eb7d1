//! Any bytes as a value in storage: `cargo +nightly fuzz run tison` in the folder above.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_message::{Value, tison};

fuzz_target!(|input: &[u8]| {
    if let Ok(value) = tison::from_bytes::<Value>(input) {
        let bytes = tison::to_bytes(&value).expect("it was read");
        // A float may be none that equals itself.
        assert_eq!(tison::to_bytes(&tison::from_bytes::<Value>(&bytes).expect("it was written")), Ok(bytes));
    }
});
