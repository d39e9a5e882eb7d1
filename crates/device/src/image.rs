//! Images: what containers are made of, known by the digest of what they consist of.
//!
//! ```text
//!   "lucarne image " and the version of the format in one byte
//!   the manifest                                  (postcard)
//!   the file, or the linked program, compressed
//!   the sources, compressed                       (programs in Toit only)
//! ```
//!
//! Equal programs have equal images, wherever they lie: paths begin at the deepest folder that all files of
//! the program have in common. A program's bytecode means something to the build that made it and to
//! no other, so that every other build makes it anew from the sources.
//!
//! **Trust.** Nothing that an image holds makes reading it panic, or take much more memory than it
//! says. But the machine's speed rests on bytecode that a linker made, and what can be checked of that
//! (`Program::verify`) finds damage, not malice. So bytecode that came from elsewhere is never run:
//! [`Image::received`] makes its own from the sources, which costs about as much as checking would.

mod compile;
mod elf;
mod images;
mod program;
mod sources;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use lucarne_toit::ToitError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Digest;
pub use compile::Compiled;
pub use images::Images;
pub use sources::SourceTree;

/// What every image begins with, before the version of its format.
const MAGIC: &[u8] = b"lucarne image ";

/// The version of the format.
const FORMAT: u8 = 1;

/// The build that this is: see `build.rs`.
const BUILD: &str = env!("LUCARNE_BUILD");

pub use lucarne_ports::containers::IMAGE_BYTES_MAX;

/// What an image is, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it is.
    pub kind: Kind,
    /// The file that it was made of: the one with `main`, for a program in Toit.
    pub entry: String,
    /// The build of lucarne that made the bytecode; empty where there is none.
    pub build: String,
}

/// What a container can be made of.
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

/// What a container is made of. It never changes.
#[derive(Clone)]
pub struct Image {
    bytes: Vec<u8>,
    digest: Digest,
    manifest: Manifest,
    /// Where in the bytes the two parts begin; the second goes to the end.
    main: usize,
    sources: usize,
    /// The program, if this process has just compiled it: it is not decoded again to be run.
    loaded: Option<Arc<lucarne_toit::LoadedProgram>>,
}

/// Why an image cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The bytes are not an image.
    #[error("not an image")]
    NoImage,
    /// A newer version made it.
    #[error("the image has format {0}, and this version of lucarne knows formats up to {FORMAT}")]
    NewerFormat(u8),
    /// It is not what was made.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// It was asked for something that its kind does not have.
    #[error("the image is not a Toit program")]
    NoProgram,
    /// It cannot be run on this machine.
    #[error("{0}")]
    Foreign(String),
    /// This build of lucarne does not compile the sources, or has no memory for the program.
    #[error("this version of lucarne does not compile it:\n{0}")]
    Toit(#[from] ToitError),
    /// It is too large for this machine.
    #[error("{0}")]
    TooLarge(String),
}

/// What stands before the two parts.
#[derive(Serialize, Deserialize)]
struct Header {
    manifest: Manifest,
    main_bytes: u64,
}

impl Image {
    /// Reads an image. Whether its program can be run is found out when it is loaded.
    ///
    /// # Errors
    /// If this is none.
    pub fn read(bytes: Vec<u8>) -> Result<Image, ImageError> {
        let after_magic = bytes.strip_prefix(MAGIC).ok_or(ImageError::NoImage)?;
        match after_magic.first() {
            Some(&FORMAT) => {}
            Some(&format) => return Err(ImageError::NewerFormat(format)),
            None => return Err(ImageError::NoImage),
        }
        let damaged = |what: &str| ImageError::Damaged(what.to_owned());
        let (header, parts): (Header, &[u8]) =
            postcard::take_from_bytes(&after_magic[1..]).map_err(|error| damaged(&error.to_string()))?;
        let main = bytes.len() - parts.len();
        let main_bytes = usize::try_from(header.main_bytes).ok().filter(|size| *size <= parts.len());
        let sources = main + main_bytes.ok_or_else(|| damaged("its end is missing"))?;
        if header.manifest.kind != Kind::Toit && sources != bytes.len() {
            return Err(damaged("there is something behind its end"));
        }
        Ok(Image {
            digest: Digest::of(&bytes),
            manifest: header.manifest,
            main,
            sources,
            bytes,
            loaded: None,
        })
    }

    /// Reads an image that a client or a program has sent. Its bytecode is always made anew.
    ///
    /// # Errors
    /// If the bytes are not an image, or its sources do not compile.
    pub fn received(bytes: Vec<u8>) -> Result<Image, ImageError> {
        let image = Image::read(bytes)?;
        match image.manifest.kind {
            Kind::Toit => image.recompiled(),
            Kind::Executable | Kind::Component if elf::kind(image.file())? != image.manifest.kind => {
                Err(ImageError::Damaged("it is not what it says".to_owned()))
            }
            Kind::Executable | Kind::Component => Ok(image),
        }
    }

    pub(crate) fn new(manifest: Manifest, main: &[u8], sources: &[u8]) -> Image {
        let header = Header { manifest, main_bytes: main.len() as u64 };
        let mut bytes = [MAGIC, &[FORMAT]].concat();
        bytes = postcard::to_extend(&header, bytes).expect("a manifest can be encoded");
        let start = bytes.len();
        bytes.extend_from_slice(main);
        bytes.extend_from_slice(sources);
        let digest = Digest::of(&bytes);
        let sources = start + main.len();
        Image { bytes, digest, manifest: header.manifest, main: start, sources, loaded: None }
    }

    /// Makes an image of an executable for this machine, or of a component in C: which of them it is
    /// is seen from its contents.
    ///
    /// # Errors
    /// If it is neither, or for another machine.
    pub fn executable(name: &str, contents: &[u8]) -> Result<Image, ImageError> {
        let kind = elf::kind(contents)?;
        Ok(Image::new(Manifest { kind, entry: name.to_owned(), build: String::new() }, contents, &[]))
    }

    /// All of it, as [`Image::read`] takes it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What names it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether its bytecode was made by this build. Others make it anew when they load it.
    pub fn is_current(&self) -> bool {
        self.manifest.build == BUILD
    }

    /// The executable or component. For a program in Toit this is its bytecode, compressed.
    pub fn file(&self) -> &[u8] {
        &self.bytes[self.main..self.sources]
    }

    /// The sources of a program in Toit.
    ///
    /// # Errors
    /// If it is something else, or damaged.
    pub fn sources(&self) -> Result<SourceTree, ImageError> {
        if self.manifest.kind != Kind::Toit {
            return Err(ImageError::NoProgram);
        }
        SourceTree::decompressed(&self.bytes[self.sources..])
    }

    /// Makes the program of a Toit image ready to run; one of another build is compiled first.
    ///
    /// # Errors
    /// If the image is not a Toit program, is damaged, or does not compile any more.
    pub fn load(&self) -> Result<Arc<lucarne_toit::LoadedProgram>, ImageError> {
        if self.manifest.kind != Kind::Toit {
            return Err(ImageError::NoProgram);
        }
        if let Some(program) = &self.loaded {
            return Ok(program.clone());
        }
        let program = match self.is_current() {
            true => program::decompressed(self.file())?,
            false => compile::linked(&self.sources()?, &self.manifest.entry)?,
        };
        Ok(lucarne_toit::load(program)?)
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Image")
            .field("digest", &self.digest)
            .field("manifest", &self.manifest)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
