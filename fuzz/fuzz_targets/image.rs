//! Reads any bytes as an image, with and without the correct beginning: `cargo +nightly fuzz run
//! image` in the parent folder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_device::Image;

/// The beginning of every image, and the number of the format.
const BEGINNING: &[u8] = b"lucarne image \x01";

fuzz_target!(|input: &[u8]| {
    for bytes in [input.to_vec(), [BEGINNING, input].concat()] {
        let Ok(image) = Image::read(bytes.clone()) else { continue };
        assert_eq!(image.bytes(), bytes);
        let _ = image.load();
        if let Ok(received) = Image::received(bytes) {
            let again = Image::read(received.bytes().to_vec()).expect("it was accepted");
            assert_eq!(again.digest(), received.digest());
        }
    }
});
