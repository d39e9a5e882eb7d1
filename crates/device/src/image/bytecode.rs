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
        Bytecode::encoded(BUILD, &deflate(&plain(program), Compression::none()))
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
    deflate(bytes, Compression::default())
}

fn deflate(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), compression);
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
