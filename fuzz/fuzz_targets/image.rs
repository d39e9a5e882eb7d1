//! Reads arbitrary bytes as an image, with and without the header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_device::Image;

/// The beginnings of images, with the number of the format.
const BEGINNINGS: [&[u8]; 2] = [b"lucarne image \x01", b"lucarne image \x02"];

fuzz_target!(|input: &[u8]| {
    for bytes in [input.to_vec(), [BEGINNINGS[0], input].concat(), [BEGINNINGS[1], input].concat()] {
        let Ok(image) = Image::read(bytes.clone()) else { continue };
        assert_eq!(image.bytes(), bytes);
        let _ = image.compile();
        if let Ok(received) = Image::received(bytes) {
            let again = Image::read(received.bytes().to_vec()).expect("a received image can be read again");
            assert_eq!(again.digest(), received.digest());
        }
    }
});
