//! The bytecode of a program as bytes, which a device keeps beside the image.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use lucarne_compiler::program::Program;
use serde::{Deserialize, Serialize};

use super::{BUILD, ImageError};
use crate::Digest;

/// The largest size of a part of an image when it is decompressed, in bytes.
pub(super) const PART_BYTES_MAX: u64 = 64 << 20;

/// The linked program of an image. Only the build of lucarne that made it can use it.
pub struct Bytecode {
    bytes: Vec<u8>,
}

/// The fields of the encoding.
#[derive(Serialize, Deserialize)]
struct Encoded<'b> {
    /// The build of lucarne that made it: see `build.rs`.
    build: &'b str,
    digest: Digest,
    #[serde(borrow)]
    program: &'b [u8],
}

impl Bytecode {
    /// Encodes a program.
    pub fn of(program: &Program) -> Bytecode {
        Bytecode::encoded(BUILD, &compress(&plain(program)))
    }

    /// As [`Bytecode::of`], but larger, and read and written in less time.
    pub fn uncompressed(program: &Program) -> Bytecode {
        Bytecode::encoded(BUILD, &stored(&plain(program)))
    }

    /// Encodes a compressed program of a build.
    pub(super) fn encoded(build: &str, program: &[u8]) -> Bytecode {
        let encoded = Encoded { build, digest: Digest::of(program), program };
        Bytecode { bytes: postcard::to_stdvec(&encoded).expect("bytes can be encoded") }
    }

    /// Makes bytecode of the bytes that [`Bytecode::bytes`] has returned.
    pub fn from_bytes(bytes: Vec<u8>) -> Bytecode {
        Bytecode { bytes }
    }

    /// Returns the encoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Decodes the program. Returns none if another build made it or it is damaged.
    pub fn program(&self) -> Option<Program> {
        let encoded: Encoded<'_> = postcard::from_bytes(&self.bytes).ok()?;
        if encoded.build != BUILD || Digest::of(encoded.program) != encoded.digest {
            return None;
        }
        decoded(encoded.program)
    }
}

/// Decodes a program. Returns `None` if it is damaged, or breaks a rule on which the interpreter relies.
pub(super) fn decoded(compressed: &[u8]) -> Option<Program> {
    let program: Program = postcard::from_bytes(&decompress(compressed).ok()?).ok()?;
    program.verify().is_ok().then_some(program)
}

fn plain(program: &Program) -> Vec<u8> {
    postcard::to_stdvec(program).expect("a program can be encoded")
}

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written")
}

/// Returns bytes in the compressed form, but not smaller: in stored blocks (RFC 1951, section 3.2.4).
fn stored(bytes: &[u8]) -> Vec<u8> {
    const BLOCK_MAX: usize = u16::MAX as usize;
    let blocks = bytes.len().div_ceil(BLOCK_MAX).max(1);
    let mut stored = Vec::with_capacity(bytes.len() + 5 * blocks);
    for block in 0..blocks {
        let part = &bytes[block * BLOCK_MAX..bytes.len().min((block + 1) * BLOCK_MAX)];
        let size = part.len() as u16;
        stored.push(u8::from(block + 1 == blocks));
        stored.extend(size.to_le_bytes());
        stored.extend((!size).to_le_bytes());
        stored.extend(part);
    }
    stored
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_blocks_are_read_as_compressed_bytes() {
        for size in [0, 1, 65_534, 65_535, 65_536, 200_000] {
            let bytes: Vec<u8> = (0..size).map(|number: usize| (number * 7) as u8).collect();
            assert_eq!(decompress(&stored(&bytes)).expect("it is whole"), bytes);
        }
    }
}
