//! Images: the programs that containers run, each named by the digest of its bytes.
//!
//! ```text
//!   "lucarne image " and the version of the format in one byte
//!   the manifest                                  (postcard)
//!   the file as it is, or the sources of a Toit program, compressed
//! ```
//!
//! Equal programs have equal images, wherever their files lie: paths in an image are relative to the deepest folder
//! that all files of the program have in common.
//!
//! Format 1 had bytecode before the sources, which was made by the build that made the image. Such an image keeps its
//! digest, and is read without its bytecode. [`Image::received`] turns it into an image of the present format.
//!
//! **Trust.** Whatever the contents of an image are, reading it does not panic, and takes a bounded amount of memory.
//! The interpreter relies on bytecode that a linker made: a check of bytecode (`Program::verify`) finds damage, but not
//! an attack. So an image has no bytecode: the device compiles the sources, and keeps the result beside the image
//! ([`Bytecode`]).

mod bytecode;
mod compile;
mod elf;
mod format_1;
mod images;
mod sources;
#[cfg(test)]
mod tests;

use lucarne_kernel::sync::OnceLock;
use lucarne_toit::ToitError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Digest;
pub use bytecode::Bytecode;
pub use compile::Analyzed;
pub use images::Images;
pub use sources::{SourceNames, SourceTree};

/// The beginning of every image, before the version of its format.
const MAGIC: &[u8] = b"lucarne image ";

/// The version of the format.
const FORMAT: u8 = 2;

/// The id of this build of lucarne: see `build.rs`.
const BUILD: &str = env!("LUCARNE_BUILD");

pub use lucarne_ports::containers::IMAGE_BYTES_MAX;

/// The kind and origin of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The kind of the image.
    pub kind: Kind,
    /// The file that the image was made of; for a program in Toit, the file with `main`.
    pub entry: String,
}

/// The kinds of images of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program in Toit.
    Toit,
    /// An executable for this machine.
    Executable,
    /// A component in C: a shared object.
    Component,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Kind::Toit => "toit",
            Kind::Executable => "executable",
            Kind::Component => "component",
        })
    }
}

/// The image of a container. It never changes.
#[derive(Clone)]
pub struct Image {
    bytes: Vec<u8>,
    /// Computed at the first request: a client never needs it.
    digest: OnceLock<Digest>,
    manifest: Manifest,
    /// The offset in `bytes` of the file or the sources, which extend to the end of `bytes`.
    contents: usize,
}

/// The reason why an image cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The bytes are not an image.
    #[error("not an image")]
    NoImage,
    /// A newer version of lucarne made the image.
    #[error("the image has format {0}, and this version of lucarne knows formats up to {FORMAT}")]
    NewerFormat(u8),
    /// The bytes have changed since the image was made.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// The image is not a Toit program.
    #[error("the image is not a Toit program")]
    NoProgram,
    /// The image cannot be run on this machine.
    #[error("{0}")]
    Foreign(String),
    /// This build of lucarne does not compile the sources, or has no memory for the program.
    #[error("this version of lucarne does not compile it:\n{0}")]
    Toit(ToitError),
    /// The program cannot be linked. The text begins with the place in the program, as PATH:LINE:COLUMN.
    #[error("{0}")]
    Link(ToitError),
    /// The image is too large for this machine.
    #[error("{0}")]
    TooLarge(String),
}

impl Image {
    /// Reads an image. Does not check whether its program compiles: see [`Image::compile`].
    ///
    /// # Errors
    /// If the bytes are not an image.
    pub fn read(bytes: Vec<u8>) -> Result<Image, ImageError> {
        let after_magic = bytes.strip_prefix(MAGIC).ok_or(ImageError::NoImage)?;
        let (manifest, contents) = match after_magic.split_first() {
            Some((&FORMAT, behind)) => {
                let (manifest, contents) = postcard::take_from_bytes(behind)
                    .map_err(|error| ImageError::Damaged(error.to_string()))?;
                (manifest, contents)
            }
            Some((&format_1::FORMAT, behind)) => format_1::split(behind)?,
            Some((&format, _)) => return Err(ImageError::NewerFormat(format)),
            None => return Err(ImageError::NoImage),
        };
        let contents = bytes.len() - contents.len();
        Ok(Image { digest: OnceLock::new(), manifest, contents, bytes })
    }

    /// Reads an image whose digest is known.
    pub(crate) fn read_as(digest: Digest, bytes: Vec<u8>) -> Result<Image, ImageError> {
        Ok(Image { digest: digest.into(), ..Image::read(bytes)? })
    }

    /// Reads an image that a client or a program has sent.
    ///
    /// # Errors
    /// If the bytes are not an image, or the kind in its manifest is not that of its contents.
    pub fn received(bytes: Vec<u8>) -> Result<Image, ImageError> {
        let image = Image::read(bytes)?;
        if image.manifest.kind != Kind::Toit && elf::kind(image.contents())? != image.manifest.kind {
            return Err(ImageError::Damaged(
                "its manifest names another kind than its contents have".to_owned(),
            ));
        }
        match image.bytes[MAGIC.len()] {
            FORMAT => Ok(image),
            _ => Ok(Image::new(image.manifest.clone(), image.contents())),
        }
    }

    pub(crate) fn new(manifest: Manifest, contents: &[u8]) -> Image {
        let bytes = [MAGIC, &[FORMAT]].concat();
        let mut bytes = postcard::to_extend(&manifest, bytes).expect("a manifest can be encoded");
        let start = bytes.len();
        bytes.extend_from_slice(contents);
        Image { bytes, digest: OnceLock::new(), manifest, contents: start }
    }

    /// Makes an image of an executable for this machine, or of a component in C. The contents determine the kind.
    ///
    /// # Errors
    /// If it is neither, or for another machine.
    pub fn executable(name: &str, contents: &[u8]) -> Result<Image, ImageError> {
        let kind = elf::kind(contents)?;
        Ok(Image::new(Manifest { kind, entry: name.to_owned() }, contents))
    }

    /// Returns the bytes of the whole image, as [`Image::read`] takes them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the digest of its bytes, which names it.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(&self.bytes))
    }

    /// Returns its kind and origin.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the file of an executable or a component, or the compressed sources of a Toit program.
    pub fn contents(&self) -> &[u8] {
        &self.bytes[self.contents..]
    }

    /// Returns the sources of a Toit program.
    ///
    /// # Errors
    /// If the image is not a Toit program, or is damaged.
    pub fn sources(&self) -> Result<SourceTree, ImageError> {
        if self.manifest.kind != Kind::Toit {
            return Err(ImageError::NoProgram);
        }
        SourceTree::decompressed(self.contents())
    }
}

impl From<ToitError> for ImageError {
    fn from(error: ToitError) -> ImageError {
        match error {
            ToitError::Link { place: Some(_), .. } => ImageError::Link(error),
            error => ImageError::Toit(error),
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Image")
            .field("digest", &self.digest())
            .field("manifest", &self.manifest)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
