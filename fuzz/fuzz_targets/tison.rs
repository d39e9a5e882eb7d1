//! Decodes arbitrary bytes as a stored value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_message::{Value, tison};

fuzz_target!(|input: &[u8]| {
    if let Ok(value) = tison::from_bytes::<Value>(input) {
        let bytes = tison::to_bytes(&value).expect("the value can be encoded");
        // Compares bytes, since some floats are not equal to themselves.
        assert_eq!(
            tison::to_bytes(&tison::from_bytes::<Value>(&bytes).expect("the value can be decoded")),
            Ok(bytes)
        );
    }
});
