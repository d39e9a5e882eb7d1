//! Linked programs as bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use lucarne_compiler::program::Program;

use super::ImageError;

/// How large a part of an image is at most when it is decompressed, in bytes.
pub(super) const PART_BYTES_MAX: u64 = 64 << 20;

/// The bytes of a program.
pub(super) fn compressed(program: &Program) -> Vec<u8> {
    compress(&postcard::to_stdvec(program).expect("a program can be encoded"))
}

/// The program of some bytes, if it keeps all promises on which the interpreter relies.
pub(super) fn decompressed(bytes: &[u8]) -> Result<Program, ImageError> {
    let damaged = |error: &dyn std::fmt::Display| ImageError::Damaged(error.to_string());
    let bytes = decompress(bytes)?;
    let program: Program = postcard::from_bytes(&bytes).map_err(|error| damaged(&error))?;
    program.verify().map_err(|fault| damaged(&fault))?;
    Ok(program)
}

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written")
}

pub(super) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut plain = Vec::new();
    let read = DeflateDecoder::new(bytes).take(PART_BYTES_MAX + 1).read_to_end(&mut plain);
    match read {
        Ok(size) if size as u64 <= PART_BYTES_MAX => Ok(plain),
        Ok(_) => Err(ImageError::TooLarge("the image is too large".to_owned())),
        Err(error) => Err(ImageError::Damaged(error.to_string())),
    }
}
